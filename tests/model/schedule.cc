#include "gale/tests/model/schedule.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace gale::model {

std::string ToString(const Schedule& schedule) {
  std::size_t end = schedule.size();
  while (end > 0 && schedule[end - 1].chosen == 0) --end;
  std::string text;
  for (std::size_t i = 0; i < end;) {
    std::size_t same = i;
    while (same < end && schedule[same].chosen == schedule[i].chosen) ++same;
    if (!text.empty()) text += ',';
    text += std::to_string(schedule[i].chosen);
    if (same - i > 1) text += 'x' + std::to_string(same - i);
    i = same;
  }
  return text.empty() ? "0" : text;
}

Schedule ParseSchedule(std::string_view text) {
  Schedule schedule;
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    unsigned chosen = 0;
    std::size_t times = 1;
    const char* end = item.data() + item.size();
    auto [at, error] = std::from_chars(item.data(), end, chosen);
    if (error == std::errc() && at != end && *at == 'x') std::from_chars(at + 1, end, times);
    schedule.insert(schedule.end(), times, Decision{.chosen = static_cast<std::uint8_t>(chosen)});
  }
  return schedule;
}

// Exhaustive.

void Exhaustive::Begin() {
  position_ = 0;
  left_ = bounds_;
}

int Exhaustive::Take(int count, int* budget) {
  if (position_ == schedule_.size()) {
    int allowed = budget != nullptr && *budget == 0 ? 1 : count;
    schedule_.push_back({static_cast<std::uint8_t>(count), static_cast<std::uint8_t>(allowed), 0});
  }
  int chosen = schedule_[position_++].chosen;
  if (budget != nullptr && chosen != 0) --*budget;
  return chosen;
}

int Exhaustive::Thread(const std::vector<int>& threads, bool preempts) {
  return Take(static_cast<int>(threads.size()), preempts ? &left_.preemptions : nullptr);
}

int Exhaustive::Value(int count) { return Take(count, &left_.old_values); }

bool Exhaustive::Next() {
  schedule_.resize(position_);
  while (!schedule_.empty() && schedule_.back().chosen + 1 >= schedule_.back().allowed) schedule_.pop_back();
  if (schedule_.empty()) return false;
  ++schedule_.back().chosen;
  return true;
}

// Random.

void Random::Begin() {
  longest_ = std::max(longest_, decisions_);
  decisions_ = 0;
  schedule_.clear();
  changes_.clear();
  priority_.clear();
  for (int i = 0; i < 3; ++i) changes_.push_back(Below(longest_));
  lowest_ = 0;
}

bool Random::Next() { return ++run_ < runs_; }

int Random::Record(std::size_t count, std::size_t chosen) {
  schedule_.push_back(
      {static_cast<std::uint8_t>(count), static_cast<std::uint8_t>(count), static_cast<std::uint8_t>(chosen)});
  return static_cast<int>(chosen);
}

int Random::Thread(const std::vector<int>& threads, bool preempts) {
  bool change = std::find(changes_.begin(), changes_.end(), decisions_++) != changes_.end();
  if (run_ % 2 == 0) {
    if (preempts && Below(4) != 0) return Record(threads.size(), 0);
    return Record(threads.size(), Below(threads.size()));
  }
  int most = *std::max_element(threads.begin(), threads.end());
  while (static_cast<int>(priority_.size()) <= most) priority_.push_back(static_cast<int>(Below(1000)));
  // A thread that is not the first although it is the current one has asked to let others run.
  if (change) priority_[static_cast<std::size_t>(threads[0])] = --lowest_;
  auto lower = [this](int a, int b) {
    return priority_[static_cast<std::size_t>(a)] < priority_[static_cast<std::size_t>(b)];
  };
  auto highest = std::max_element(threads.begin(), threads.end(), lower);
  return Record(threads.size(), static_cast<std::size_t>(highest - threads.begin()));
}

int Random::Value(int count) {
  return Record(static_cast<std::size_t>(count), Below(4) != 0 ? 0 : Below(static_cast<std::size_t>(count)));
}

// Given.

void Given::Begin() { schedule_.clear(); }

int Given::Take(int count) {
  std::size_t position = schedule_.size();
  int chosen = position < given_.size() ? given_[position].chosen : 0;
  schedule_.push_back({static_cast<std::uint8_t>(count), 0, static_cast<std::uint8_t>(std::min(chosen, count - 1))});
  return schedule_.back().chosen;
}

}  // namespace gale::model

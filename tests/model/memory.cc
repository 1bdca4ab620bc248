#include "gale/tests/model/memory.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace gale::model {

namespace {

constexpr std::size_t kSlots = 1 << 13;
constexpr std::size_t kMostCandidates = 4;

bool Acquires(std::memory_order order) {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
bool Releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}

}  // namespace

Memory::Memory(ChooseValue choose) : choose_(std::move(choose)), slots_(kSlots) {}

void Memory::Reset() {
  ++execution_;
  location_count_ = 0;
  threads_ = {};
  fences_ = {};
  sequence_ = 0;
  self_ = 0;
}

Memory::Location* Memory::Find(const void* object) {
  auto key = reinterpret_cast<std::uintptr_t>(object);
  for (std::size_t i = (key * 0x9E3779B97F4A7C15ull) >> 51;; ++i) {
    const Slot& slot = slots_[i % kSlots];
    if (slot.execution != execution_) return nullptr;
    if (slot.object == object) return &locations_[slot.location];
  }
}

Memory::Location& Memory::At(const void* object) {
  Location* location = Find(object);
  if (location != nullptr) return *location;
  std::fprintf(stderr, "model: an atomic object that was never constructed: %p\n", object);
  std::abort();
}

void Memory::Construct(const void* object, std::uint64_t value) {
  Location* location = Find(object);
  if (location == nullptr) {
    auto key = reinterpret_cast<std::uintptr_t>(object);
    std::size_t i = (key * 0x9E3779B97F4A7C15ull) >> 51;
    while (slots_[i % kSlots].execution == execution_) ++i;
    slots_[i % kSlots] = {object, execution_, static_cast<std::uint32_t>(location_count_)};
    if (location_count_ == kSlots / 2) std::abort();
    if (location_count_ == locations_.size()) locations_.emplace_back();
    location = &locations_[location_count_++];
  }
  location->history.clear();
  location->last_sequential = 0;
  Tick();
  Write(*location, value, std::memory_order_relaxed, false);
}

std::size_t Memory::Number(const void* object) { return static_cast<std::size_t>(&At(object) - locations_.data()); }

std::uint64_t Memory::Newest(const void* object) { return At(object).history.back().value; }

ThreadMemory& Memory::Tick() {
  ThreadMemory& thread = threads_[self_];
  std::uint32_t epoch = ++thread.now.happened.at[self_];
  thread.now.visible.at[self_] = epoch;
  return thread;
}

void Memory::Inherit(std::size_t thread, std::size_t from) {
  std::size_t self = std::exchange(self_, from);
  Tick();
  self_ = self;
  threads_[thread].now.Join(threads_[from].now);
}

bool Memory::MustSee(const Knowledge& known, const Written& written) const {
  if (known.visible.Covers(written.writer, written.epoch)) return true;
  for (std::size_t i = 0; i < kMostThreads; ++i) {
    if (written.seen.at[i] != 0 && known.visible.Covers(i, written.seen.at[i])) return true;
  }
  return written.sequence != 0 && written.sequence < known.last_fence;
}

std::size_t Memory::OldestReadable(const Location& location, std::memory_order order) const {
  Knowledge known = threads_[self_].now;
  std::size_t index = location.history.size() - 1;
  std::size_t oldest = index < kMostCandidates ? 0 : index - kMostCandidates + 1;
  if (order == std::memory_order_seq_cst) {
    oldest = std::max(oldest, location.last_sequential);
    known.visible.Join(fences_);
  }
  while (index > oldest && !MustSee(known, location.history[index])) --index;
  return index;
}

std::uint64_t Memory::Read(Location& location, std::size_t index, std::memory_order order) {
  ThreadMemory& thread = Tick();
  Written& written = location.history[index];
  if (written.seen.at[self_] == 0) written.seen.at[self_] = thread.now.happened.at[self_];
  if (order == std::memory_order_seq_cst) {
    location.last_sequential = std::max(location.last_sequential, index);
    ++sequence_;
    if (written.sequence == 0) written.sequence = sequence_;
  }
  (Acquires(order) ? thread.now : thread.acquirable).Join(written.release);
  return written.value;
}

void Memory::Write(Location& location, std::uint64_t value, std::memory_order order, bool continues_release) {
  ThreadMemory& thread = threads_[self_];
  Written written{.value = value, .writer = self_, .epoch = thread.now.happened.at[self_], .release = {}, .seen = {}};
  written.release = Releases(order) ? thread.now : thread.released;
  if (continues_release) written.release.Join(location.history.back().release);
  if (order == std::memory_order_seq_cst) {
    written.sequence = ++sequence_;
    location.last_sequential = location.history.size();
  }
  location.history.push_back(written);
}

std::uint64_t Memory::Load(const void* object, std::memory_order order) {
  Location& location = At(object);
  std::size_t newest = location.history.size() - 1;
  int count = static_cast<int>(newest - OldestReadable(location, order) + 1);
  std::size_t index = newest - static_cast<std::size_t>(choose_(count));
  return Read(location, index, order);
}

void Memory::Store(const void* object, std::uint64_t value, std::memory_order order) {
  Tick();
  Write(At(object), value, order, false);
}

void Memory::Exchange(const void* object, std::uint64_t value, std::memory_order order) {
  Location& location = At(object);
  Read(location, location.history.size() - 1, order);
  Write(location, value, order, true);
}

bool Memory::CompareExchange(const void* object, std::uint64_t& expected, std::uint64_t wanted,
                             std::memory_order success, std::memory_order failure) {
  Location& location = At(object);
  std::vector<std::size_t> candidates;
  std::size_t newest = location.history.size() - 1;
  std::size_t oldest = OldestReadable(location, failure);
  for (std::size_t index = newest + 1; index-- > oldest;) {
    if (index == newest || location.history[index].value != expected) candidates.push_back(index);
  }
  std::size_t index = candidates[static_cast<std::size_t>(choose_(static_cast<int>(candidates.size())))];
  if (index == newest && location.history[index].value == expected) {
    Exchange(object, wanted, success);
    return true;
  }
  expected = Read(location, index, failure);
  return false;
}

void Memory::SequentialFence(ThreadMemory& thread) {
  thread.now.Join(thread.acquirable);
  fences_.Join(thread.now.visible);
  thread.now.visible = fences_;
  thread.now.last_fence = ++sequence_;
  thread.released = thread.now;
}

void Memory::Fence(std::memory_order order) {
  ThreadMemory& thread = Tick();
  if (order == std::memory_order_seq_cst) return SequentialFence(thread);
  if (Acquires(order)) thread.now.Join(thread.acquirable);
  if (Releases(order)) thread.released = thread.now;
}

void Memory::FenceAll() {
  std::size_t self = self_;
  for (std::size_t thread = 0; thread < kMostThreads; ++thread) {
    Enter(thread);
    SequentialFence(Tick());
  }
  Enter(self);
  SequentialFence(threads_[self]);
}

}  // namespace gale::model

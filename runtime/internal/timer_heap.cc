#include "gale/runtime/internal/timer_heap.h"

#include <mutex>
#include <utility>

namespace gale::internal {

namespace {
constexpr std::size_t kArity = 4;
constexpr std::size_t kFewDead = 32;  // below this a clean-up is not worth its pass

// release may do anything, so the lock must be free.
void ReleaseAll(std::vector<TimerNode*>& forgotten) {
  for (TimerNode* node : forgotten) node->release(node);
  forgotten.clear();
}

}  // namespace

void TimerHeap::Push(TimerNode* node) {
  node->entry_when = node->when;
  entries_.push_back({node->when, node});
  SiftUp(entries_.size() - 1);
  Publish();
}

bool TimerHeap::Add(TimerNode* node) {
  std::lock_guard guard(lock_);
  node->heap = this;
  node->state = State::kActive;
  Push(node);
  return entries_[0].node == node;
}

TimerHeap::Restarted TimerHeap::Restart(TimerNode* node, std::int64_t when) {
  TimerHeap* heap = node->heap;
  std::lock_guard guard(heap->lock_);
  State before = std::exchange(node->state, State::kActive);
  node->when = when;
  bool has_entry = node->entry_when != kForever;
  if (has_entry && before == State::kStopped && heap->dead_ > 0) --heap->dead_;
  if (has_entry && node->entry_when <= when) return {before, false, false};
  if (has_entry) ++heap->dead_;
  heap->Push(node);
  return {before, true, heap->entries_[0].node == node};
}

TimerHeap::State TimerHeap::Cancel(TimerNode* node) {
  TimerHeap* heap = node->heap;
  if (heap == nullptr) return State::kIdle;
  Nodes forgotten;
  State before;
  {
    std::lock_guard guard(heap->lock_);
    before = node->state;
    if (before != State::kActive && before != State::kFired) return before;
    node->state = State::kStopped;
    if (before == State::kFired) return before;
    ++heap->dead_;
    if (heap->dead_ > kFewDead && heap->dead_ > heap->entries_.size() / 4) heap->DropDead(forgotten);
  }
  ReleaseAll(forgotten);
  return before;
}

bool TimerHeap::Confirm(TimerNode* node) {
  std::lock_guard guard(node->heap->lock_);
  if (node->state != State::kFired) return false;
  node->state = State::kIdle;
  return true;
}

bool TimerHeap::Expire(TimerNode* node, std::int64_t now) {
  TimerHeap* heap = node->heap;
  std::lock_guard guard(heap->lock_);
  if (node->state == State::kActive && node->when <= now) {
    node->state = State::kFired;
    node->entry_when = kForever;
    ++heap->dead_;
  }
  return node->state == State::kFired;
}

void TimerHeap::Clear() {
  Nodes forgotten;
  Nodes abandoned;
  {
    std::lock_guard guard(lock_);
    for (Entry& entry : entries_) {
      TimerNode* node = entry.node;
      if (node->state == State::kActive && node->abandon != nullptr) abandoned.push_back(node);
      if (node->state == State::kActive) node->state = State::kStopped;
      node->entry_when = kForever;
      if (node->release != nullptr) forgotten.push_back(node);
    }
    entries_.clear();
    dead_ = 0;
    Publish();
  }
  for (TimerNode* node : abandoned) node->abandon(node);
  ReleaseAll(forgotten);
}

int TimerHeap::RunExpired(std::int64_t now) {
  int fired = 0;
  Nodes forgotten;
  for (;;) {
    TimerNode* node = PopExpired(now, forgotten);
    ReleaseAll(forgotten);
    if (node == nullptr) return fired;
    // fire may let the node's owner run and free it: nothing of it is touched after fire but by release, and a
    // node with a release is alive until then.
    auto release = node->release;
    node->fire(node);
    if (release != nullptr) release(node);
    ++fired;
  }
}

TimerNode* TimerHeap::PopExpired(std::int64_t now, Nodes& forgotten) {
  std::lock_guard guard(lock_);
  TimerNode* expired = nullptr;
  while (expired == nullptr && !entries_.empty()) {
    if (DropDeadTop(forgotten)) continue;
    Entry& top = entries_[0];
    if (top.node->when > top.when) {
      // Restarted for a later time.
      top.when = top.node->entry_when = top.node->when;
      SiftDown(0);
    } else if (top.when <= now) {
      expired = top.node;
      expired->state = State::kFired;
      expired->entry_when = kForever;
      RemoveTop();
    } else {
      break;
    }
  }
  Publish();
  return expired;
}

bool TimerHeap::DropDeadTop(Nodes& forgotten) {
  TimerNode* node = entries_[0].node;
  bool counts = entries_[0].when == node->entry_when;
  if (counts && node->state == State::kActive) return false;
  if (counts) node->entry_when = kForever;
  if (dead_ > 0) --dead_;
  RemoveTop();
  if (node->release != nullptr) forgotten.push_back(node);
  return true;
}

void TimerHeap::RemoveTop() {
  entries_[0] = entries_.back();
  entries_.pop_back();
  if (!entries_.empty()) SiftDown(0);
}

void TimerHeap::DropDead(Nodes& forgotten) {
  forgotten.reserve(dead_);
  std::size_t kept = 0;
  for (Entry& entry : entries_) {
    TimerNode* node = entry.node;
    if (node->state == State::kActive && entry.when == node->entry_when) {
      entries_[kept++] = entry;
      continue;
    }
    if (node->state == State::kStopped) node->entry_when = kForever;
    if (node->release != nullptr) forgotten.push_back(node);
  }
  entries_.resize(kept);
  dead_ = 0;
  for (std::size_t i = kept / kArity + 1; i-- > 0;) {
    if (i < kept) SiftDown(i);
  }
  Publish();
}

void TimerHeap::SiftUp(std::size_t index) {
  Entry entry = entries_[index];
  while (index > 0) {
    std::size_t parent = (index - 1) / kArity;
    if (entries_[parent].when <= entry.when) break;
    entries_[index] = entries_[parent];
    index = parent;
  }
  entries_[index] = entry;
}

void TimerHeap::SiftDown(std::size_t index) {
  Entry entry = entries_[index];
  for (;;) {
    std::size_t first = index * kArity + 1;
    if (first >= entries_.size()) break;
    std::size_t least = first;
    for (std::size_t i = first + 1; i < first + kArity && i < entries_.size(); ++i) {
      if (entries_[i].when < entries_[least].when) least = i;
    }
    if (entries_[least].when >= entry.when) break;
    entries_[index] = entries_[least];
    index = least;
  }
  entries_[index] = entry;
}

}  // namespace gale::internal

#include "gale/runtime/internal/timer_heap.h"

#include <mutex>
#include <utility>

namespace gale::internal {

namespace {
constexpr std::size_t kArity = 4;
constexpr std::size_t kFewStopped = 32;  // below this a clean-up is not worth its pass

// Forget puts a node on a list of those to be released once the lock is free: release may do anything.
void Forget(TimerNode* node, TimerNode*& forgotten) {
  if (node->release == nullptr) return;
  node->next_forgotten = forgotten;
  forgotten = node;
}

void ReleaseAll(TimerNode* forgotten) {
  while (forgotten != nullptr) {
    TimerNode* node = forgotten;
    forgotten = node->next_forgotten;
    node->release(node);
  }
}
}  // namespace

bool TimerHeap::Add(TimerNode* node) {
  std::unique_lock guard(lock_);
  node->heap = this;
  node->state = TimerNode::State::kActive;
  entries_.push_back({node->when, node});
  SiftUp(entries_.size() - 1);
  Publish();
  return entries_[0].node == node;
}

bool TimerHeap::Stop(TimerNode* node) {
  TimerHeap* heap = node->heap;
  if (heap == nullptr) return false;
  TimerNode* forgotten = nullptr;
  {
    std::lock_guard guard(heap->lock_);
    if (node->state != TimerNode::State::kActive) return false;
    node->state = TimerNode::State::kStopped;
    ++heap->stopped_;
    if (heap->stopped_ > kFewStopped && heap->stopped_ > heap->entries_.size() / 4) forgotten = heap->DropStopped();
  }
  ReleaseAll(forgotten);
  return true;
}

void TimerHeap::Clear() {
  TimerNode* forgotten = nullptr;
  {
    std::lock_guard guard(lock_);
    for (Entry& entry : entries_) {
      entry.node->state = TimerNode::State::kStopped;
      Forget(entry.node, forgotten);
    }
    entries_.clear();
    stopped_ = 0;
    Publish();
  }
  ReleaseAll(forgotten);
}

int TimerHeap::RunExpired(std::int64_t now) {
  int fired = 0;
  for (;;) {
    TimerNode* forgotten = nullptr;
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

TimerNode* TimerHeap::PopExpired(std::int64_t now, TimerNode*& forgotten) {
  std::lock_guard guard(lock_);
  TimerNode* expired = nullptr;
  while (expired == nullptr && !entries_.empty()) {
    TimerNode* top = entries_[0].node;
    if (top->state == TimerNode::State::kStopped) {
      --stopped_;
      RemoveTop();
      Forget(top, forgotten);
    } else if (entries_[0].when <= now) {
      top->state = TimerNode::State::kFired;
      RemoveTop();
      expired = top;
    } else {
      break;
    }
  }
  Publish();
  return expired;
}

void TimerHeap::RemoveTop() {
  entries_[0] = entries_.back();
  entries_.pop_back();
  if (!entries_.empty()) SiftDown(0);
}

// DropStopped returns those that are to be released.
TimerNode* TimerHeap::DropStopped() {
  TimerNode* forgotten = nullptr;
  std::size_t kept = 0;
  for (Entry& entry : entries_) {
    if (entry.node->state == TimerNode::State::kStopped) {
      Forget(entry.node, forgotten);
    } else {
      entries_[kept++] = entry;
    }
  }
  entries_.resize(kept);
  stopped_ = 0;
  for (std::size_t i = kept / kArity + 1; i-- > 0;) {
    if (i < kept) SiftDown(i);
  }
  Publish();
  return forgotten;
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

#include "gale/runtime/internal/context_node.h"

#include <algorithm>
#include <chrono>

#include "gale/runtime/internal/bubble.h"

namespace gale::internal {

ContextNode::ContextNode(ContextNode* parent, CancelNode* canceler) : parent_(parent), canceler_(canceler) {
  Add(parent);
}

void ContextNode::Add(ContextNode* node) {
  if (node != nullptr) node->handles_.fetch_add(1, std::memory_order_relaxed);
}

bool ContextNode::TryAdd() {
  std::uint32_t seen = handles_.load(std::memory_order_relaxed);
  while (seen != 0) {
    // Acquire: what it may do with the node comes after it was sure to have it.
    if (handles_.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

void ContextNode::Drop(ContextNode* node) {
  // acq_rel: who frees it has seen all that others did with it.
  while (node != nullptr && node->handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    node->Retire();
    ContextNode* parent = node->parent_;
    node->DropWeak();
    node = parent;  // with the count that the node had of it
  }
}

void ContextNode::DropWeak() {
  if (weak_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

const void* ContextNode::Find(const ContextNode* node, const void* key) {
  for (; node != nullptr; node = node->parent_) {
    if (node->key_ == key) return node->value_;
  }
  return nullptr;
}

CancelNode::CancelNode(ContextNode* parent, Clock::time_point deadline)
    : ContextNode(parent, this),
      above_(Canceler(parent)),
      deadline_(above_ == nullptr ? deadline : std::min(deadline, above_->deadline_)) {
  // A channel belongs to the bubble in which it is made: to this node's, not to that of who asks for it first.
  if (bubble_count.load(std::memory_order_relaxed) != 0) done_ = Chan<std::monostate>(0);
}

CancelNode* CancelNode::Make(ContextNode* parent, Clock::time_point deadline, Error cause) {
  auto* node = new CancelNode(parent, deadline);
  ContextHandle keep(node);
  node->Join();
  // Where the one above is done earlier, it will tell.
  if (deadline != kNever && node->deadline_ == deadline) node->StartTimer(std::move(cause));
  Add(node);
  return node;
}

void CancelNode::Join() {
  if (above_ == nullptr || above_->Listen(this)) return;
  State state = above_->state_.load(std::memory_order_acquire);
  Error cause = above_->Cause();
  mutex_.Lock();
  CancelDownwards(state, cause);
}

// The timer's function only finds the node again if somebody still has it.
void CancelNode::StartTimer(Error cause) {
  std::chrono::nanoseconds left = deadline_ - Clock::now();
  if (left.count() <= 0) {
    if (!cause) cause = Errc::kDeadlineExceeded;
    return Cancel(Errc::kDeadlineExceeded, std::move(cause));
  }
  struct Weak {
    explicit Weak(CancelNode* to) : node(to) { node->AddWeak(); }
    Weak(Weak&& other) noexcept : node(std::exchange(other.node, nullptr)) {}
    Weak& operator=(Weak&&) = delete;
    ~Weak() {
      if (node != nullptr) node->DropWeak();
    }
    CancelNode* node;
  };
  MutexLock lock(mutex_);
  if (IsDone()) return;
  timer_ = AfterFunc(left, [weak = Weak(this), cause = std::move(cause)]() mutable {
    if (!weak.node->TryAdd()) return;
    ContextHandle keep(weak.node);
    if (!cause) cause = Errc::kDeadlineExceeded;
    weak.node->Cancel(Errc::kDeadlineExceeded, std::move(cause));
  });
}

void CancelNode::Retire() {
  if (above_ != nullptr) above_->Unlisten(this);
  timer_.Stop();
  timer_ = Timer();  // its function, which a Reset could start again, keeps this node's memory
}

void CancelNode::Cancel(Errc code, Error cause) {
  mutex_.Lock();
  if (IsDone()) return mutex_.Unlock();
  CancelDownwards(code == Errc::kCanceled ? State::kCanceled : State::kDeadlineExceeded, cause);
  if (above_ != nullptr) above_->Unlisten(this);
}

void CancelNode::Finish(State state, const Error& cause) {
  cause_ = cause;
  // The state before the channel: who has seen the channel closed must get an error. The other way round, Err waits.
  state_.store(state, std::memory_order_release);
  if (done_ != nullptr) done_.Close();
  closed_.store(true, std::memory_order_release);
  timer_.Stop();
}

// With this node's lock held: tells it and all below it, in depth-first order, and releases the lock. Of the nodes that
// were told, only those are still touched whose lock is held.
void CancelNode::CancelDownwards(State state, const Error& cause) noexcept {
  CancelNode* node = this;
  node->Finish(state, cause);
  for (;;) {
    CancelListener* listener = node->listeners_.PopFront();
    if (listener == nullptr) {
      if (node == this) return mutex_.Unlock();
      CancelNode* above = node->above_;
      node->mutex_.Unlock();
      node = above;
    } else if (listener->fire != nullptr) {
      listener->fire(listener);
    } else {
      auto* child = static_cast<CancelNode*>(listener);
      child->mutex_.Lock();
      if (child->IsDone()) {
        child->mutex_.Unlock();
      } else {
        child->Finish(state, cause);
        node = child;
      }
    }
  }
}

Chan<std::monostate> CancelNode::Done() {
  MutexLock lock(mutex_);
  if (done_ == nullptr) {
    done_ = Chan<std::monostate>(0);
    if (IsDone()) done_.Close();
  }
  return done_;
}

Error CancelNode::Err() {
  State state = state_.load(std::memory_order_acquire);
  if (state == State::kActive) return {};
  // Acquire pairs with the release in Finish.
  if (!closed_.load(std::memory_order_acquire)) {
    MutexLock until_closed(mutex_);
  }
  return Code(state);
}

Error CancelNode::Cause() {
  MutexLock lock(mutex_);
  return cause_;
}

bool CancelNode::Listen(CancelListener* listener) {
  MutexLock lock(mutex_);
  if (IsDone()) return false;
  listeners_.PushBack(listener);
  return true;
}

bool CancelNode::Unlisten(CancelListener* listener) {
  MutexLock lock(mutex_);
  if (!listener->in_list) return false;
  listeners_.Remove(listener);
  return true;
}

}  // namespace gale::internal

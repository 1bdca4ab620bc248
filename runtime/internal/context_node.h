// ContextNode: what the handles of contexts refer to. See runtime/context.h for what a context does.
//
// Every With... makes a node, which keeps its parent. A CancelNode is also known to the next CancelNode above it, which
// tells it when it is cancelled; but that one does not keep it: when nobody has a handle of a node any more, it leaves
// the list of the one above.
//
// Locks are taken downwards: a CancelNode's lock after that of the one above. Cancelling holds the locks on the way
// from the node that is cancelled to the one that is being told, so that all of them are told when Cancel returns,
// whoever else cancels at the same time; a node that goes meanwhile waits for the lock of the one above before it is
// freed. Neither this nor freeing a chain recurses: chains may be longer than a stack.
// Source: Go's context.go.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <variant>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/error.h"
#include "gale/runtime/internal/linked_list.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/thread_annotations.h"
#include "gale/runtime/time.h"

namespace gale::internal {

class CancelNode;

// ContextNode counts its handles. It does not change but for that.
class ContextNode {
 public:
  // A node without a parent stands below Background. The parent is kept until this node is freed.
  ContextNode(ContextNode* parent, CancelNode* canceler);
  ContextNode(const ContextNode&) = delete;
  ContextNode& operator=(const ContextNode&) = delete;
  virtual ~ContextNode() = default;

  // Add counts a handle more, Drop one less, which may free the node and those above it. Null is Background.
  static void Add(ContextNode* node);
  static void Drop(ContextNode* node);

  // Canceler is the nearest node, this or one above, that can be cancelled; null: none.
  static CancelNode* Canceler(const ContextNode* node) { return node == nullptr ? nullptr : node->canceler_; }
  // Find returns the value of the nearest node with that key, or null.
  static const void* Find(const ContextNode* node, const void* key);

 protected:
  // TryAdd is Add unless the last handle is gone. Only with a weak count.
  bool TryAdd();
  // A weak count keeps the memory, not the node.
  void AddWeak() { weak_.fetch_add(1, std::memory_order_relaxed); }
  void DropWeak();

  // Of nodes with a value.
  const void* key_ = nullptr;
  const void* value_ = nullptr;

 private:
  // Retire is called when the last handle is gone.
  virtual void Retire() {}

  std::atomic<std::uint32_t> handles_{1};
  std::atomic<std::uint32_t> weak_{1};  // all handles together count one
  ContextNode* const parent_;
  CancelNode* const canceler_;
};

// ContextHandle keeps a node.
class ContextHandle {
 public:
  ContextHandle() = default;
  // Takes over one count of the node.
  explicit ContextHandle(ContextNode* node) : node_(node) {}
  ContextHandle(const ContextHandle& other) : node_(other.node_) { ContextNode::Add(node_); }
  ContextHandle(ContextHandle&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  ContextHandle& operator=(ContextHandle other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~ContextHandle() { ContextNode::Drop(node_); }

  ContextNode* Get() const { return node_; }
  CancelNode* Canceler() const { return ContextNode::Canceler(node_); }

 private:
  ContextNode* node_ = nullptr;
};

// ValueNode has a value for a key.
template <typename T>
class ValueNode final : public ContextNode {
 public:
  template <typename From>
  ValueNode(ContextNode* parent, const void* key, From&& from)
      : ContextNode(parent, Canceler(parent)), stored_(std::forward<From>(from)) {
    key_ = key;
    value_ = &stored_;
  }

 private:
  const T stored_;
};

// CancelListener is what a CancelNode tells that it has been cancelled.
struct CancelListener : Linked {
  // Called once, when it has been taken out of the list, under the node's lock: it must not wait for anything but
  // locks that are never held while a context is used. Null: the listener is a CancelNode.
  void (*fire)(CancelListener* listener) = nullptr;
};

class CancelNode final : public ContextNode, public CancelListener {
 public:
  // Make makes a node below `parent`. If that is done already, so is the new one.
  static CancelNode* Make(ContextNode* parent, Clock::time_point deadline = kNever, Error cause = {});

  static constexpr Clock::time_point kNever = Clock::time_point::max();

  // Cancel does nothing if the node is done. `code` is what Err will be.
  void Cancel(Errc code, Error cause);

  Chan<std::monostate> Done();
  Error Err();
  Error Cause();
  Clock::time_point Deadline() const { return deadline_; }

  // Listen adds a listener, and returns false instead if the node is done.
  bool Listen(CancelListener* listener);
  // Unlisten takes it out, and returns whether it had not been told. Afterwards it is not being told any more.
  bool Unlisten(CancelListener* listener);

 private:
  enum class State : std::uint8_t { kActive, kCanceled, kDeadlineExceeded };

  CancelNode(ContextNode* parent, Clock::time_point deadline);
  void Retire() override GALE_NO_THREAD_SAFETY_ANALYSIS;  // nobody else has it any more
  void Join();
  void StartTimer(Error cause);
  bool IsDone() const { return state_.load(std::memory_order_acquire) != State::kActive; }
  static Errc Code(State state) { return state == State::kCanceled ? Errc::kCanceled : Errc::kDeadlineExceeded; }
  void Finish(State state, const Error& cause) GALE_REQUIRES(mutex_);
  // The locks of other nodes, which it takes and releases, Clang cannot follow.
  void CancelDownwards(State state, const Error& cause) noexcept GALE_RELEASE(mutex_) GALE_NO_THREAD_SAFETY_ANALYSIS;

  CancelNode* const above_;  // the next one that can be cancelled; its lock guards this listener's links
  const Clock::time_point deadline_;

  Mutex mutex_;
  // Written under the lock. Release in Finish pairs with acquire in IsDone and Err.
  std::atomic<State> state_{State::kActive};
  std::atomic<bool> closed_{false};  // whether Done() is closed
  LinkedList<CancelListener> listeners_ GALE_GUARDED_BY(mutex_);
  Chan<std::monostate> done_ GALE_GUARDED_BY(mutex_);  // nil until somebody asks for it
  Error cause_ GALE_GUARDED_BY(mutex_);
  Timer timer_ GALE_GUARDED_BY(mutex_);
};

}  // namespace gale::internal

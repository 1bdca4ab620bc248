#include "gale/runtime/context.h"

#include <atomic>

#include "gale/runtime/go.h"
#include "gale/runtime/internal/start_timer.h"

namespace gale {

using internal::CancelNode;
using internal::ContextHandle;
using internal::ContextNode;

Chan<std::monostate> Context::Done() const {
  CancelNode* canceler = handle_.Canceler();
  return canceler == nullptr ? Chan<std::monostate>() : canceler->Done();
}

Error Context::Err() const {
  CancelNode* canceler = handle_.Canceler();
  return canceler == nullptr ? Error() : canceler->Err();
}

std::optional<Clock::time_point> Context::Deadline() const {
  CancelNode* canceler = handle_.Canceler();
  if (canceler == nullptr || canceler->Deadline() == CancelNode::kNever) return std::nullopt;
  return canceler->Deadline();
}

void CancelFunc::operator()() const {
  if (CancelNode* canceler = context_.Handle().Canceler()) canceler->Cancel(Errc::kCanceled, Errc::kCanceled);
}

void CancelCauseFunc::operator()(Error cause) const {
  if (!cause) cause = Errc::kCanceled;
  if (CancelNode* canceler = context_.Handle().Canceler()) canceler->Cancel(Errc::kCanceled, std::move(cause));
}

std::pair<Context, CancelFunc> WithCancel(const Context& parent) {
  Context context(CancelNode::Make(parent.Handle().Get()));
  return {context, CancelFunc(context)};
}

std::pair<Context, CancelCauseFunc> WithCancelCause(const Context& parent) {
  Context context(CancelNode::Make(parent.Handle().Get()));
  return {context, CancelCauseFunc(context)};
}

std::pair<Context, CancelFunc> WithDeadline(const Context& parent, Clock::time_point deadline) {
  return WithDeadlineCause(parent, deadline, {});
}

std::pair<Context, CancelFunc> WithDeadlineCause(const Context& parent, Clock::time_point deadline, Error cause) {
  Context context(CancelNode::Make(parent.Handle().Get(), deadline, std::move(cause)));
  return {context, CancelFunc(context)};
}

Clock::time_point internal::DeadlineAfter(std::int64_t nanos) {
  return Clock::time_point(std::chrono::nanoseconds(WhenAfter(nanos)));
}

Context WithoutCancel(const Context& parent) { return Context(new ContextNode(parent.Handle().Get(), nullptr)); }

Error Cause(const Context& context) {
  CancelNode* canceler = context.Handle().Canceler();
  return canceler == nullptr ? Error() : canceler->Cause();
}

// State is kept by the handles, and by its registration until the function has been called or stopped. It keeps the
// context, so that the handles find the lock.
struct AfterFuncStop::State : internal::CancelListener {
  State(Context of, std::move_only_function<void()> to_call) : context(std::move(of)), function(std::move(to_call)) {
    fire = [](CancelListener* listener) { static_cast<State*>(listener)->Start(); };
  }

  // Start runs under the context's lock, where neither the function nor the context may be destroyed: the goroutine
  // takes over the registration's part.
  void Start() {
    Go([registration = AfterFuncStop(this)] { std::exchange(registration.state_->function, nullptr)(); });
  }

  const Context context;
  std::move_only_function<void()> function;
  std::atomic<bool> stopped{false};  // where the context can never be done
  std::atomic<int> owners{2};
};

AfterFuncStop::AfterFuncStop(const AfterFuncStop& other) : state_(other.state_) {
  if (state_ != nullptr) state_->owners.fetch_add(1, std::memory_order_relaxed);
}

AfterFuncStop::~AfterFuncStop() {
  // acq_rel: who frees it has seen all that others did with it.
  if (state_ != nullptr && state_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete state_;
}

bool AfterFuncStop::operator()() const {
  if (state_ == nullptr) return false;
  CancelNode* canceler = state_->context.Handle().Canceler();
  if (canceler == nullptr) return !state_->stopped.exchange(true, std::memory_order_relaxed);
  if (!canceler->Unlisten(state_)) return false;
  AfterFuncStop registration(state_);
  state_->function = nullptr;
  return true;
}

AfterFuncStop internal::CallAfter(const Context& context, std::move_only_function<void()> function) {
  auto* state = new AfterFuncStop::State(context, std::move(function));
  AfterFuncStop stop(state);
  CancelNode* canceler = context.Handle().Canceler();
  if (canceler == nullptr) {
    AfterFuncStop registration(state);  // it is never called
  } else if (!canceler->Listen(state)) {
    state->Start();
  }
  return stop;
}

}  // namespace gale

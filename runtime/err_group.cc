#include "gale/runtime/err_group.h"

#include <string>

#include "gale/runtime/panic.h"

namespace gale {

ErrGroup::ErrGroup(const gale::Context& parent) {
  auto [context, cancel] = WithCancelCause(parent);
  context_ = std::move(context);
  cancel_ = std::move(cancel);
}

ErrGroup::~ErrGroup() {
  if (cancel_) (*cancel_)({});
  goroutines_.Wait();
}

void ErrGroup::SetLimit(int limit) {
  if (int running = running_.load(std::memory_order_relaxed)) {
    throw Panic("errgroup: modify limit while " + std::to_string(running) +
                " goroutines in the group are still active");
  }
  slots_.reset();
  if (limit >= 0) slots_.emplace(limit);
}

void ErrGroup::Leave() {
  running_.fetch_sub(1, std::memory_order_relaxed);
  if (slots_) slots_->Release();
}

void ErrGroup::Fail(Error error, std::exception_ptr exception) {
  {
    MutexLock lock(mutex_);
    bool first = !error_ && !exception_;
    if (exception != nullptr) {
      if (!exception_) exception_ = std::move(exception);
    } else if (!error_) {
      error_ = error;
    }
    if (!first) return;
  }
  if (cancel_) (*cancel_)(std::move(error));
}

Error ErrGroup::Wait() {
  goroutines_.Wait();
  std::exception_ptr exception;
  Error error;
  {
    MutexLock lock(mutex_);
    exception = std::exchange(exception_, nullptr);
    error = error_;
  }
  if (cancel_) (*cancel_)(error);
  if (exception) std::rethrow_exception(exception);
  return error;
}

}  // namespace gale

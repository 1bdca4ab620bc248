#include "gale/http/internal/h1_exchange.h"

#include <mutex>

#include "gale/runtime/internal/spin_lock.h"

namespace gale::http::internal {

// After a burst most of them are not needed again: what exceeds this number is freed.
static constexpr int kMostFree = 256;

struct H1ExchangePool::State {
  State(const HeadOptions& head, const ChunkOptions& chunk, const LogFunction& log_function)
      : head_options(head), chunk_options(chunk), log(log_function) {}

  const HeadOptions head_options;
  const ChunkOptions chunk_options;
  const LogFunction& log;
  gale::internal::SpinLock lock;
  H1Exchange* free = nullptr;
  int count = 0;
};

H1ExchangePool::H1ExchangePool(const HeadOptions& head_options, const ChunkOptions& chunk_options,
                               const LogFunction& log)
    : state_(std::make_unique<State>(head_options, chunk_options, log)) {}

H1ExchangePool::~H1ExchangePool() {
  while (H1Exchange* exchange = state_->free) {
    state_->free = exchange->next_free;
    delete exchange;
  }
}

H1Exchange* H1ExchangePool::Take() {
  {
    std::lock_guard guard(state_->lock);
    if (H1Exchange* exchange = state_->free) {
      state_->free = exchange->next_free;
      --state_->count;
      return exchange;
    }
  }
  return new H1Exchange(state_->head_options, state_->chunk_options, state_->log);
}

void H1ExchangePool::Give(H1Exchange* exchange) {
  exchange->wire.Reset();
  exchange->request.Reset();
  {
    std::lock_guard guard(state_->lock);
    if (state_->count < kMostFree) {
      exchange->next_free = state_->free;
      state_->free = exchange;
      ++state_->count;
      return;
    }
  }
  delete exchange;
}

}  // namespace gale::http::internal

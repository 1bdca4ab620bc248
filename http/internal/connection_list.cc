#include "gale/http/internal/connection_list.h"

#include <utility>
#include <vector>

#include "gale/runtime/internal/process_barrier.h"

namespace gale::http::internal {

ConnectionList::Swept ConnectionList::Sweep(Clock::time_point new_before, std::size_t most) {
  std::vector<std::shared_ptr<net::Conn>> doomed;
  Swept result;
  {
    MutexLock lock(mutex_);
    std::vector<ListedConnection*> condemned;
    for (ListedConnection* at = connections_.Front(); at != nullptr; at = connections_.Next(at)) {
      const ConnState state = at->state_.load(std::memory_order_relaxed);
      if (state != kStateIdle && !(state == kStateNew && at->since_ < new_before)) continue;
      if (condemned.size() == most) break;
      at->condemned_.store(true, std::memory_order_relaxed);  // S2
      condemned.push_back(at);
    }
    result.reliable = gale::internal::ProcessBarrier();  // S3
    for (ListedConnection* connection : condemned) {     // S4
      const bool is_active = connection->state_.load(std::memory_order_relaxed) == kStateActive;
      if (is_active) {
        connection->condemned_.store(false, std::memory_order_relaxed);
      } else {
        doomed.push_back(connection->conn_);
      }
    }
  }
  for (auto& conn : doomed) (void)conn->Close();
  result.closed = doomed.size();
  return result;
}

void ConnectionList::CloseAll() {
  std::vector<std::shared_ptr<net::Conn>> all;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    for (ListedConnection* at = connections_.Front(); at != nullptr; at = connections_.Next(at)) {
      all.push_back(at->conn_);
    }
  }
  for (auto& conn : all) (void)conn->Close();
}

ListedConnection::ListedConnection(ConnectionList& list, std::shared_ptr<net::Conn> conn)
    : list_(list), conn_(std::move(conn)) {
  list_.mutex_.Lock();
  const bool closed = list_.closed_;
  list_.connections_.PushBack(this);
  list_.mutex_.Unlock();
  if (closed) (void)conn_->Close();
}

ListedConnection::~ListedConnection() {
  if (state_.load(std::memory_order_relaxed) == kStateHijacked) return;
  {
    MutexLock lock(list_.mutex_);
    list_.connections_.Remove(this);
  }
  list_.Report(conn_, kStateClosed);
}

void ListedConnection::BecomesHijacked() {
  {
    MutexLock lock(list_.mutex_);
    list_.connections_.Remove(this);
  }
  (void)Change(kStateHijacked);
}

}  // namespace gale::http::internal

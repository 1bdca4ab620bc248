// ConnectionList: the connections of a server, so that they can be told that it stops.
//
// A connection says when a request begins and when it is idle again, which happens all the time; stopping is rare. So
// the connection only does plain stores and loads, and who stops makes up for that with a ProcessBarrier.
//
// Sweep protocol:                                   Connection:
//   S1. set the flags (for A4)                        A1. state = active          A3. state = idle
//   S2. condemn those connections that are idle       A2. condemned? then give up A4. a flag set? then give up
//   S3. ProcessBarrier
//   S4. close those of them that still are idle
// An idle connection that S4 closes has not passed A2: no request is being served on it, nor ever will be. One that
// becomes idle too late for S2 sees the flags in A4. Where there is no ProcessBarrier, sweeping is repeated until all
// have gone.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "gale/http/conn_state.h"
#include "gale/net/conn.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/internal/linked_list.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/thread_annotations.h"

namespace gale::http::internal {

using ConnStateFunction = std::function<void(const std::shared_ptr<net::Conn>&, ConnState)>;

class ListedConnection;

// ConnectionList is thread-safe. It must outlive its connections.
class ConnectionList {
 public:
  // Why connections are not kept for another request.
  enum Reason : unsigned { kShutDown = 1, kKeepAlivesDisabled = 2, kCrowded = 4 };

  // on_state: null or a function, which must outlive the list.
  explicit ConnectionList(const ConnStateFunction* on_state) : on_state_(on_state) {}

  void Report(const std::shared_ptr<net::Conn>& conn, ConnState state) const {
    if (on_state_ != nullptr) (*on_state_)(conn, state);
  }

  void Set(Reason reason) { reasons_.fetch_or(reason, std::memory_order_seq_cst); }
  void Clear(Reason reason) { reasons_.fetch_and(~unsigned{reason}, std::memory_order_seq_cst); }
  // KeepsAlive: connections may go on after the response that is just being made.
  bool KeepsAlive() const { return reasons_.load(std::memory_order_relaxed) == 0; }

  // Sweep closes idle connections, at most `most`, the oldest first, and returns how many. Those that are new and were
  // made before new_before count as idle. Not reliable: there was no ProcessBarrier.
  struct Swept {
    std::size_t closed = 0;
    bool reliable = true;
  };
  Swept Sweep(Clock::time_point new_before, std::size_t most = static_cast<std::size_t>(-1));

  // CloseAll closes all, and those that come later.
  void CloseAll();

 private:
  friend class ListedConnection;

  const ConnStateFunction* const on_state_;
  // Connections load it, relaxed, in A4 and for each response.
  std::atomic<unsigned> reasons_{0};
  Mutex mutex_;
  bool closed_ GALE_GUARDED_BY(mutex_) = false;
  gale::internal::LinkedList<ListedConnection> connections_ GALE_GUARDED_BY(mutex_);
};

// ListedConnection is a connection's place in the list, and what its goroutine tells about it. kStateNew has been
// reported before; the destructor reports kStateClosed.
class ListedConnection : public gale::internal::Linked {
 public:
  ListedConnection(ConnectionList& list, std::shared_ptr<net::Conn> conn);
  ListedConnection(const ListedConnection&) = delete;
  ListedConnection& operator=(const ListedConnection&) = delete;
  ~ListedConnection();

  const ConnectionList& List() const { return list_; }

  // BecomesActive: the first bytes of a request have come. False: the connection is being closed, drop them.
  [[nodiscard]] bool BecomesActive() {
    if (state_.load(std::memory_order_relaxed) == kStateActive) return true;
    return Change(kStateActive) && !condemned_.load(std::memory_order_relaxed);  // A1, A2
  }
  // BecomesIdle: everything is answered. False: it is not to wait for another request.
  [[nodiscard]] bool BecomesIdle() { return Change(kStateIdle) && list_.KeepsAlive(); }  // A3, A4

  // BecomesHijacked takes it out of the list.
  void BecomesHijacked();

 private:
  friend class ConnectionList;

  bool Change(ConnState state) {
    state_.store(state, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // pairs with S3
    list_.Report(conn_, state);
    return true;
  }

  ConnectionList& list_;
  const std::shared_ptr<net::Conn> conn_;
  const Clock::time_point since_ = Clock::now();
  // Relaxed: ordered by the sweep protocol.
  std::atomic<ConnState> state_{kStateNew};
  std::atomic<bool> condemned_{false};
};

}  // namespace gale::http::internal

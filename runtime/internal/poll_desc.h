// PollDesc: one descriptor in the netpoller.
//
// A descriptor is registered once, edge-triggered, for both directions, with the epoll of the P on which it is
// opened. A goroutine that finds nothing to read (or no room to write) parks here; the poller makes it runnable
// when the kernel reports an edge. PollDesc knows nothing of sockets: net/internal/fd.h is its user, and tries
// the system call first:
//
//   int fd = socket(..., SOCK_NONBLOCK | SOCK_CLOEXEC, ...);
//   PollDesc* pd = *PollDesc::Open(fd);
//   while ((n = read(fd, ...)) == -EAGAIN)
//     if (PollResult r = pd->Wait(PollMode::kRead); r != PollResult::kReady) return r;
//   pd->Evict();   // wakes everybody who waits: kClosing
//   pd->Close();   // then close(fd)
//
// Memory is type-stable: a PollDesc is never freed, only reused, with a new sequence number, so that an event
// which epoll had already delivered for the descriptor's former life is recognised and dropped.
// Works from goroutines and from plain threads (which sleep on a futex).
// Source: Go's internal/poll/fd_poll_runtime.go and runtime/netpoll.go.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>

#include "gale/runtime/internal/context_node.h"
#include "gale/runtime/internal/deadline_wheel.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/run_queue.h"

namespace gale::internal {

enum class PollMode : int { kRead = 0, kWrite = 1 };

enum class PollResult {
  kReady,    // try the system call again
  kTimeout,  // the direction's deadline has passed
  kClosing,  // Evict was called
};

struct P;

// DetachedWait is somebody who waits without a goroutine (PollDesc::WaitDetached). Owned by the caller.
struct DetachedWait {
  void (*resume)(DetachedWait* self);
};

// PollEvents is what a backend of Netpoll reports.
struct PollEvents {
  bool readable = false;
  bool writable = false;
  bool peer_closed = false;
};

class alignas(64) PollDesc {
 public:
  // Open registers a non-blocking descriptor with the poller of the current P; from a plain thread, with that
  // of some P. Starts the runtime if it does not run yet. The error is a positive errno from epoll_ctl
  // (EPERM: the descriptor cannot be polled, as a regular file).
  static std::expected<PollDesc*, int> Open(int fd);

  // OpenOn is Open with the P chosen by the caller, modulo the number of Ps: for one listener per P.
  static std::expected<PollDesc*, int> OpenOn(int fd, int p_id);

  // Prepare reports whether an operation in this direction may be tried: kReady, kTimeout or kClosing. It does
  // not forget a readiness that has been reported but not used.
  PollResult Prepare(PollMode mode) const;

  // Wait parks the caller until the direction is ready, its deadline passes or Evict is called. A readiness that
  // came since the last Wait is used up and returns kReady at once. At most one waiter per direction; the
  // caller (net's FD) holds its read or write lock.
  PollResult Wait(PollMode mode);

  // WaitDetached waits without a goroutine: it returns at once, and when Wait would have returned, or perhaps earlier,
  // wait->resume is called on a new goroutine. That calls EndDetachedWait first, which gives Wait's result; `wait` is
  // its own again.
  void WaitDetached(PollMode mode, DetachedWait* wait);
  PollResult EndDetachedWait(PollMode mode);
  // DetachedWaits is how many wait so, on all descriptors. A wait that ends is counted until its goroutine is there.
  static int DetachedWaits();

  // PeerClosed: the kernel has reported that the peer shut down or the connection failed (EPOLLRDHUP, EPOLLHUP,
  // EPOLLERR). Sticky. While it is false, a read that returned fewer bytes than asked has drained the socket and
  // the next bytes will come with an edge; once it is true, only a read that returns 0 or an error is the end.
  bool PeerClosed() const;

  // Watch has `context` cancelled once the peer is closed or Evict is called, and returns whether that may have been
  // already: then the caller decides, and calls CancelWatched. A watch replaces the former one; a handle without a
  // CancelNode ends it, after which the context may still just be being cancelled. May run in parallel with all but
  // Close.
  bool Watch(const ContextHandle& context);
  void CancelWatched();

  // SetDeadline sets the absolute time (nanoseconds of CLOCK_MONOTONIC) after which operations of the direction
  // fail with kTimeout; 0 removes the deadline; a time that has passed wakes the waiter at once. May run in
  // parallel with Wait and Evict. In the common case two stores: timers are armed lazily.
  // Deadlines are coarse: a waiter is woken at most a few milliseconds after its deadline, never before.
  void SetDeadline(PollMode mode, std::int64_t deadline_ns);

  // Evict makes every operation in both directions fail with kClosing, now and from now on, and wakes those
  // who wait. Idempotent until Close.
  void Evict();

  // Close takes the descriptor out of the poller and gives the PollDesc back. After Evict; nobody may be in Wait,
  // nobody may use the PollDesc afterwards. The caller closes the descriptor itself, after this call.
  void Close();

  // HandleEvents is for Netpoll's backends: it appends the goroutines that the events make runnable to `ready`, and
  // wakes plain threads itself. Events with another tag than the present one are for a former life and dropped.
  void HandleEvents(PollEvents events, std::uint16_t tag, GList& ready);

  // HandleDeadlines is for the P's wheel: it wakes the waiters whose deadline has passed and returns the next one.
  static std::int64_t HandleDeadlines(DeadlineNode* node, std::int64_t now, void* ready_list);

 private:
  friend class PollDescPool;

  // waiters_[mode] is one of:
  //   kNobody  nobody waits, nothing has been reported
  //   kReady   an edge was reported that no Wait has used yet
  //   kComing  somebody is about to park
  //   a G*     that one is parked
  //   a DetachedWait*, plus kDetached: that one is to be resumed
  // Wait protocol:                             Wake protocol (events, deadlines, Evict):
  //   W1. CAS kNobody -> kComing (seq_cst)       U1. make the reason visible: closing_, deadline expired (seq_cst)
  //   W2. look at closing_ and the deadline      U2. exchange to kReady (an edge) or kNobody (seq_cst)
  //   W3. park; then CAS kComing -> G            U3. if there was a G: make it runnable
  //   W4. exchange to kNobody
  // WaitDetached does W1 to W3 by itself; where Wait would not park, it starts the goroutine at once, and where a
  // parked one is made runnable, it is started. W4 is EndDetachedWait's. If U2 comes before W1, W2 sees U1's reason (or
  // W1 fails with kReady); if between W1 and W3, the CAS of W3 fails and the goroutine runs on; after W3, U3 wakes it.
  using Word = std::uintptr_t;
  static constexpr Word kNobody = 0, kReady = 1, kComing = 2, kDetached = 4;
  // A deadline word is 0 (none), kExpired, or the time in nanoseconds.
  static constexpr std::int64_t kExpired = -1;

  PollDesc() = default;
  ~PollDesc() = default;

  static std::expected<PollDesc*, int> OpenAt(int fd, P* home);
  static bool CommitWait(G* g, void* word);
  // Unblock makes who waits runnable: puts a goroutine into `ready`, if there is such a list.
  void Unblock(PollMode mode, Word leave, GList* ready = nullptr);
  void ArmFor(PollMode mode, std::int64_t deadline_ns);
  std::int64_t EarliestDeadline() const;
  void Expire(PollMode mode, std::int64_t seen);
  void WatchedPeerClosed(std::uint16_t tag);

  std::atomic<Word> waiters_[2]{};
  std::atomic<std::int64_t> deadlines_[2]{};
  std::atomic<bool> closing_{false};
  std::atomic<bool> peer_closed_{false};
  std::atomic<std::uint16_t> tag_{0};  // counts the lives of this PollDesc
  // The CancelNode that Watch was given, which it keeps, and on top the tag of the life in which that was; 0: none. Who
  // takes it out owns it. Watch stores it, then looks at closing_ and peer_closed_; Evict and HandleEvents set those,
  // then take it out (all seq_cst): one of them sees the other.
  std::atomic<std::uint64_t> watched_{0};
  int fd_ = -1;
  P* home_ = nullptr;
  std::atomic<std::int64_t> armed_until_{0};  // when the wheel will look at node_; 0: it will not
  DeadlineNode node_;                         // in home_->deadlines, under its lock
  PollDesc* next_free_ = nullptr;
};

}  // namespace gale::internal

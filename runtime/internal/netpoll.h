// Netpoll: how one P sleeps, and learns of the descriptors registered with it.
//
// The interface has a backend per kernel mechanism (netpoll_epoll.cc). Any thread may poll any P's Netpoll: the
// owner does between goroutines and when it sleeps, others when the owner is held up.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "gale/runtime/internal/run_queue.h"

namespace gale::internal {

class PollDesc;

class Netpoll {
 public:
  virtual ~Netpoll() = default;

  // Add registers a descriptor for both directions, edge-triggered; events go to desc, recognised by tag. Returns 0
  // or a positive errno.
  virtual int Add(int fd, PollDesc* desc, std::uint16_t tag) = 0;
  // Remove undoes Add; the caller closes the descriptor next. Events may still arrive, with the old tag.
  virtual void Remove(int fd) = 0;

  // Poll waits for events, at most timeout_ns (0: not at all; negative: for ever), and appends the goroutines that
  // they make runnable. Returns early on Wake and on signals.
  // Returns whether it has taken a Wake: if that was not meant for the caller, the caller must call Wake again.
  virtual bool Poll(std::int64_t timeout_ns, GList& ready) = 0;

  // Wake ends the current Poll that waits, or else the next one. From any thread.
  virtual void Wake() = 0;

  // Descriptors is how many are registered.
  int Descriptors() const { return descriptors_.load(std::memory_order_relaxed); }

 protected:
  std::atomic<int> descriptors_{0};
};

// MakeEpollNetpoll makes the epoll backend. Fatal if the kernel refuses.
std::unique_ptr<Netpoll> MakeEpollNetpoll();

}  // namespace gale::internal

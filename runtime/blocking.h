// Blocking: calls that block their thread.
//
// A goroutine should wait through Gale (channels, net, Sleep), which costs no thread. Where it must call something that
// blocks, a database's client library or a read of a slow disk, the other goroutines need not wait for it: the
// runtime notices a blocked thread within milliseconds and goes on with another one. Blocking says so at once:
//
//   auto row = gale::Blocking([&] { return database.Query("select ..."); });
//
// The other direction needs nothing: what fn calls may use goroutines and channels as always.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace gale {

namespace internal {

// BlockingRegion is the time during which the current goroutine does without a P. On a plain thread it does nothing.
class BlockingRegion {
 public:
  BlockingRegion();
  ~BlockingRegion();
  BlockingRegion(const BlockingRegion&) = delete;
  BlockingRegion& operator=(const BlockingRegion&) = delete;

 private:
  bool gave_up_;
};

}  // namespace internal

// Blocking calls fn() on the current thread, lets other goroutines run on another one meanwhile, and returns what fn
// returns or throws what it throws. Costs some microseconds: two wake-ups of threads. The goroutine may be on another
// thread afterwards, as after any wait. On a plain thread it just calls fn. Source: Go's entersyscallblock.
template <std::invocable Function>
std::invoke_result_t<Function> Blocking(Function&& fn) {
  internal::BlockingRegion region;
  return std::forward<Function>(fn)();
}

}  // namespace gale

// OnThread: calls that block a thread and need a deep stack, made for a goroutine.
//
// getaddrinfo is such a call: it reads files, talks to servers and has been seen to overflow small stacks. It gets a
// thread of its own; the goroutine waits on a channel, its P goes on with others.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "gale/runtime/chan.h"
#include "gale/runtime/error.h"
#include "gale/runtime/time.h"

namespace gale::net::internal {

// OnThread returns what function() returns, or Errc::kTimeout after the time; then the call goes on unheard, so it
// must refer to nothing of the caller. Fails if no thread can be made.
template <typename Result>
Result OnThread(std::move_only_function<Result()> function, std::optional<std::chrono::nanoseconds> timeout) {
  const Chan<Result> results(2);  // room for both: neither the thread nor the timer may wait
  try {
    std::thread([results, function = std::move(function)]() mutable { results.Send(function()); }).detach();
  } catch (const std::system_error& error) {
    return std::unexpected(Error(error.code()));
  }
  Timer timer;
  if (timeout) timer = AfterFunc(*timeout, [results] { results.Send(std::unexpected(Error(Errc::kTimeout))); });
  std::optional<Result> first = results.Recv();
  timer.Stop();
  return *std::move(first);
}

}  // namespace gale::net::internal

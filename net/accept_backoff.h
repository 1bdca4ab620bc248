// What an accept loop does when the process runs out of descriptors: wait a little, and try again.
//
//   if (!conn && IsTemporary(conn.error())) gale::Sleep(backoff.Next());
//
// A loop that did not wait would spin: the connection that could not be accepted stays where it is.
#pragma once

#include <chrono>

#include "gale/runtime/error.h"

namespace gale::net {

// IsTemporary tells the errors of Accept that pass by themselves: no descriptor or no memory is free at the moment.
bool IsTemporary(const Error& error);

// AcceptBackoff is how long to wait after a temporary error: 5 ms, doubled each time up to 1 s. Not thread-safe.
// Source: Go's net/http.Server.Serve.
class AcceptBackoff {
 public:
  std::chrono::milliseconds Next();
  // Reset starts anew, after a success.
  void Reset() { next_ = kFirst; }

 private:
  static constexpr std::chrono::milliseconds kFirst{5};
  static constexpr std::chrono::milliseconds kLongest{1000};

  std::chrono::milliseconds next_ = kFirst;
};

}  // namespace gale::net

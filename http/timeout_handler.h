// TimeoutHandler: gives another handler so much time and no more.
//
//   http::TimeoutHandler limited(slow, 2s, "try again later");
//   mux.Handle("/report", limited);
//
// The handler runs on a goroutine of its own, with a copy of the request whose Context has the deadline, and its answer
// is kept until it is complete. If that is too late the client gets 503, and what the handler still writes fails. C++
// has no way to stop a function: a handler that does not look at its Context goes on in vain.
//
// Source: Go's net/http.TimeoutHandler.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "gale/http/handler_ref.h"
#include "gale/runtime/wait_group.h"

namespace gale::http {

// TimeoutHandler passes on the handler's answer, or what it throws. The copy of the request reads the same body (but
// has no Trailer), until the time is over; then its Read fails. A Read that waits for the client at that moment comes
// first, so it can delay the 503 by up to ServerOptions::body_idle_timeout.
class TimeoutHandler : public Handler {
 public:
  // body is that of the 503; "": a short HTML page.
  TimeoutHandler(HandlerRef handler, std::chrono::nanoseconds timeout, std::string body = {});
  // To be moved before it serves.
  TimeoutHandler(TimeoutHandler&&) = default;
  // Waits for the handlers that still run although their time is over.
  ~TimeoutHandler() override;

  // If the request's own Context is done first, the client, if there still is one, gets 503 without a body.
  void ServeHTTP(ResponseWriter& w, Request& r) override;

 private:
  const HandlerRef handler_;
  const std::chrono::nanoseconds timeout_;
  const std::string body_;
  std::unique_ptr<WaitGroup> running_ = std::make_unique<WaitGroup>();
};

}  // namespace gale::http

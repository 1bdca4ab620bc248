#include "gale/http/timeout_handler.h"

#include <memory>
#include <utility>

#include "gale/http/internal/failure.h"
#include "gale/http/internal/timed_call.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/status.h"
#include "gale/runtime/context.h"
#include "gale/runtime/select.h"

namespace gale::http {

TimeoutHandler::TimeoutHandler(HandlerRef handler, std::chrono::nanoseconds timeout, std::string body)
    : handler_(std::move(handler)),
      timeout_(timeout),
      body_(!body.empty() ? std::move(body)
                          : "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>") {}

TimeoutHandler::~TimeoutHandler() {
  if (running_) running_->Wait();
}

void TimeoutHandler::ServeHTTP(ResponseWriter& w, Request& r) {
  const auto [context, cancel] = WithTimeout(r.Context(), timeout_);
  // However this returns, the handler need not go on.
  struct Canceler {
    const CancelFunc& cancel;
    ~Canceler() { cancel(); }
  } canceler{cancel};

  const auto call = std::make_shared<internal::TimedCall>(r, context);
  running_->Go([this, call] { call->Run(handler_); });
  if (Select(OnRecv(call->Done()), OnRecv(context.Done())) == 0) return call->Finish(w);

  const gale::Error reason = context.Err();
  const bool in_time = reason != Errc::kDeadlineExceeded;
  call->Abandon(in_time ? reason : internal::Fault(MessageErrc::kHandlerTimeout));
  w.WriteHeader(kStatusServiceUnavailable);
  if (!in_time) (void)w.Write(body_);
}

}  // namespace gale::http

// TimedCall: one call of a handler that may outlive the request it was called for.
//
// It shares nothing with the server but the request's body, and that only as long as somebody waits for the call.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <variant>

#include "gale/http/handler_ref.h"
#include "gale/http/header.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/context.h"
#include "gale/runtime/mutex.h"

namespace gale::http::internal {

// KeptResponse is a response that is kept until it is complete. The handler writes it, and another goroutine may give
// it up meanwhile.
class KeptResponse final : public ResponseWriter {
 public:
  http::Header& Header() override { return header_; }
  void WriteHeader(int status) override;
  std::expected<std::size_t, gale::Error> Write(std::string_view data) override;

  // GiveUp makes every later Write fail with this error.
  void GiveUp(gale::Error error);
  // SendTo is for when the handler has returned.
  void SendTo(ResponseWriter& w) const;

 private:
  http::Header header_;  // of the handler's goroutine alone
  gale::Mutex mutex_;    // of all that follows
  gale::Error error_;
  int status_ = 0;
  std::string body_;
};

// BorrowedBody passes Reads on until it is given back.
class BorrowedBody final : public Reader {
 public:
  explicit BorrowedBody(Reader& body) : body_(&body) {}
  std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override;
  // GiveBack waits for a Read that is going on, and makes every later one fail.
  void GiveBack();

 private:
  gale::Mutex mutex_;
  Reader* body_;  // null: given back
};

// TimedCall is shared by the goroutine that runs it and the one that waits for it.
class TimedCall {
 public:
  TimedCall(Request& r, gale::Context context);

  // Run calls the handler. Throws nothing.
  void Run(const HandlerRef& handler);
  // Done is closed when the handler has returned or thrown.
  const Chan<std::monostate>& Done() const { return done_; }

  // After Done: Finish sends the answer to w, or throws what the handler threw.
  void Finish(ResponseWriter& w);
  // Abandon takes the body away, and has Writes fail with this error.
  void Abandon(gale::Error error);

 private:
  BorrowedBody body_;
  KeptResponse response_;
  std::unique_ptr<Request> request_;
  std::exception_ptr exception_;
  Chan<std::monostate> done_{0};
};

}  // namespace gale::http::internal

#include "gale/http/internal/timed_call.h"

#include <mutex>
#include <utility>

#include "gale/http/internal/failure.h"
#include "gale/runtime/panic.h"

namespace gale::http::internal {

void KeptResponse::WriteHeader(int status) {
  if (status < 100 || status > 999) throw Panic("invalid WriteHeader code " + std::to_string(status));
  const bool is_interim = status < 200 && status != 101;
  std::lock_guard guard(mutex_);
  if (status_ == 0 && !is_interim) status_ = status;
}

std::expected<std::size_t, gale::Error> KeptResponse::Write(std::string_view data) {
  std::lock_guard guard(mutex_);
  if (error_) return std::unexpected(error_);
  if (status_ == 0) status_ = 200;
  body_ += data;
  return data.size();
}

void KeptResponse::GiveUp(gale::Error error) {
  std::lock_guard guard(mutex_);
  error_ = std::move(error);
}

void KeptResponse::SendTo(ResponseWriter& w) const {
  http::Header& header = w.Header();
  for (const auto& [name, value] : header_) header.Del(name);
  for (const auto& [name, value] : header_) header.Add(name, value);
  w.WriteHeader(status_ == 0 ? 200 : status_);
  if (!body_.empty()) (void)w.Write(body_);
}

std::expected<std::size_t, gale::Error> BorrowedBody::Read(std::span<char> buffer) {
  std::lock_guard guard(mutex_);
  if (body_ == nullptr) return std::unexpected(Fault(MessageErrc::kHandlerTimeout));
  return body_->Read(buffer);
}

void BorrowedBody::GiveBack() {
  std::lock_guard guard(mutex_);
  body_ = nullptr;
}

TimedCall::TimedCall(Request& r, gale::Context context) : body_(r.Body()), request_(r.Clone(std::move(context))) {
  request_->SetBody(body_, r.ContentLength());
}

void TimedCall::Run(const HandlerRef& handler) {
  try {
    handler.ServeHTTP(response_, *request_);
  } catch (...) {
    exception_ = std::current_exception();
    // Null for a Goexit, which unwinds on behind this block; as in Go, time then runs out.
    if (exception_ == nullptr) throw;
  }
  done_.Close();
}

void TimedCall::Finish(ResponseWriter& w) {
  if (exception_ != nullptr) std::rethrow_exception(exception_);
  response_.SendTo(w);
}

void TimedCall::Abandon(gale::Error error) {
  response_.GiveUp(std::move(error));
  body_.GiveBack();
}

}  // namespace gale::http::internal

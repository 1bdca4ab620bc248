#include "gale/http/internal/h1_connection.h"

#include <cxxabi.h>

#include <algorithm>
#include <exception>
#include <string_view>
#include <typeinfo>
#include <utility>

#include "gale/http/abort_handler.h"
#include "gale/http/server.h"
#include "gale/http/status.h"
#include "gale/runtime/internal/throw_trace.h"

namespace gale::http::internal {

namespace {

// How long a goroutine waits for bytes before it is given up. Giving it up and getting another one costs less than a
// microsecond; while it waits it costs a page of memory.
constexpr std::chrono::seconds kGoroutineWaits{1};
constexpr std::chrono::milliseconds kLingerTime{500};
constexpr std::size_t kMostLingerBytes = 256 * 1024;

using TimePoint = std::chrono::steady_clock::time_point;

// The answer to a HEAD request has no body, whatever is wrong with the rest of its head.
ErrorBody BodyFor(std::string_view received) {
  if (received.starts_with("\r\n")) received.remove_prefix(2);
  return received.starts_with("HEAD ") ? ErrorBody::kOmit : ErrorBody::kSend;
}

TimePoint After(std::chrono::nanoseconds timeout, TimePoint now) {
  return timeout.count() > 0 ? now + timeout : TimePoint{};
}
TimePoint After(std::chrono::nanoseconds timeout) { return After(timeout, CoarseNow()); }

// Lease gives an exchange back to the pool however the scope is left.
class Lease {
 public:
  Lease(H1ExchangePool& pool, const std::shared_ptr<net::Conn>& conn, std::chrono::nanoseconds write_timeout)
      : pool_(pool), exchange_(pool.Take()) {
    exchange_->wire.Bind(conn, write_timeout);
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { pool_.Give(exchange_); }
  H1Exchange& operator*() { return *exchange_; }

 private:
  H1ExchangePool& pool_;
  H1Exchange* exchange_;
};

}  // namespace

H1Connection::H1Connection(const ConnectionConfig& config, ListedConnection& listed, std::shared_ptr<net::Conn> conn,
                           gale::Context context)
    : config_(config),
      listed_(listed),
      conn_(std::move(conn)),
      remote_addr_(conn_->RemoteAddr().String()),
      context_(std::move(context)) {}

// Also when the goroutine ends because a handler calls Goexit.
H1Connection::~H1Connection() {
  if (!hijacked_) (void)conn_->Close();
}

H1Connection::Outcome H1Connection::Serve() {
  if (!MakeConnContext()) return Outcome::kEnded;
  head_deadline_set_ = true;
  return Loop(HeadTimeout());
}

H1Connection::Outcome H1Connection::Resume(const gale::Error& error) {
  if (error || !AnswerWhatCame()) return Outcome::kEnded;
  return Loop(config_.idle_timeout);
}

H1Connection::Outcome H1Connection::Loop(std::chrono::nanoseconds timeout) {
  for (;; timeout = config_.idle_timeout) {
    switch (WaitForBytes(timeout)) {
      case Wait::kBytes: break;
      case Wait::kFailed: return Outcome::kEnded;
      case Wait::kNothingYet: return Outcome::kIdle;
    }
    if (!AnswerWhatCame()) return Outcome::kEnded;
  }
}

H1Connection::Wait H1Connection::WaitForBytes(std::chrono::nanoseconds timeout) {
  const TimePoint now = CoarseNow();
  idle_until_ = After(timeout, now);
  const bool is_short = timeout.count() > 0 && timeout <= kGoroutineWaits;
  conn_->SetReadDeadline(is_short ? idle_until_ : now + kGoroutineWaits);
  const gale::Error error = conn_->WaitReadable();
  if (error && (is_short || error != Errc::kTimeout)) return Wait::kFailed;
  if (error || head_deadline_set_) conn_->SetReadDeadline(idle_until_);
  return error ? Wait::kNothingYet : Wait::kBytes;
}

// AnswerWhatCame returns whether the connection waits for another request.
bool H1Connection::AnswerWhatCame() {
  Next next = Next::kGoOn;
  {
    Lease lease(*config_.exchanges, conn_, config_.write_timeout);
    next = ServeWhatCame(*lease);
    if (hijacked_) return false;
    // Who does not read does not read on either.
    if ((*lease).wire.Flush() || (*lease).wire.Broken()) next = Next::kClose;
  }
  if (next == Next::kGoOn && listed_.BecomesIdle()) return true;
  if (next != Next::kClose) Linger();
  return false;
}

// ServeWhatCame reads once and answers every request that is complete, and the one that is not, until nothing
// unanswered is left.
H1Connection::Next H1Connection::ServeWhatCame(H1Exchange& exchange) {
  std::size_t left = config_.max_pipelined_requests;  // 0, no limit, wraps around
  do {
    Next next = ReadHead(exchange);
    if (next == Next::kGoOn) next = ServeRequest(exchange, --left != 0);
    if (next != Next::kGoOn) return next;
  } while (!exchange.wire.Input().empty());
  return Next::kGoOn;
}

// ReadHead reads until a whole head is there. The deadline is for all of it, not for each read.
H1Connection::Next H1Connection::ReadHead(H1Exchange& exchange) {
  exchange.parser.Reset();
  request_end_ = {};
  exchange.request.Header().Clear();
  exchange.request.Trailer().Clear();
  InputBuffer& input = exchange.wire.Input();
  bool deadline_set = std::exchange(head_deadline_set_, false);
  bool may_be_early = true;
  for (;;) {
    if (!input.empty()) {
      switch (exchange.parser.Parse(input.Unread())) {
        case ParseState::kComplete: return Next::kGoOn;
        case ParseState::kError: return Refuse(exchange, exchange.parser.Error(), BodyFor(input.Unread()));
        case ParseState::kIncomplete: break;
      }
      if (!deadline_set) conn_->SetReadDeadline(After(HeadTimeout()));
      if (config_.read_timeout.count() > 0 && request_end_ == TimePoint{}) request_end_ = After(config_.read_timeout);
      deadline_set = true;
    }
    auto received = exchange.wire.Receive(input.FreeSpace());
    if (!received) {
      if (std::exchange(may_be_early, false) && input.empty() && IsEarly(received.error())) continue;
      return HeadInterrupted(exchange, received.error());
    }
    input.Received(*received);
    if (!listed_.BecomesActive()) return Next::kClose;
  }
}

// IsEarly: WaitReadable had returned without bytes, and what has passed since is only the time that a goroutine waits.
bool H1Connection::IsEarly(const gale::Error& error) {
  if (error != Errc::kTimeout || (idle_until_ != TimePoint{} && CoarseNow() >= idle_until_)) return false;
  conn_->SetReadDeadline(idle_until_);
  return true;
}

std::chrono::nanoseconds H1Connection::HeadTimeout() const {
  const bool has_both = config_.read_timeout.count() > 0 && config_.read_header_timeout.count() > 0;
  if (has_both) return std::min(config_.read_timeout, config_.read_header_timeout);
  return std::max(config_.read_timeout, config_.read_header_timeout);
}

H1Connection::Next H1Connection::HeadInterrupted(H1Exchange& exchange, const gale::Error& error) {
  // A client that has said nothing yet is owed nothing. An empty line is what old clients send behind a body.
  if (std::string_view("\r\n").starts_with(exchange.wire.Input().Unread())) return Next::kClose;
  const ErrorBody send_body = BodyFor(exchange.wire.Input().Unread());
  if (error == Errc::kEof) return Refuse(exchange, {kStatusBadRequest}, send_body);
  if (error == Errc::kTimeout) return Refuse(exchange, {kStatusRequestTimeout}, send_body);
  return Next::kClose;
}

H1Connection::Next H1Connection::Refuse(H1Exchange& exchange, const ParseError& error, ErrorBody send_body) {
  exchange.wire.Release();
  AppendErrorReply(exchange.wire.Output(), error, send_body);
  return Next::kLinger;
}

H1Connection::Next H1Connection::ServeRequest(H1Exchange& exchange, bool may_go_on) {
  const RequestHead& head = exchange.parser.Head();
  const ErrorBody send_body = head.method == "HEAD" ? ErrorBody::kOmit : ErrorBody::kSend;
  if (config_.max_body_bytes > 0 && head.content_length > config_.max_body_bytes) {
    return Refuse(exchange, {kStatusRequestEntityTooLarge}, send_body);
  }
  InputBuffer& input = exchange.wire.Input();
  input.Consume(exchange.parser.HeadLength());
  input.Pin();
  exchange.body.Begin(head, config_.body, RequestEnd());
  if (!FillRequest(exchange)) return Refuse(exchange, {kStatusBadRequest}, send_body);
  // Behind a CONNECT comes a tunnel's data if anything, never a request.
  exchange.response.Begin(head, may_go_on && head.keep_alive && head.method != "CONNECT", listed_);
  CallHandler(exchange);
  if (hijacked_) return Next::kClose;
  exchange.body.End();
  input.Unpin();
  if (exchange.response.KeepAlive()) return Next::kGoOn;
  // What the client is still sending, or sends because it does not know yet that this is the end, would turn the close
  // into a reset, and take our answer with it. A body is read to its end and no further: behind it there may be more,
  // as the empty line that old clients send.
  const bool has_body = head.chunked || head.content_length > 0;
  return !head.keep_alive && !has_body && input.empty() ? Next::kClose : Next::kLinger;
}

// RequestEnd is when the whole request must be there.
std::chrono::steady_clock::time_point H1Connection::RequestEnd() const {
  if (config_.read_timeout.count() == 0 || request_end_ != TimePoint{}) return request_end_;
  return After(config_.read_timeout);
}

bool H1Connection::FillRequest(H1Exchange& exchange) {
  const RequestHead& head = exchange.parser.Head();
  http::Request& request = exchange.request;
  if (!request.URL().ParseRequestTarget(head.method, head.target)) return false;
  request.BindViews(
      {.method = head.method, .host = head.host, .request_uri = head.target, .remote_addr = remote_addr_});
  exchange_ = &exchange;
  request.BindContext(*this);
  request.SetProto(1, head.minor_version);
  request.SetClose(!head.keep_alive);
  if (head.content_length > 0 || head.chunked) {
    request.SetBody(exchange.body, head.content_length);
  } else {
    request.SetBody(NoBody(), 0);
  }
  return true;
}

void H1Connection::CallHandler(H1Exchange& exchange) {
  gale::internal::ThrowTrace trace;
  try {
    if (exchange.request.RequestURI() == "*" && config_.answers_options) {
      exchange.response.WriteHeader(kStatusOK);
    } else {
      ServeHTTP(exchange, trace);
    }
    exchange.response.Finish();
  } catch (...) {
    HandlerThrew(exchange, trace);
  }
  hijacked_ = exchange.response.IsHijacked();
}

void H1Connection::ServeHTTP(H1Exchange& exchange, gale::internal::ThrowTrace& trace) {
  struct Ender {
    H1Connection& connection;
    ~Ender() {
      if (connection.request_has_context_) connection.EndContext();
    }
  } ender{*this};
  trace.Call([&] { config_.handler->ServeHTTP(exchange.response, exchange.request); });
}

void H1Connection::AddLocalAddr() {
  context_ = WithValue(context_, kLocalAddrContextKey, conn_->LocalAddr());
  has_local_addr_ = true;
}

gale::Context H1Connection::MakeContext() {
  if (!has_local_addr_) AddLocalAddr();
  auto [context, cancel] = WithCancel(context_);
  cancel_request_ = cancel;
  request_has_context_ = true;
  exchange_->wire.CancelOnBroken(cancel);
  conn_->CancelOnPeerClosed(cancel);
  return context;
}

void H1Connection::EndContext() {
  conn_->CancelOnPeerClosed({});
  exchange_->wire.CancelOnBroken({});
  std::exchange(cancel_request_, {})();
  request_has_context_ = false;
}

// MakeConnContext returns false if the program's function has thrown.
bool H1Connection::MakeConnContext() {
  if (config_.conn_context == nullptr) return true;
  AddLocalAddr();
  try {
    context_ = (*config_.conn_context)(context_, conn_);
    return true;
  } catch (const std::exception& error) {
    (*config_.log)("http: conn_context for " + remote_addr_ + ": " + error.what());
    return false;
  }
}

// HandlerThrew is called in a catch block. A Goexit comes here too, and unwinds on behind it.
void H1Connection::HandlerThrew(H1Exchange& exchange, const gale::internal::ThrowTrace& trace) {
  const std::type_info* type = abi::__cxa_current_exception_type();
  std::exception_ptr exception = std::current_exception();
  if (exception == nullptr || type == nullptr) {
    // Nobody else will send what is ready, be it the answers to earlier requests.
    hijacked_ = exchange.response.IsHijacked();
    exchange.response.Abort();
    (void)exchange.wire.Flush();
    return;
  }
  std::string line = "http: panic serving " + remote_addr_ + ": ";
  try {
    std::rethrow_exception(exception);
  } catch (const AbortHandler&) {
    (void)exchange.response.BreakOff();
    return;
  } catch (const std::exception& error) {
    line += error.what();
  } catch (...) {
    line += "an exception of type ";
    line += type->name();
  }
  line += '\n';
  line += trace.Text();
  if (line.ends_with('\n')) line.pop_back();
  (*config_.log)(line);
  exchange.response.Abort();
}

// Linger lets the client read our last answer: closing a socket with unread bytes resets the connection, which may
// destroy what the client has not read yet (RFC 9112 section 9.6).
void H1Connection::Linger() {
  if (conn_->CloseWrite()) return;
  conn_->SetReadDeadline(CoarseNow() + kLingerTime);
  char scratch[2048];
  for (std::size_t dropped = 0; dropped < kMostLingerBytes;) {
    auto count = conn_->Read(scratch);
    if (!count) return;
    dropped += *count;
  }
}

}  // namespace gale::http::internal

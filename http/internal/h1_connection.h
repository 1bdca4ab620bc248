// H1Connection: serves one HTTP/1 connection, from the first byte to the last.
//
// It is one goroutine's loop: wait for bytes (holding nothing but this object), parse what came, call the handler for
// each request in it, send all the answers by one write, wait again. A connection on which nothing comes for a while
// gives up the goroutine, too, and gets another one with the next bytes.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "gale/http/handler.h"
#include "gale/http/internal/connection_list.h"
#include "gale/http/internal/error_reply.h"
#include "gale/http/internal/h1_exchange.h"
#include "gale/http/request.h"
#include "gale/net/conn.h"
#include "gale/runtime/context.h"

namespace gale::internal {
class ThrowTrace;
}

namespace gale::http::internal {

using ConnContextFunction = std::function<gale::Context(const gale::Context&, const std::shared_ptr<net::Conn>&)>;

// ConnectionConfig is what all connections of a server share.
struct ConnectionConfig {
  http::Handler* handler = nullptr;
  H1ExchangePool* exchanges = nullptr;
  const LogFunction* log = nullptr;
  std::chrono::nanoseconds read_header_timeout{};
  std::chrono::nanoseconds read_timeout{};
  BodyLimits body;
  std::chrono::nanoseconds write_timeout{};
  std::chrono::nanoseconds idle_timeout{};
  std::int64_t max_body_bytes = 0;
  // Null, or makes a connection's context of its server's.
  const ConnContextFunction* conn_context = nullptr;
  std::size_t max_pipelined_requests = 0;
  bool answers_options = true;  // "OPTIONS *"; no other method has that target
};

// H1Connection runs on the goroutine that calls Serve or Resume; conn.Close() from elsewhere ends it. The destructor
// closes it.
class H1Connection final : private ContextSource {
 public:
  // config and listed must outlive the connection. conn is the listed one, perhaps under another address; context is
  // the server's.
  H1Connection(const ConnectionConfig& config, ListedConnection& listed, std::shared_ptr<net::Conn> conn,
               gale::Context context);

  ~H1Connection();

  // Serve serves requests until the connection has ended, or until no goroutine should wait for the next one: then the
  // caller has Resume called by conn.GoWhenReadable, with its result. Both throw nothing.
  enum class Outcome { kEnded, kIdle };
  Outcome Serve();
  Outcome Resume(const gale::Error& error);

  net::Conn& Conn() const { return *conn_; }

 private:
  // What is to be done next with the connection.
  enum class Next { kGoOn, kClose, kLinger };

  Outcome Loop(std::chrono::nanoseconds timeout);
  enum class Wait { kBytes, kFailed, kNothingYet };
  Wait WaitForBytes(std::chrono::nanoseconds timeout);
  bool AnswerWhatCame();
  Next ServeWhatCame(H1Exchange& exchange);
  Next ReadHead(H1Exchange& exchange);
  bool IsEarly(const gale::Error& error);
  std::chrono::nanoseconds HeadTimeout() const;
  std::chrono::steady_clock::time_point RequestEnd() const;
  Next HeadInterrupted(H1Exchange& exchange, const gale::Error& error);
  Next Refuse(H1Exchange& exchange, const ParseError& error, ErrorBody send_body);
  Next ServeRequest(H1Exchange& exchange, bool may_go_on);
  bool FillRequest(H1Exchange& exchange);
  void CallHandler(H1Exchange& exchange);
  void ServeHTTP(H1Exchange& exchange, gale::internal::ThrowTrace& trace);
  bool MakeConnContext();
  void AddLocalAddr();
  gale::Context MakeContext() override;
  void EndContext();
  void HandlerThrew(H1Exchange& exchange, const gale::internal::ThrowTrace& trace);
  void Linger();

  const ConnectionConfig& config_;
  ListedConnection& listed_;
  const std::shared_ptr<net::Conn> conn_;
  std::string remote_addr_;
  bool head_deadline_set_ = false;                     // the read deadline is already that of the next head
  std::chrono::steady_clock::time_point idle_until_;   // when the wait for the next request is over; none: never
  std::chrono::steady_clock::time_point request_end_;  // when read_timeout is over; none: not known yet

  gale::Context context_;
  bool hijacked_ = false;             // conn_ is a handler's now
  bool has_local_addr_ = false;       // context_ has the value of kLocalAddrContextKey
  H1Exchange* exchange_ = nullptr;    // the one whose request asks for its context
  bool request_has_context_ = false;  // cancel_request_ is to be called, and forgotten by conn_ and exchange_
  gale::CancelFunc cancel_request_;
};

}  // namespace gale::http::internal

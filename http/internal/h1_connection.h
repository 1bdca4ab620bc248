// H1Connection: serves one HTTP/1 connection, from the first byte to the last.
//
// It is one goroutine's loop: wait for bytes (holding nothing but this object), parse what came, call the handler for
// each request in it, send all the answers by one write, wait again.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "gale/http/handler.h"
#include "gale/http/internal/error_reply.h"
#include "gale/http/internal/h1_exchange.h"
#include "gale/net/conn.h"

namespace gale::http::internal {

// ConnectionConfig is what all connections of a server share.
struct ConnectionConfig {
  http::Handler* handler = nullptr;
  H1ExchangePool* exchanges = nullptr;
  const LogFunction* log = nullptr;
  std::chrono::nanoseconds read_header_timeout{};
  std::chrono::nanoseconds body_idle_timeout{};
  std::chrono::nanoseconds write_timeout{};
  std::chrono::nanoseconds idle_timeout{};
  std::int64_t max_body_bytes = 0;
};

// H1Connection runs on the goroutine that calls Serve; conn.Close() from elsewhere ends it.
class H1Connection {
 public:
  // config must outlive the connection.
  H1Connection(const ConnectionConfig& config, std::shared_ptr<net::Conn> conn);

  // Serve returns when the connection has ended, and closes it. Throws nothing.
  void Serve();

 private:
  // What is to be done next with the connection.
  enum class Next { kGoOn, kClose, kLinger };

  bool WaitForBytes(std::chrono::nanoseconds timeout);
  Next ServeWhatCame(H1Exchange& exchange);
  Next ReadHead(H1Exchange& exchange);
  Next HeadInterrupted(H1Exchange& exchange, const gale::Error& error);
  Next Refuse(H1Exchange& exchange, const ParseError& error, ErrorBody send_body = ErrorBody::kSend);
  Next ServeRequest(H1Exchange& exchange);
  bool FillRequest(H1Exchange& exchange);
  void CallHandler(H1Exchange& exchange);
  void HandlerThrew(H1Exchange& exchange);
  void Linger();

  const ConnectionConfig& config_;
  std::shared_ptr<net::Conn> conn_;
  std::string remote_addr_;
  bool head_deadline_set_ = false;  // the read deadline is already that of the next head
};

}  // namespace gale::http::internal

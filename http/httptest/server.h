// httptest::Server: a server in memory, with all that a real one does but no port.
//
//   httptest::Server server(mux);
//   std::string answer = server.Exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
//
// It works in a bubble of testing/synctest.h, where its timeouts take no time:
//
//   gale::testing::Synctest([&] {
//     httptest::Server server(mux, {.idle_timeout = 60s});
//     auto conn = server.Dial();
//     ...
//     gale::Sleep(61s);                             // at once
//     EXPECT_EQ(conn->Read(buffer).error(), gale::Errc::kEof);
//   });
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gale/http/handler_ref.h"
#include "gale/http/server.h"
#include "gale/net/conn.h"
#include "gale/net/pipe.h"
#include "gale/runtime/wait_group.h"

namespace gale::http::httptest {

// Server serves from its construction until Close or its destruction. Goroutine- and thread-safe. Source: Go's
// net/http/httptest.Server.
class Server {
 public:
  // options.handler is replaced by the handler; options.addr is not used.
  explicit Server(HandlerRef handler, ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { Close(); }

  // Dial makes a connection to the server. `buffer` bytes can be on the way in each direction. After Close it throws
  // gale::Panic.
  std::shared_ptr<net::Conn> Dial(std::size_t buffer = net::PipeOptions().buffer);

  // Exchange sends the bytes on a connection of its own and returns all that comes back until the server closes it. So
  // the last request should say "Connection: close".
  std::string Exchange(std::string_view bytes);

  // Config is the server itself, for Shutdown, SetKeepAlivesEnabled and so on.
  http::Server& Config() { return server_; }

  // Close waits until all requests have been answered. Idempotent.
  void Close();
  // CloseNow does not.
  void CloseNow() { server_.Close(); }

 private:
  http::Server server_;
  const std::shared_ptr<net::PipeListener> listener_ = std::make_shared<net::PipeListener>();
  WaitGroup serving_;
};

}  // namespace gale::http::httptest

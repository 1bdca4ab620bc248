// A server and its clients in simulated time, where a timeout takes none and comes to the nanosecond.
//
//   InBubble(Echo, {.idle_timeout = 60s}, [](httptest::Server& server) {
//     BubbleClient client(server);
//     client.Send(Get("/"));
//     EXPECT_EQ(client.Status(), "200");
//     EXPECT_EQ(client.Receive(), "EOF");
//     EXPECT_EQ(client.Elapsed(), 60s);
//   });
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gale/http/httptest/server.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/go.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"

namespace gale::http::testing {

// BubbleClient is a connection to an httptest::Server, with the time since it was made.
class BubbleClient {
 public:
  explicit BubbleClient(httptest::Server& server, std::size_t buffer = 64 * 1024) : conn_(server.Dial(buffer)) {}

  void Send(std::string_view bytes) { (void)conn_->Write(bytes); }
  // Drip sends one byte after the other, with pauses.
  void Drip(std::string_view bytes, std::chrono::nanoseconds pause) {
    for (const char c : bytes) {
      Send({&c, 1});
      gale::Sleep(pause);
    }
  }
  // Receive returns what comes next, or the error.
  std::string Receive() {
    char buffer[4096];
    auto count = conn_->Read(buffer);
    return count ? std::string(buffer, *count) : count.error().Message();
  }
  // Status is that of the next response, or the error.
  std::string Status() {
    const std::string received = Receive();
    return received.starts_with("HTTP/1.1 ") ? received.substr(9, 3) : received;
  }
  std::chrono::nanoseconds Elapsed() const { return Clock::now() - start_; }
  net::Conn& Conn() { return *conn_; }

 private:
  const std::shared_ptr<net::Conn> conn_;
  const Clock::time_point start_ = Clock::now();
};

// InBubble runs the test in a bubble, with a server.
template <typename Test>
void InBubble(const HandlerFunc::Function& function, ServerOptions options, Test test) {
  gale::testing::Synctest([&] {
    HandlerFunc handler(function);
    httptest::Server server(handler, options);
    test(server);
  });
}

}  // namespace gale::http::testing

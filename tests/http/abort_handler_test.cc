// Handlers that are interrupted by an exception, in the middle of their answer or after they took the connection over;
// and AbortHandler, which says that this is meant to be.
#include "gale/http/abort_handler.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

#include "gale/http/timeout_handler.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/context.h"
#include "gale/runtime/panic.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

struct Row {
  const char* name;
  std::function<void()> interrupt;
  std::string log;  // none: ""
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class InterruptTest : public ::testing::TestWithParam<Row> {
 protected:
  static void ExpectLog(TestServer& server) {
    ASSERT_EQ(server.Log().size(), GetParam().log.empty() ? 0u : 1u);
    if (!GetParam().log.empty()) {
      EXPECT_TRUE(server.Log()[0].find(": " + GetParam().log + "\ngoroutine ") != std::string::npos) << server.Log()[0];
    }
  }
};

// Behaviour group 40.
TEST_P(InterruptTest, BreaksOffWhatWasFlushed) {
  TestServer server([](ResponseWriter& w, Request&) {
    w.Header().Set("Date", "");
    (void)w.Write("hello");
    EXPECT_FALSE(w.Flush());
    GetParam().interrupt();
  });
  WireClient client = server.Connect();
  client.Send(Get("/") + Get("/"));
  EXPECT_EQ(client.ReadToEnd(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n");
  EXPECT_EQ(client.Ending(), "EOF");
  ExpectLog(server);
}

// Behaviour group 40.
TEST_P(InterruptTest, LeavesAHijackedConnectionAlone) {
  Chan<std::shared_ptr<net::Conn>> taken(1);
  TestServer server([&](ResponseWriter& w, Request&) {
    taken.Send(w.Hijack()->conn);
    GetParam().interrupt();
  });
  WireClient client = server.Connect();
  client.Send(Get("/"));
  const auto conn = *taken.Recv();
  EXPECT_FALSE(server.server().Shutdown(Background()));  // waits for the handler
  ExpectLog(server);
  EXPECT_TRUE(conn->Write("still here"));
  EXPECT_FALSE(conn->Close());
  EXPECT_EQ(client.ReadToEnd(), "still here");
}

INSTANTIATE_TEST_SUITE_P(Rows, InterruptTest,
                         ::testing::Values(Row{"Exception", [] { throw std::runtime_error("oops"); }, "oops"},
                                           Row{"Panic", [] { throw gale::Panic("misuse"); }, "misuse"},
                                           Row{"Null", [] { throw nullptr; }, "an exception of type Dn"},
                                           Row{"AbortHandler", [] { throw AbortHandler(); }, ""}),
                         [](const auto& row) { return row.param.name; });

// Behaviour group 40.
TEST(AbortHandlerTest, WhatWasNotFlushedIsNotSentAndNothingIsLogged) {
  const HandlerFunc::Function handlers[] = {
      [](ResponseWriter&, Request&) { throw AbortHandler(); },
      [](ResponseWriter& w, Request&) {
        w.WriteHeader(201);
        throw AbortHandler();
      },
      [](ResponseWriter& w, Request&) {
        (void)w.Write(std::string(2048, 'x'));
        throw AbortHandler();
      },
  };
  for (const auto& handler : handlers) {
    TestServer server(handler);
    const Baseline base;
    for (const std::string& request : {Get("/"), Post("/", std::string(100'000, 'x'))}) {
      WireClient client = server.Connect();
      client.Send(request);
      EXPECT_TRUE(client.AtEnd()) << client.Ending();
    }
    EXPECT_TRUE(base.BackAgain());
    EXPECT_TRUE(server.Log().empty());
  }
}

TEST(AbortHandlerTest, TheAnswersBeforeAreComplete) {
  TestServer server([](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/abort") throw AbortHandler();
    (void)w.Write("fine");
  });
  WireClient client = server.Connect();
  client.Send(Get("/") + Get("/") + Get("/abort") + Get("/"));
  EXPECT_EQ(client.ReadResponse().body, "fine");
  EXPECT_EQ(client.ReadResponse().body, "fine");
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_TRUE(server.Log().empty());
}

TEST(AbortHandlerTest, PassesATimeoutHandler) {
  HandlerFunc inner([](ResponseWriter& w, Request&) {
    (void)w.Write("lost");
    throw AbortHandler();
  });
  TimeoutHandler handler(inner, 60s);
  TestServer server({}, {.handler = &handler});
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_TRUE(server.Log().empty());
}

}  // namespace
}  // namespace gale::http

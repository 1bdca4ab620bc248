// Which connections live on after a response, what the response says about it, and what a long-lived one keeps.
#include <gtest/gtest.h>

#include <string>

#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

struct Row {
  const char* name;
  const char* version;
  const char* request_connection;
  const char* handler_connection;
  const char* expected_connection;
  bool open;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// Behaviour groups 25 and 26.
class KeepAliveTest : public ::testing::TestWithParam<Row> {};

TEST_P(KeepAliveTest, IsAsExpected) {
  const Row& row = GetParam();
  TestServer server([&row](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/next") return;
    if (*row.handler_connection != '\0') w.Header().Set("Connection", row.handler_connection);
    (void)w.Write("x");
  });
  WireClient client = server.Connect();
  std::string request = std::string("GET / ") + row.version + "\r\nHost: a\r\n";
  if (*row.request_connection != '\0') request += std::string("Connection: ") + row.request_connection + "\r\n";
  const WireResponse response = client.Ask(request + "\r\n");
  EXPECT_EQ(response.body, "x");
  EXPECT_EQ(response.Get("Connection"), row.expected_connection);
  if (row.open) {
    EXPECT_EQ(client.Ask(Get("/next")).status, 200);
  } else {
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, KeepAliveTest,
    ::testing::Values(Row{"Default11", "HTTP/1.1", "", "", "(none)", true},
                      Row{"KeepAlive11", "HTTP/1.1", "keep-alive", "", "(none)", true},
                      Row{"Close11", "HTTP/1.1", "close", "", "close", false},
                      Row{"Close11OtherCase", "HTTP/1.1", "CLOSE", "", "close", false},
                      Row{"Close11InList", "HTTP/1.1", "foo, close ,bar", "", "close", false},
                      Row{"CloseAndKeepAlive11", "HTTP/1.1", "keep-alive, close", "", "close", false},
                      Row{"Unknown11", "HTTP/1.1", "closed", "", "(none)", true},
                      Row{"Default10", "HTTP/1.0", "", "", "close", false},
                      Row{"KeepAlive10", "HTTP/1.0", "keep-alive", "", "keep-alive", true},
                      Row{"KeepAlive10OtherCase", "HTTP/1.0", "Keep-Alive", "", "keep-alive", true},
                      Row{"Close10", "HTTP/1.0", "close", "", "close", false},
                      Row{"CloseAndKeepAlive10", "HTTP/1.0", "close, keep-alive", "", "close", false},
                      Row{"Default12", "HTTP/1.2", "", "", "(none)", true},
                      Row{"HandlerCloses11", "HTTP/1.1", "", "close", "close", false},
                      Row{"HandlerClosesOtherCase", "HTTP/1.1", "", "Close", "close", false},
                      Row{"HandlerCloses10", "HTTP/1.0", "keep-alive", "close", "close", false},
                      Row{"HandlerClosesInList", "HTTP/1.1", "", "x, close", "x, close, close", false},
                      Row{"HandlerKeepsAlive10", "HTTP/1.0", "", "keep-alive", "close", false}),
    [](const auto& row) { return row.param.name; });

// What a client is still sending, because it cannot know yet that the server will not go on, must not destroy the
// answer that says so.
TEST(CloseTest, TheAnswerSurvivesFurtherRequests) {
  TestServer server([](ResponseWriter& w, Request&) {
    w.Header().Set("Connection", "close");
    (void)w.Write(std::string(100'000, 'x'));
  });
  for (int i = 0; i < 20; ++i) {
    WireClient client = server.Connect();
    client.Send(Get("/"));
    EXPECT_TRUE(Eventually([&] { return client.Pending() > 0; }));
    for (int j = 0; j < 100; ++j) client.Send(Get("/"));
    EXPECT_EQ(client.ReadResponse().body.size(), 100'000u);
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
}

TEST(CloseTest, NothingBehindACloseIsServed) {
  std::atomic<int> served = 0;
  TestServer server([&](ResponseWriter&, Request&) { ++served; });
  WireClient client = server.Connect();
  client.Send(Get("/", "Connection: close\r\n") + Get("/") + Get("/"));
  EXPECT_EQ(client.ReadResponse().Get("Connection"), "close");
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_EQ(served, 1);
}

// Behind a CONNECT may come a tunnel's data, whatever the handler has answered.
TEST(CloseTest, NothingBehindAConnectIsServed) {
  std::atomic<int> served = 0;
  TestServer server([&](ResponseWriter& w, Request&) {
    ++served;
    w.WriteHeader(405);
  });
  WireClient client = server.Connect();
  client.Send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n" + Get("/"));
  EXPECT_EQ(client.ReadResponse().Get("Connection"), "close");
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_EQ(served, 1);
}

TEST(CloseTest, AClientMayCloseItsDirectionAfterTheRequest) {
  TestServer server([](ResponseWriter& w, Request&) {
    gale::Sleep(20ms);
    (void)w.Write("late");
  });
  WireClient client = server.Connect();
  client.Send(Get("/"));
  client.CloseWrite();
  EXPECT_EQ(client.ReadResponse().body, "late");
  EXPECT_TRUE(client.AtEnd());
}

TEST(LongLivedTest, TenThousandRequestsOnOneConnection) {
  TestServer server([](ResponseWriter& w, Request& r) { (void)w.Write(r.URL().RawQuery()); });
  WireClient client = server.Connect();
  ASSERT_EQ(client.Ask(Get("/")).status, 200);
  const Baseline base;
  for (int i = 0; i < 10'000; ++i) {
    const std::string query = std::to_string(i);
    ASSERT_EQ(client.Ask(Get("/?" + query)).body, query);
  }
  EXPECT_TRUE(base.BackAgain());
}

// One request's fields, path values or body never show up in the next one, which uses the same memory.
TEST(LongLivedTest, NothingIsLeftOfTheRequestBefore) {
  TestServer server([](ResponseWriter& w, Request& r) {
    auto body = gale::ReadAll(r.Body());
    (void)w.Write(std::string(r.Method()) + "|" + std::string(r.RequestURI()) + "|" + std::string(r.Header().Get("X")) +
                  "|" + std::to_string(r.Header().size()) + "|" + std::to_string(r.Trailer().size()) + "|" +
                  std::to_string(r.ContentLength()) + "|" + body.value_or("error") + "|" + std::string(r.Pattern()) +
                  "|" + std::string(r.Proto()));
    r.SetPattern("left over");
    w.Header().Set("X", "left over");
  });
  WireClient client = server.Connect();
  EXPECT_EQ(client
                .Ask("PUT /long?query HTTP/1.1\r\nHost: a\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "4\r\nbody\r\n0\r\nT: u\r\n\r\n")
                .body,
            "PUT|/long?query|y|2|1|-1|body||HTTP/1.1");
  const WireResponse second = client.Ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(second.body, "GET|/||1|0|0|||HTTP/1.0");
  EXPECT_EQ(client.Ask(Get("/")).body, "GET|/||0|0|0|||HTTP/1.1");
}

TEST(LongLivedTest, FiveHundredConnectionsAtOnce) {
  TestServer server([](ResponseWriter& w, Request& r) { (void)w.Write(r.URL().RawQuery()); });
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const Baseline base;
  {
    std::vector<WireClient> clients;
    for (int i = 0; i < 500; ++i) clients.push_back(server.Connect());
    for (int round = 0; round < 5; ++round) {
      for (std::size_t i = 0; i < clients.size(); ++i) clients[i].Send(Get("/?" + std::to_string(i)));
      for (std::size_t i = 0; i < clients.size(); ++i) {
        ASSERT_EQ(clients[i].ReadResponse().body, std::to_string(i));
      }
    }
  }
  EXPECT_TRUE(base.BackAgain());
}

}  // namespace
}  // namespace gale::http

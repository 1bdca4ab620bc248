// Behaviour groups 14 and 15. "Expect: 100-continue": the client waits for a go-ahead before it sends its body. It
// comes when, and only when, the handler reads the body and has not answered yet.
#include <gtest/gtest.h>

#include <string>

#include "gale/http/status.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

const std::string kSized = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
const std::string kChunked = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(ExpectContinueTest, IsSentWhenTheBodyIsRead) {
  TestServer server(Echo);
  WireClient client = server.Connect();
  for (int i = 0; i < 3; ++i) {
    client.Send(kSized);
    EXPECT_EQ(client.ReadResponse().raw_head, "HTTP/1.1 100 Continue\r\n\r\n");
    client.Send("hello");
    EXPECT_EQ(client.ReadResponse().body, "hello");
    client.Send(kChunked);
    EXPECT_EQ(client.ReadResponse().raw_head, "HTTP/1.1 100 Continue\r\n\r\n");
    client.Send("2\r\nhi\r\n0\r\n\r\n");
    EXPECT_EQ(client.ReadResponse().body, "hi");
  }
}

TEST(ExpectContinueTest, ComesBehindTheAnswersToEarlierRequests) {
  TestServer server(Echo);
  WireClient client = server.Connect();
  client.Send(Post("/", "first") + kSized);
  EXPECT_EQ(client.ReadResponse().body, "first");
  EXPECT_EQ(client.ReadResponse().status, 100);
  client.Send("hello");
  EXPECT_EQ(client.ReadResponse().body, "hello");
}

// A client that has sent the body without waiting has got its go-ahead.
TEST(ExpectContinueTest, IsNotNeededIfTheBodyIsThere) {
  TestServer server(Echo);
  WireClient client = server.Connect();
  client.Send(kSized + "hello" + Get("/"));
  EXPECT_EQ(client.ReadResponse().body, "hello");
  EXPECT_EQ(client.ReadResponse().status, 200);
}

struct Row {
  const char* name;
  std::string request;
  std::string body;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class NoContinueTest : public ::testing::TestWithParam<Row> {};

TEST_P(NoContinueTest, TheFirstResponseIsFinal) {
  TestServer server(Echo);
  WireClient client = server.Connect();
  client.Send(GetParam().request);
  ::usleep(2000);
  client.Send(GetParam().body);
  EXPECT_EQ(client.ReadResponse().body, GetParam().body);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, NoContinueTest,
    ::testing::Values(Row{"Http10", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "hello"},
                      Row{"EmptyBody",
                          "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", ""},
                      Row{"NoBody", Get("/", "Expect: 100-continue\r\n"), ""},
                      Row{"NotExpected", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "hello"}),
    [](const auto& row) { return row.param.name; });

// An answer without reading: no go-ahead may follow, and as nobody knows whether the client sends its body now, its
// next bytes are neither body nor request.
class AnsweredFirstTest : public ::testing::TestWithParam<Row> {};

TEST_P(AnsweredFirstTest, ClosesTheConnection) {
  std::atomic<int> served = 0;
  TestServer server([&](ResponseWriter& w, Request&) {
    ++served;
    w.WriteHeader(kStatusUnauthorized);
    (void)w.Write(GetParam().body);
  });
  WireClient client = server.Connect();
  client.Send(GetParam().request);
  const WireResponse response = client.ReadResponse();
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.body.size(), GetParam().body.size());
  EXPECT_EQ(response.Get("Connection"), "close");
  client.Send(Get("/smuggled"));
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_EQ(served, 1);
}

INSTANTIATE_TEST_SUITE_P(Rows, AnsweredFirstTest,
                         ::testing::Values(Row{"Sized", kSized, "no"}, Row{"Chunked", kChunked, "no"},
                                           Row{"SizedLarge", kSized, std::string(100'000, 'n')},
                                           Row{"ChunkedLarge", kChunked, std::string(100'000, 'n')}),
                         [](const auto& row) { return row.param.name; });

TEST(ExpectContinueTest, NoneAfterTheHandlerHasAnswered) {
  TestServer server([](ResponseWriter& w, Request& r) {
    w.WriteHeader(kStatusAccepted);
    auto body = gale::ReadAll(r.Body());
    (void)w.Write(body.value_or("error"));
  });
  WireClient client = server.Connect();
  client.Send(kSized);
  ::usleep(2000);
  client.Send("hello");
  const WireResponse response = client.ReadResponse();
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "hello");
}

TEST(ExpectContinueTest, TheHandlerCanSendItItself) {
  TestServer server([](ResponseWriter& w, Request& r) {
    w.WriteHeader(kStatusContinue);
    Echo(w, r);
  });
  WireClient client = server.Connect();
  client.Send(kSized);
  EXPECT_EQ(client.ReadResponse().status, 100);
  client.Send("hello");
  EXPECT_EQ(client.ReadResponse().body, "hello");
  EXPECT_EQ(client.Ask(Get("/")).status, 100);
}

TEST(ExpectContinueTest, OtherExpectationsFail) {
  std::atomic<int> served = 0;
  TestServer server([&](ResponseWriter&, Request&) { ++served; });
  for (const char* expectation : {"x", "100-continue, x", "200-ok"}) {
    WireClient client = server.Connect();
    client.Send(Post("/", "hello", "Expect: " + std::string(expectation) + "\r\n"));
    const WireResponse response = client.ReadResponse();
    EXPECT_EQ(response.status, 417);
    EXPECT_EQ(response.Get("Connection"), "close");
    EXPECT_EQ(response.Get("Content-Length"), "0");
    EXPECT_TRUE(client.AtEnd());
  }
  EXPECT_EQ(served, 0);
}

TEST(ExpectContinueTest, ATooLargeBodyIsRefusedInsteadOfAskedFor) {
  TestServer server(Echo, {.max_body_bytes = 4});
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(kSized).status, 413);
  EXPECT_TRUE(client.AtEnd());
}

}  // namespace
}  // namespace gale::http

// Pipelining: requests that arrive together are answered in their order and leave together; and a client that sends
// requests but reads no answers costs a bounded amount of memory.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <string>

#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

void Query(ResponseWriter& w, Request& r) { (void)w.Write(r.URL().RawQuery()); }

TEST(PipeliningTest, AnswersComeInOrder) {
  TestServer server(Query);
  WireClient client = server.Connect();
  for (int count : {1, 2, 3, 50, 1000}) {
    std::string requests;
    for (int i = 0; i < count; ++i) requests += Get("/?" + std::to_string(i));
    client.Send(requests);
    for (int i = 0; i < count; ++i) ASSERT_EQ(client.ReadResponse().body, std::to_string(i));
  }
}

// The answers to what came by one read leave by one write: once the first byte is there, all of them are.
TEST(PipeliningTest, AnswersLeaveTogether) {
  TestServer server(Query, {}, TestServer::Network::kUnix);
  WireClient client = server.Connect();
  const std::size_t one = client.Ask(Get("/?0")).raw_head.size() + 1;
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += Get("/?" + std::to_string(i % 10));
  for (int round = 0; round < 20; ++round) {
    client.Send(requests);
    ASSERT_TRUE(Eventually([&] { return client.Pending() > 0; }));
    EXPECT_EQ(client.ReceiveOnce().size(), 20 * one);
  }
}

// What is ready is not held back by a request that is not complete yet, nor by a body that has not come.
TEST(PipeliningTest, AnswersDoNotWaitForTheRestOfTheNextRequest) {
  TestServer server(Echo);
  WireClient client = server.Connect();
  const std::string next = Post("/", "second");
  for (std::size_t size = 1; size < next.size(); ++size) {
    client.Send(Post("/", "first") + next.substr(0, size));
    EXPECT_EQ(client.ReadResponse().body, "first");
    client.Send(next.substr(size));
    EXPECT_EQ(client.ReadResponse().body, "second");
  }
}

TEST(PipeliningTest, DifferentKindsOfRequests) {
  TestServer server([](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/none") return w.WriteHeader(204);
    if (r.URL().Path() == "/large") return (void)w.Write(std::string(50'000, 'l'));
    Echo(w, r);
  });
  WireClient client = server.Connect();
  const std::string requests =
      Get("/none") + "HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n" + Post("/", "hello") + Get("/large") +
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + Get("/none") + Get("/");
  for (int i = 0; i < 10; ++i) client.Send(requests);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(client.ReadResponse().status, 204);
    EXPECT_EQ(client.ReadResponse("HEAD").status, 200);
    EXPECT_EQ(client.ReadResponse().body, "hello");
    EXPECT_EQ(client.ReadResponse().body.size(), 50'000u);
    EXPECT_EQ(client.ReadResponse().body, "hi");
    EXPECT_EQ(client.ReadResponse().status, 204);
    EXPECT_EQ(client.ReadResponse().body, "");
  }
}

TEST(PipeliningTest, AGoodRequestBeforeABadOneIsAnswered) {
  TestServer server(Query);
  WireClient client = server.Connect();
  client.Send(Get("/?1") + Get("/?2") + "bad\r\n\r\n" + Get("/?3"));
  EXPECT_EQ(client.ReadResponse().body, "1");
  EXPECT_EQ(client.ReadResponse().body, "2");
  EXPECT_EQ(client.ReadResponse().status, 400);
  EXPECT_TRUE(client.AtEnd());
}

std::size_t HeapInUse() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A client that never reads: the server stops reading its requests when the answers do not leave any more, for each
// kind of answer. Then the write timeout cuts it off.
class NeverReadingTest : public ::testing::TestWithParam<const char*> {};

TEST_P(NeverReadingTest, CostsABoundedAmountOfMemory) {
  std::atomic<int> served = 0;
  TestServer server([&](ResponseWriter& w, Request& r) {
    ++served;
    const std::string path(r.URL().Path());
    if (path == "/empty") return w.WriteHeader(204);
    if (path == "/head") return w.Header().Set("X", std::string(8'000, 'h'));
    (void)w.Write(std::string(path == "/large" ? 100'000 : 1000, 'x'));
  });
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const std::size_t before = HeapInUse();
  WireClient client = server.Connect();
  const timeval patience{.tv_sec = 0, .tv_usec = 300'000};
  ::setsockopt(client.Descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  std::string requests;
  while (requests.size() < 100'000) requests += Get(GetParam());
  int rounds = 0;
  while (client.Send(requests) && ++rounds < 1000) {
  }
  EXPECT_LT(rounds, 1000);  // the server has stopped reading
  EXPECT_TRUE(Eventually([&] {
    const int before_pause = served;
    ::usleep(100'000);
    return served == before_pause;
  }));
  EXPECT_LT(HeapInUse(), before + (1 << 20));
}

INSTANTIATE_TEST_SUITE_P(Rows, NeverReadingTest, ::testing::Values("/empty", "/head", "/small", "/large"),
                         [](const auto& row) { return std::string(row.param + 1); });

}  // namespace
}  // namespace gale::http

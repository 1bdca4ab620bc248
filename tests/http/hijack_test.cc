// A connection that a handler takes over: no byte that the client sends is lost, whenever it comes.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/context.h"
#include "gale/runtime/internal/span_memory.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

// All that the client has sent and still sends.
std::string ReadRest(const Hijacked& hijacked) {
  return hijacked.received + gale::ReadAll(*hijacked.conn).value_or("error");
}

// How many bytes come behind the request, before or after the connection is taken over, and whether the server was
// asked to watch the client before.
class HijackedBytesTest : public ::testing::TestWithParam<std::tuple<int, bool, bool>> {};

// Behaviour group 41.
TEST_P(HijackedBytesTest, AreAllThere) {
  const auto [size, comes_before, is_watched] = GetParam();
  const std::string bytes(static_cast<std::size_t>(size), 'f');
  Chan<int> taken(1);
  Chan<int> sent(1);
  TestServer server([&, comes_before = comes_before, is_watched = is_watched](ResponseWriter& w, Request& r) {
    gale::Context context;
    if (is_watched) context = r.Context();
    if (comes_before) (void)sent.Recv();
    auto hijacked = w.Hijack();
    taken.Send(1);
    ASSERT_TRUE(hijacked) << hijacked.error().Message();
    EXPECT_TRUE(ReadRest(*hijacked) == bytes);
    (void)hijacked->conn->Write("done");
    (void)hijacked->conn->Close();
  });
  WireClient client = server.Connect();
  client.Send(Get("/"));
  if (!comes_before) (void)taken.Recv();
  client.Send(bytes);
  client.CloseWrite();
  sent.Send(1);
  EXPECT_EQ(client.ReadToEnd(), "done");
}

INSTANTIATE_TEST_SUITE_P(Sizes, HijackedBytesTest,
                         ::testing::Combine(::testing::Values(1, 3, 8 << 10, 40'000), ::testing::Bool(),
                                            ::testing::Bool()),
                         [](const auto& row) {
                           return std::to_string(std::get<0>(row.param)) +
                                  (std::get<1>(row.param) ? "Before" : "After") +
                                  (std::get<2>(row.param) ? "Watched" : "");
                         });

// Behaviour group 41.
TEST(HijackBodyTest, WhatIsNotReadOfTheBodyIsTheConnections) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += std::to_string(i);
  TestServer server([&](ResponseWriter& w, Request& r) {
    std::string read(static_cast<std::size_t>(std::stoi(std::string(r.URL().RawQuery()))), '\0');
    for (std::size_t count = 0; count < read.size();) {
      auto got = r.Body().Read(std::span(read).subspan(count));
      ASSERT_TRUE(got) << got.error().Message();
      count += *got;
    }
    auto hijacked = w.Hijack();
    ASSERT_TRUE(hijacked) << hijacked.error().Message();
    char byte;
    EXPECT_EQ(r.Body().Read({&byte, 1}).error().Message(),
              "http: connection has been hijacked: operation not permitted");
    EXPECT_TRUE(read + ReadRest(*hijacked) == body);
    (void)hijacked->conn->Write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    (void)hijacked->conn->Close();
  });
  for (const char* target : {"/?0", "/?1", "/?100000"}) {
    WireClient client = server.Connect();
    client.Send(Post(target, body));
    client.CloseWrite();
    EXPECT_EQ(client.ReadResponse().body, "hello") << target;
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
}

// What is left of a chunked body goes, although there is no room for it behind the head; the head stays.
TEST(HijackBodyTest, LeavesTheRequestAsItIs) {
  const std::string value(3800, 'v');
  TestServer server([&](ResponseWriter& w, Request& r) {
    std::array<char, 600> read;
    for (std::size_t count = 0; count < read.size();) {
      auto got = r.Body().Read(std::span(read).subspan(count));
      ASSERT_TRUE(got) << got.error().Message();
      count += *got;
    }
    auto hijacked = w.Hijack();
    ASSERT_TRUE(hijacked) << hijacked.error().Message();
    const std::string rest = ReadRest(*hijacked);
    EXPECT_TRUE(rest.ends_with("5\r\nhello\r\n0\r\n\r\nmore")) << rest.size();
    // Who gets the memory next writes into it.
    std::vector<gale::internal::SpanBytes> others;
    for (int i = 0; i < 100; ++i) {
      std::memset(others.emplace_back(gale::internal::AllocateSpanBytes(4096)).get(), '!', 4096);
    }
    EXPECT_TRUE(r.Header().Get("X") == value);
    EXPECT_EQ(r.RequestURI(), "/target");
    (void)hijacked->conn->Write("done");
    (void)hijacked->conn->Close();
  });
  WireClient client = server.Connect();
  client.Send("POST /target HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: " + value + "\r\n\r\n");
  std::string body;
  for (int i = 0; i < 300; ++i) body += "5\r\nhello\r\n";
  client.Send(body + "0\r\n\r\nmore");
  client.CloseWrite();
  EXPECT_EQ(client.ReadToEnd(), "done");
}

// Behaviour group 41.
TEST(HijackBodyTest, AGoAheadIsNotSentForIt) {
  TestServer server([&](ResponseWriter& w, Request&) {
    auto hijacked = w.Hijack();
    ASSERT_TRUE(hijacked);
    (void)hijacked->conn->Write("mine");
    (void)hijacked->conn->Close();
  });
  WireClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.ReadToEnd(), "mine");
}

// Behaviour group 41.
TEST(HijackedResponseTest, CanDoNothingAnyMore) {
  const std::string hijacked_text = "http: connection has been hijacked: operation not permitted";
  TestServer server([&](ResponseWriter& w, Request&) {
    auto hijacked = w.Hijack();
    ASSERT_TRUE(hijacked);
    EXPECT_EQ(w.Write("").error().Message(), hijacked_text);
    EXPECT_EQ(w.Write("x").error().Message(), hijacked_text);
    EXPECT_EQ(w.Flush().Message(), hijacked_text);
    EXPECT_EQ(w.SetReadDeadline({}).Message(), hijacked_text);
    EXPECT_EQ(w.SetWriteDeadline({}).Message(), hijacked_text);
    EXPECT_EQ(w.EnableFullDuplex().Message(), hijacked_text);
    EXPECT_EQ(w.Hijack().error().Message(), hijacked_text);
    (void)hijacked->conn->Write("untouched");
    (void)hijacked->conn->Close();
  });
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_EQ(client.ReadToEnd(), "untouched");
  EXPECT_EQ(client.Ending(), "EOF");
}

// Behaviour group 41.
TEST(HijackedResponseTest, WhatWasWrittenBeforeComesBeforeTheConnectionsBytes) {
  TestServer server([&](ResponseWriter& w, Request&) {
    w.Header().Set("Date", "");
    (void)w.Write("half");
    auto hijacked = w.Hijack();
    ASSERT_TRUE(hijacked);
    (void)hijacked->conn->Write("[hijacked]");
    (void)hijacked->conn->Close();
  });
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_EQ(client.ReadToEnd(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
            "4\r\nhalf\r\n[hijacked]");
}

}  // namespace
}  // namespace gale::http

// The bytes of 1xx responses, and of a 101, behind which the connection speaks another protocol.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "gale/http/status.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

std::string AnswerTo(HandlerFunc::Function handler) {
  TestServer server(std::move(handler));
  WireClient client = server.Connect();
  client.Send(Get("/", "Connection: close\r\n"));
  return client.ReadToEnd();
}

// Behaviour group 32.
TEST(InterimBytesTest, EarlyHints) {
  const std::string answer = AnswerTo([](ResponseWriter& w, Request&) {
    w.Header().Set("Date", "");
    w.Header().Set("Content-Length", "5");  // the final response's
    w.Header().Add("Link", "</style.css>; rel=preload; as=style");
    w.Header().Add("Link", "</script.js>; rel=preload; as=script");
    w.WriteHeader(kStatusEarlyHints);
    w.Header().Add("Link", "</foo.js>; rel=preload; as=script");
    w.WriteHeader(kStatusEarlyHints);
    (void)w.Write("stuff");
  });
  const std::string two = "Link: </style.css>; rel=preload; as=style\r\nLink: </script.js>; rel=preload; as=script\r\n";
  const std::string three = two + "Link: </foo.js>; rel=preload; as=script\r\n";
  EXPECT_EQ(answer,
            "HTTP/1.1 103 Early Hints\r\n" + two + "\r\nHTTP/1.1 103 Early Hints\r\n" + three +
                "\r\nHTTP/1.1 200 OK\r\n" + three +
                "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\nConnection: close\r\n\r\nstuff");
}

// Behaviour group 32.
TEST(InterimBytesTest, Processing) {
  const std::string answer = AnswerTo([](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Length", "5");
    w.WriteHeader(kStatusProcessing);
    w.Header().Set("Date", "");
    (void)w.Write("stuff");
  });
  EXPECT_EQ(answer,
            "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 5\r\nConnection: close\r\n\r\nstuff");
}

TEST(InterimBytesTest, HaveNothingThatIsAboutTheBodyToCome) {
  const std::string answer = AnswerTo([](ResponseWriter& w, Request&) {
    w.Header().Set("Date", "");
    w.Header().Set("Content-Type", "");
    w.Header().Set("Transfer-Encoding", "chunked");
    w.Header().Set(std::string(kTrailerPrefix) + "Sum", "1");
    w.WriteHeader(kStatusProcessing);
  });
  EXPECT_EQ(answer,
            "HTTP/1.1 102 Processing\r\n\r\n"
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\nSum: 1\r\n\r\n");
}

// Flushed before the connection is taken over or not; with keep-alives enabled or not.
class SwitchingProtocolsTest : public ::testing::TestWithParam<std::tuple<bool, bool>> {};

// Behaviour group 33.
TEST_P(SwitchingProtocolsTest, TheHeadIsTheHandlers) {
  const auto [flushes, keeps_alive] = GetParam();
  TestServer server([flushes = flushes](ResponseWriter& w, Request& r) {
    w.Header().Set("Date", "");
    w.Header().Set("Connection", "Upgrade");
    w.Header().Set("Upgrade", r.Header().Get("Upgrade"));
    w.WriteHeader(kStatusSwitchingProtocols);
    if (flushes) {
      EXPECT_FALSE(w.Flush());
    }
    auto hijacked = w.Hijack();
    ASSERT_TRUE(hijacked) << hijacked.error().Message();
    EXPECT_EQ(hijacked->received, "");
    (void)hijacked->conn->Write("want");
    (void)hijacked->conn->Write(gale::ReadAll(*hijacked->conn).value_or("error"));
    (void)hijacked->conn->Close();
  });
  server.server().SetKeepAlivesEnabled(keeps_alive);
  WireClient client = server.Connect();
  client.Send(Get("/", "Connection: Upgrade\r\nUpgrade: someProto\r\n"));
  EXPECT_EQ(client.ReadResponse().raw_head,
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: someProto\r\n\r\n");
  client.Send("ping");
  client.CloseWrite();
  EXPECT_EQ(client.ReadToEnd(), "wantping");
}

INSTANTIATE_TEST_SUITE_P(FlushAndKeepAlive, SwitchingProtocolsTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool()), [](const auto& row) {
                           return std::string(std::get<0>(row.param) ? "Flushed" : "NotFlushed") +
                                  (std::get<1>(row.param) ? "" : "WithoutKeepAlives");
                         });

}  // namespace
}  // namespace gale::http

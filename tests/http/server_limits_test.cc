// Limits in size: what just fits is served, one more is refused, whether it arrives at once or in pieces.
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

const ServerOptions kOptions{.max_request_line = 1000, .max_header_bytes = 10'000, .max_header_fields = 20};

std::string WithLine(std::size_t size) {
  return Get("/" + std::string(size - std::string("GET / HTTP/1.1").size(), 'a'));
}
std::string WithHead(std::size_t size) {
  return Get("/", "X: " + std::string(size - Get("/", "X: \r\n").size(), 'a') + "\r\n");
}
std::string WithFields(std::size_t count) {
  std::string fields;  // Host is one of them
  for (std::size_t i = 1; i < count; ++i) fields += "X: y\r\n";
  return Get("/", fields);
}

struct Row {
  const char* name;
  std::string request;
  int status;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// Behaviour group 20.
class LimitTest : public ::testing::TestWithParam<Row> {};

TEST_P(LimitTest, Holds) {
  TestServer server(Echo, kOptions, TestServer::Network::kUnix);
  const std::string& request = GetParam().request;
  for (std::size_t piece : {request.size(), request.size() - 1, std::size_t{1000}, std::size_t{7}}) {
    WireClient client = server.Connect();
    // A client that reads the answer before it goes on sending: the server does not wait for it for long.
    for (std::size_t at = 0; at < request.size() && client.Pending() == 0; at += piece) {
      client.SendAndWait(request.substr(at, piece));
    }
    const WireResponse response = client.ReadResponse();
    EXPECT_EQ(response.status, GetParam().status) << piece;
    EXPECT_EQ(response.Has("Connection"), GetParam().status != 200);
    if (GetParam().status != 200) {
      EXPECT_TRUE(client.AtEnd()) << client.Ending();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, LimitTest,
    ::testing::Values(Row{"LineFits", WithLine(1000), 200}, Row{"LineTooLong", WithLine(1001), 414},
                      Row{"LineMuchTooLong", WithLine(50'000), 414}, Row{"HeadFits", WithHead(10'000), 200},
                      Row{"HeadTooLong", WithHead(10'001), 431}, Row{"HeadMuchTooLong", WithHead(50'000), 431},
                      Row{"FieldsFit", WithFields(20), 200}, Row{"FieldsTooMany", WithFields(21), 431},
                      Row{"FieldsMuchTooMany", WithFields(1000), 431}),
    [](const auto& row) { return row.param.name; });

// A line that never ends is refused when the limit is reached, not when the client has finished.
TEST(EndlessTest, IsRefusedInTheMiddle) {
  TestServer server(Echo, kOptions);
  for (const auto& [start, status] : {std::pair{std::string("GET /"), 414}, std::pair{Get("/").substr(0, 20), 431},
                                      std::pair{std::string("AAAA"), 414}}) {
    WireClient client = server.Connect();
    client.Send(start);
    for (int i = 0; i < 20 && client.Pending() == 0; ++i) client.Send(std::string(1000, 'a'));
    EXPECT_EQ(client.ReadResponse().status, status);
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
}

TEST(DefaultsTest, AUrlOf8000BytesWorks) {
  TestServer server([](ResponseWriter& w, Request& r) { (void)w.Write(std::to_string(r.RequestURI().size())); });
  EXPECT_EQ(server.Ask(Get("/" + std::string(7999, 'a'))).body, "8000");
}

std::string ChunkedRequest(const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}

// What exceeds a limit of a chunked body fails the handler's Read, and is the end of the connection.
class BodyLimitTest : public ::testing::TestWithParam<Row> {};

TEST_P(BodyLimitTest, Holds) {
  TestServer server(
      Echo, {.max_body_bytes = 1000, .max_chunk_overhead = 100, .max_trailer_bytes = 50, .max_trailer_fields = 3});
  WireClient client = server.Connect();
  client.Send(ChunkedRequest(GetParam().request) + Get("/"));
  EXPECT_EQ(client.ReadResponse().status, GetParam().status);
  if (GetParam().status == 200) {
    EXPECT_EQ(client.ReadResponse().status, 200);
  } else {
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
}

std::string WithExtension(std::size_t size) { return "1;x=" + std::string(size, 'x') + "\r\na\r\n0\r\n\r\n"; }
std::string WithTrailer(std::size_t size) { return "0\r\nX: " + std::string(size, 'x') + "\r\n\r\n"; }

INSTANTIATE_TEST_SUITE_P(
    Rows, BodyLimitTest,
    ::testing::Values(Row{"BodyFits", "3e8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n", 200},
                      Row{"BodyTooLong", "3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n", 413},
                      Row{"OverheadFits", WithExtension(112), 200}, Row{"OverheadTooMuch", WithExtension(113), 400},
                      Row{"TrailerFits", WithTrailer(43), 200}, Row{"TrailerTooLong", WithTrailer(44), 400},
                      Row{"TrailerFieldsFit", "0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", 200},
                      Row{"TrailerFieldsTooMany", "0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", 400}),
    [](const auto& row) { return row.param.name; });

// The last answer says that it is the last, and what is behind it is not served.
TEST(PipelinedLimitTest, EndsTheConnection) {
  std::atomic<int> served = 0;
  TestServer server([&](ResponseWriter&, Request&) { ++served; }, {.max_pipelined_requests = 3},
                    TestServer::Network::kUnix);
  WireClient client = server.Connect();
  client.Send(Get("/") + Get("/") + Get("/") + Get("/"));
  for (const char* connection : {"(none)", "(none)", "close"}) {
    EXPECT_EQ(client.ReadResponse().Get("Connection"), connection);
  }
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_EQ(served, 3);
}

TEST(PipelinedLimitTest, DoesNotCountRequestsThatWait) {
  TestServer server(Echo, {.max_pipelined_requests = 2});
  WireClient client = server.Connect();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.Ask(Get("/")).Get("Connection"), "(none)");
}

// Every request of a pipeline has the whole limit for itself, and a large head does not change the next one.
TEST(PipelinedLimitTest, CountsForEachRequestAnew) {
  TestServer server([](ResponseWriter& w, Request& r) { (void)w.Write(std::to_string(r.Header().Get("X").size())); },
                    kOptions);
  WireClient client = server.Connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += WithHead(10'000 - static_cast<std::size_t>(i) * 400);
  client.Send(requests);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.ReadResponse().status, 200);
  client.Send(WithHead(9000) + WithHead(10'001));
  EXPECT_EQ(client.ReadResponse().status, 200);
  EXPECT_EQ(client.ReadResponse().status, 431);
}

}  // namespace
}  // namespace gale::http

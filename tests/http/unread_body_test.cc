// A handler need not read the body: what is left is read away if it is not too much, so that the connection can go on;
// otherwise the connection is closed, and the client can still read the answer.
#include <gtest/gtest.h>

#include <string>

#include "gale/http/status.h"
#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

std::string OneChunk(std::size_t size) {
  char digits[32];
  std::snprintf(digits, sizeof(digits), "%zx", size);
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(digits) + "\r\n" +
         std::string(size, 'x') + "\r\n0\r\n\r\n";
}

struct Row {
  const char* name;
  std::string request;
  std::size_t response_size;
  bool open;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// Behaviour groups 16 to 18.
class UnreadBodyTest : public ::testing::TestWithParam<Row> {};

TEST_P(UnreadBodyTest, IsDrainedOrTheEnd) {
  TestServer server([](ResponseWriter& w, Request& r) {
    if (r.Method() == "POST") (void)w.Write(std::string(GetParam().response_size, 'y'));
  });
  WireClient client = server.Connect();
  client.Send(GetParam().request + Get("/"));
  const WireResponse response = client.ReadResponse();
  EXPECT_EQ(response.problem, "");
  EXPECT_EQ(response.body.size(), GetParam().response_size);
  if (GetParam().open) {
    EXPECT_FALSE(response.Has("Connection"));
    EXPECT_EQ(client.ReadResponse().status, 200);
  } else {
    // Where the answer began before the body's fate was known, it could not announce the end.
    if (GetParam().response_size <= 2048) {
      EXPECT_EQ(response.Get("Connection"), "close");
    }
    EXPECT_EQ(client.ReadToEnd(), "");
  }
}

std::string Closing(std::string request) { return request.insert(request.find("\r\n") + 2, "Connection: close\r\n"); }

INSTANTIATE_TEST_SUITE_P(
    Rows, UnreadBodyTest,
    ::testing::Values(Row{"Sized20KB", Post("/", std::string(20'000, 'x')), 1, true},
                      Row{"Chunked20KB", OneChunk(20'000), 1, true},
                      Row{"Sized20KBLargeResponse", Post("/", std::string(20'000, 'x')), 100'000, true},
                      Row{"Chunked20KBLargeResponse", OneChunk(20'000), 100'000, true},
                      Row{"Sized256KiB", Post("/", std::string(256 * 1024, 'x')), 1, true},
                      Row{"Sized1MB", Post("/", std::string(1'000'000, 'x')), 1, false},
                      Row{"Chunked1MB", OneChunk(1'000'000), 1, false},
                      Row{"Sized1MBLargeResponse", Post("/", std::string(1'000'000, 'x')), 100'000, false},
                      Row{"Sized10GB", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\n", 1, false},
                      Row{"Sized20KBClosing", Closing(Post("/", std::string(20'000, 'x'))), 1, false},
                      Row{"Chunked20KBClosing", Closing(OneChunk(20'000)), 1, false},
                      Row{"Malformed", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 1,
                          false}),
    [](const auto& row) { return row.param.name; });

// Half of it was read, the rest is drained.
TEST(PartlyReadBodyTest, TheRestIsDrained) {
  TestServer server([](ResponseWriter& w, Request& r) {
    std::string buffer(1000, '\0');
    const auto count = r.Body().Read(buffer);
    (void)w.Write(count ? "read" : "failed");
  });
  WireClient client = server.Connect();
  for (const std::string& request : {Post("/", std::string(20'000, 'x')), OneChunk(20'000)}) {
    client.Send(request + request);
    EXPECT_EQ(client.ReadResponse().body, "read");
    EXPECT_EQ(client.ReadResponse().body, "read");
  }
}

// A handler that answers while it reads gets everything, and so does the client.
TEST(DuplexTest, ReadingAndWritingInTurns) {
  TestServer server([](ResponseWriter& w, Request& r) {
    std::string buffer(1024, '\0');
    while (const auto count = r.Body().Read(buffer)) EXPECT_TRUE(w.Write(std::string_view(buffer).substr(0, *count)));
  });
  WireClient client = server.Connect();
  const std::string body(100'000, 'z');
  client.Send(Post("/", body));
  EXPECT_TRUE(client.ReadResponse().body == body);
  EXPECT_EQ(client.Ask(Get("/")).status, 200);
}

// The time for draining is for all of it: a client that keeps sending a little cannot prolong it.
TEST(DrainTest, IsOverAfterASecondInAll) {
  TestServer server([](ResponseWriter& w, Request&) { (void)w.Write("done"); });
  WireClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
  const auto start = std::chrono::steady_clock::now();
  while (client.Pending() == 0 && std::chrono::steady_clock::now() - start < 20s) {
    client.Send("x");
    ::usleep(100'000);
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, 500ms);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  const WireResponse response = client.ReadResponse();
  EXPECT_EQ(response.body, "done");
  EXPECT_EQ(response.Get("Connection"), "close");
}

// The client is still sending when the answer comes. It sends on, then reads: the answer must still be there.
TEST(LingerTest, TheAnswerCanBeReadByAClientThatIsStillSending) {
  TestServer server(Echo, {.max_body_bytes = 1000});
  for (int i = 0; i < 20; ++i) {
    WireClient client = server.Connect();
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    for (int j = 0; j < 20; ++j) client.Send(std::string(10'000, 'x'));
    EXPECT_EQ(client.ReadResponse().status, 413);
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
}

// The empty line that old clients send behind a body comes when the answer to a last request is already there.
TEST(LingerTest, TheAnswerIsNotLostToWhatIsBehindALastBody) {
  TestServer server(Echo, {}, TestServer::Network::kUnix);
  for (const std::string line : {"POST / HTTP/1.0\r\n", "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"}) {
    WireClient client = server.Connect();
    client.SendAndWait(line + "Content-Length: 5\r\n\r\n");
    client.Send("hello\r\n");
    EXPECT_EQ(client.ReadResponse().body, "hello") << line;
    EXPECT_TRUE(client.AtEnd()) << line << client.Ending();
  }
}

// But the server does not wait for ever.
TEST(LingerTest, IsOverSoon) {
  TestServer server(Echo, {.max_body_bytes = 1000});
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const Baseline base;
  WireClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().status, 413);
  const auto start = std::chrono::steady_clock::now();
  while (client.Send("x") && std::chrono::steady_clock::now() - start < 20s) ::usleep(10'000);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  client.Close();
  EXPECT_TRUE(base.BackAgain());
}

}  // namespace
}  // namespace gale::http

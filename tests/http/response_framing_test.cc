// How a response ends: by its length, by a last chunk or with the connection; and what then becomes of the connection.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gale/http/status.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

const std::string kNone = "(none)";
const std::string kGet = Get("/");
const std::string kHead = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kOld = "GET / HTTP/1.0\r\n\r\n";
const std::string kOldKeepAlive = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
const std::string kOldHead = "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

enum class After { kOpen, kClosed };

struct Row {
  const char* name;
  std::string request;
  HandlerFunc::Function handler;
  std::string length;      // Content-Length
  std::string coding;      // Transfer-Encoding
  std::string connection;  // Connection
  std::string body;
  After after;
};

std::string Name(const ::testing::TestParamInfo<Row>& info) { return info.param.name; }
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class FramingTest : public ::testing::TestWithParam<Row> {};

TEST_P(FramingTest, IsAsExpected) {
  const Row& row = GetParam();
  TestServer server([&row](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/next") return;
    row.handler(w, r);
  });
  WireClient client = server.Connect();
  const WireResponse response = client.Ask(row.request);
  EXPECT_EQ(response.problem, "");
  EXPECT_EQ(response.Get("Content-Length"), row.length);
  EXPECT_EQ(response.Get("Transfer-Encoding"), row.coding);
  EXPECT_EQ(response.Get("Connection"), row.connection);
  EXPECT_EQ(response.body, row.body);
  if (row.after == After::kOpen) {
    const WireResponse next = client.Ask(Get("/next"));
    EXPECT_EQ(next.status, 200) << next.problem;
  } else {
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
}

HandlerFunc::Function Write(std::vector<std::string> pieces) {
  return [pieces = std::move(pieces)](ResponseWriter& w, Request&) {
    for (const std::string& piece : pieces) EXPECT_EQ(w.Write(piece).value_or(0), piece.size());
  };
}

// A handler that sets these fields and this status first.
HandlerFunc::Function With(std::vector<std::pair<std::string, std::string>> fields, std::string body = "",
                           int status = 200) {
  return [=](ResponseWriter& w, Request&) {
    for (const auto& [name, value] : fields) w.Header().Set(name, value);
    w.WriteHeader(status);
    if (!body.empty()) (void)w.Write(body);
  };
}

const std::string kFull(2048, 'a');
const std::string kMore(2049, 'a');

// Behaviour group 22.
INSTANTIATE_TEST_SUITE_P(
    Automatic, FramingTest,
    ::testing::Values(Row{"Nothing", kGet, Write({}), "0", kNone, kNone, "", After::kOpen},
                      Row{"EmptyWrite", kGet, Write({""}), "0", kNone, kNone, "", After::kOpen},
                      Row{"Small", kGet, Write({"a", "b"}), "2", kNone, kNone, "ab", After::kOpen},
                      Row{"Largest", kGet, Write({kFull}), "2048", kNone, kNone, kFull, After::kOpen},
                      Row{"LargestInPieces", kGet, Write({"a", kFull.substr(1)}), "2048", kNone, kNone, kFull,
                          After::kOpen},
                      Row{"Chunked", kGet, Write({kMore}), kNone, "chunked", kNone, kMore, After::kOpen},
                      Row{"ChunkedInPieces", kGet, Write({kFull, "a"}), kNone, "chunked", kNone, kMore, After::kOpen},
                      Row{"ChunkedLarge", kGet, Write({std::string(1 << 20, 'b')}), kNone, "chunked", kNone,
                          std::string(1 << 20, 'b'), After::kOpen},
                      Row{"Chunked12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", Write({kMore}), kNone, "chunked", kNone,
                          kMore, After::kOpen}),
    Name);

// Behaviour groups 24 and 26.
INSTANTIATE_TEST_SUITE_P(
    Http10, FramingTest,
    ::testing::Values(
        Row{"Nothing", kOld, Write({}), "0", kNone, "close", "", After::kClosed},
        Row{"Small", kOld, Write({"a"}), "1", kNone, "close", "a", After::kClosed},
        Row{"Large", kOld, Write({kMore}), kNone, kNone, "close", kMore, After::kClosed},
        Row{"KeepAliveNothing", kOldKeepAlive, Write({}), "0", kNone, "keep-alive", "", After::kOpen},
        Row{"KeepAliveSmall", kOldKeepAlive, Write({"a"}), "1", kNone, "keep-alive", "a", After::kOpen},
        Row{"KeepAliveLarge", kOldKeepAlive, Write({kMore}), kNone, kNone, "close", kMore, After::kClosed},
        Row{"KeepAliveDeclared", kOldKeepAlive, With({{"Content-Length", "2049"}}, kMore), "2049", kNone, "keep-alive",
            kMore, After::kOpen},
        Row{"KeepAlive204", kOldKeepAlive, With({}, "", 204), kNone, kNone, "keep-alive", "", After::kOpen},
        Row{"KeepAlive304", kOldKeepAlive, With({}, "", 304), kNone, kNone, "keep-alive", "", After::kOpen},
        Row{"KeepAliveHead", kOldHead, Write({kMore}), kNone, kNone, "keep-alive", "", After::kOpen}),
    Name);

// Behaviour groups 27 and 28.
INSTANTIATE_TEST_SUITE_P(
    NoBody, FramingTest,
    ::testing::Values(
        Row{"Head", kHead, Write({"abc"}), "3", kNone, kNone, "", After::kOpen},
        Row{"HeadLarge", kHead, Write({kFull, kFull}), kNone, kNone, kNone, "", After::kOpen},
        Row{"HeadNothing", kHead, Write({}), kNone, kNone, kNone, "", After::kOpen},
        Row{"HeadDeclared", kHead, With({{"Content-Length", "7"}}), "7", kNone, kNone, "", After::kOpen},
        Row{"204", kGet, With({}, "", 204), kNone, kNone, kNone, "", After::kOpen},
        Row{"204WithBody", kGet, With({}, "x", 204), kNone, kNone, kNone, "", After::kOpen},
        Row{"204WithLength", kGet, With({{"Content-Length", "1"}}, "x", 204), kNone, kNone, kNone, "", After::kOpen},
        Row{"204WithCoding", kGet, With({{"Transfer-Encoding", "chunked"}}, "x", 204), kNone, kNone, kNone, "",
            After::kOpen},
        Row{"205", kGet, With({}, "", 205), "0", kNone, kNone, "", After::kOpen},
        Row{"205WithBody", kGet, With({{"Content-Length", "1"}}, "x", 205), "0", kNone, kNone, "", After::kOpen},
        Row{"304", kGet, With({}, "", 304), kNone, kNone, kNone, "", After::kOpen},
        Row{"304WithBody", kGet, With({}, "x", 304), kNone, kNone, kNone, "", After::kOpen}),
    Name);

// Behaviour groups 23 and 30, and 29 for a length that is not sent.
INSTANTIATE_TEST_SUITE_P(
    Declared, FramingTest,
    ::testing::Values(
        Row{"Exact", kGet, With({{"Content-Length", "3"}}, "abc"), "3", kNone, kNone, "abc", After::kOpen},
        Row{"ExactLarge", kGet, With({{"Content-Length", "2049"}}, kMore), "2049", kNone, kNone, kMore, After::kOpen},
        Row{"Zero", kGet, With({{"Content-Length", "0"}}), "0", kNone, kNone, "", After::kOpen},
        Row{"TooMuch", kGet,
            [](ResponseWriter& w, Request&) {
              w.Header().Set("Content-Length", "3");
              EXPECT_TRUE(w.Write("ab"));
              const auto refused = w.Write("cd");  // as a whole
              ASSERT_FALSE(refused);
              EXPECT_EQ(refused.error().Code(), std::errc::message_size);
              EXPECT_TRUE(w.Write("c"));
            },
            "3", kNone, kNone, "abc", After::kOpen},
        Row{"Invalid", kGet, With({{"Content-Length", "x"}}, "abc"), "3", kNone, kNone, "abc", After::kOpen},
        Row{"Negative", kGet, With({{"Content-Length", "-1"}}, "abc"), "3", kNone, kNone, "abc", After::kOpen},
        Row{"Suppressed", kGet, With({{"Content-Length", ""}}, "abc"), kNone, "chunked", kNone, "abc", After::kOpen},
        Row{"Identity", kGet, With({{"Transfer-Encoding", "identity"}}, "abc"), kNone, kNone, "close", "abc",
            After::kClosed},
        Row{"IdentityWithLength", kGet, With({{"Transfer-Encoding", "identity"}, {"Content-Length", "3"}}, "abc"), "3",
            kNone, kNone, "abc", After::kOpen},
        Row{"Chunked", kGet, With({{"Transfer-Encoding", "chunked"}}, "abc"), kNone, "chunked", kNone, "abc",
            After::kOpen},
        Row{"ChunkedWithLength", kGet, With({{"Transfer-Encoding", "chunked"}, {"Content-Length", "9"}}, "abc"), kNone,
            "chunked", kNone, "abc", After::kOpen},
        Row{"ChunkedOn10", kOldKeepAlive, With({{"Transfer-Encoding", "chunked"}}, "abc"), kNone, kNone, "close", "abc",
            After::kClosed},
        Row{"ChunkedForHead", kHead, With({{"Transfer-Encoding", "chunked"}}, "abc"), kNone, kNone, kNone, "",
            After::kOpen}),
    Name);

// A client must see that something is missing, and not take the next response for the rest.
TEST(DeclaredLengthTest, WritingLessClosesTheConnection) {
  TestServer server(With({{"Content-Length", "10"}}, "abc"));
  for (const char* size : {"10", "5000"}) {
    WireClient client = server.Connect();
    client.Send(Get("/") + Get("/"));
    const WireResponse response = client.ReadResponse();
    EXPECT_EQ(response.problem, "EOF") << size;
    EXPECT_EQ(client.ReadToEnd(), "abc");  // no second response
  }
}

TEST(DeclaredLengthTest, ForHeadNothingNeedsToBeWritten) {
  TestServer server(With({{"Content-Length", "10"}}, "abc"));
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(kHead).Get("Content-Length"), "10");
  EXPECT_EQ(client.Ask(kHead).Get("Content-Length"), "10");
}

TEST(DeclaredLengthTest, AnInvalidOneIsLogged) {
  TestServer server(With({{"Content-Length", "1x"}}, "abc"));
  EXPECT_EQ(server.Ask(kGet).body, "abc");
  ASSERT_EQ(server.Log().size(), 1u);
  EXPECT_EQ(server.Log()[0], R"(http: invalid Content-Length of "1x")");
}

TEST(NoBodyTest, WriteFails) {
  TestServer server([](ResponseWriter& w, Request& r) {
    w.WriteHeader(std::stoi(std::string(r.URL().Path().substr(1))));
    const auto written = w.Write("x");
    ASSERT_FALSE(written);
    EXPECT_TRUE(written.error().Message().find("does not allow body") != std::string::npos)
        << written.error().Message();
  });
  for (const char* status : {"204", "205", "304", "101"}) {
    const WireResponse response = server.Ask(Get(std::string("/") + status));
    EXPECT_EQ(std::to_string(response.status), status);
  }
}

// Behaviour group 33. Nobody takes over the connection, so what the client says after a 101 is in no protocol that
// anybody here speaks.
TEST(NoBodyTest, NothingBehindA101IsServed) {
  TestServer server(With({{"Upgrade", "x"}, {"Connection", "Upgrade"}}, "", 101));
  WireClient client = server.Connect();
  client.Send(Get("/") + Get("/"));
  EXPECT_EQ(client.ReadResponse().status, 101);
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
}

TEST(ChunkTest, EachLargeWriteIsOneChunk) {
  TestServer server(Write({kFull, "a", "b", std::string(3000, 'c'), "d"}));
  EXPECT_EQ(server.Ask(kGet).chunks, (std::vector<std::size_t>{2048, 2, 3000, 1}));
}

TEST(ChunkTest, ManySizesComeThrough) {
  TestServer server([](ResponseWriter& w, Request&) {
    for (std::size_t size = 1; size < 20000; size += 37) {
      EXPECT_TRUE(w.Write(std::string(size, static_cast<char>('a' + size % 26))));
    }
  });
  std::string expected;
  for (std::size_t size = 1; size < 20000; size += 37) expected.append(size, static_cast<char>('a' + size % 26));
  WireClient client = server.Connect();
  EXPECT_TRUE(client.Ask(kGet).body == expected);
  EXPECT_TRUE(client.Ask(kGet).body == expected);
}

TEST(StatusLineTest, FollowsTheRequestsVersion) {
  TestServer server(
      [](ResponseWriter& w, Request& r) { w.WriteHeader(std::stoi(std::string(r.URL().Path().substr(1)))); });
  EXPECT_EQ(server.Ask("GET /200 HTTP/1.0\r\n\r\n").status_line, "HTTP/1.0 200 OK");
  EXPECT_EQ(server.Ask("GET /200 HTTP/1.1\r\nHost: a\r\n\r\n").status_line, "HTTP/1.1 200 OK");
  EXPECT_EQ(server.Ask("GET /404 HTTP/1.3\r\nHost: a\r\n\r\n").status_line, "HTTP/1.1 404 Not Found");
  EXPECT_EQ(server.Ask(Get("/599")).status_line, "HTTP/1.1 599 status code 599");
}

// Behaviour group 32.
TEST(InterimTest, PrecedesTheFinalResponse) {
  TestServer server([](ResponseWriter& w, Request&) {
    w.Header().Set("Link", "</a>");
    w.Header().Set("Content-Length", "2");
    w.WriteHeader(kStatusEarlyHints);
    w.WriteHeader(kStatusProcessing);
    (void)w.Write("ok");
  });
  WireClient client = server.Connect();
  client.Send(kGet);
  EXPECT_EQ(client.ReadResponse().raw_head, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_EQ(client.ReadResponse().raw_head, "HTTP/1.1 102 Processing\r\nLink: </a>\r\n\r\n");
  const WireResponse response = client.ReadResponse();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Get("Link"), "</a>");
  EXPECT_EQ(response.body, "ok");
}

TEST(InterimTest, IsSentAtOnce) {
  gale::WaitGroup seen;
  seen.Add(1);
  TestServer server([&](ResponseWriter& w, Request&) {
    w.WriteHeader(kStatusProcessing);
    seen.Wait();
  });
  WireClient client = server.Connect();
  client.Send(kGet);
  EXPECT_EQ(client.ReadResponse().status, 102);
  seen.Done();
  EXPECT_EQ(client.ReadResponse().status, 200);
}

TEST(InterimTest, Http10KnowsNone) {
  TestServer server([](ResponseWriter& w, Request&) { w.WriteHeader(kStatusProcessing); });
  EXPECT_EQ(server.Ask(kOld).status, 200);
}

}  // namespace
}  // namespace gale::http

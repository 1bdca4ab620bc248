// The body of a request: however it is framed and wherever it is split, the handler reads just that, and the next
// request starts behind it.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "gale/http/internal/h1_body.h"
#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

std::string Pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

std::string Chunked(const std::string& body, std::size_t chunk, const std::string& trailer = "") {
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  char size[32];
  for (std::size_t at = 0; at < body.size(); at += chunk) {
    const std::string data = body.substr(at, chunk);
    std::snprintf(size, sizeof(size), "%zx", data.size());
    text += size + std::string("\r\n") + data + "\r\n";
  }
  return text + "0\r\n" + trailer + "\r\n";
}

struct Row {
  const char* name;
  std::string request;
  std::string body;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class BodyTest : public ::testing::TestWithParam<Row> {};

TEST_P(BodyTest, ComesThroughWithARequestBehindIt) {
  TestServer server(Echo);
  WireClient client = server.Connect();
  client.Send(GetParam().request + Post("/", "second") + GetParam().request);
  for (const std::string& expected : {GetParam().body, std::string("second"), GetParam().body}) {
    const WireResponse response = client.ReadResponse();
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_TRUE(response.body == expected) << response.body.size();
  }
}

TEST_P(BodyTest, ComesThroughWhereverItIsSplit) {
  TestServer server(Echo, {}, TestServer::Network::kUnix);
  const std::string request = GetParam().request + Post("/", "second");
  const std::size_t step = std::max<std::size_t>(1, request.size() / 300);
  WireClient client = server.Connect();
  for (std::size_t split = 1; split < request.size() && !HasFailure(); split += step) {
    client.SendAndWait(request.substr(0, split));
    client.Send(request.substr(split));
    EXPECT_TRUE(client.ReadResponse().body == GetParam().body) << split;
    EXPECT_EQ(client.ReadResponse().body, "second") << split;
  }
}

// The handler's buffer may be as small as it likes.
TEST_P(BodyTest, ComesThroughInSmallReads) {
  for (std::size_t size : {1, 7, 100, 4096, 100'000}) {
    TestServer server([size](ResponseWriter& w, Request& r) {
      std::string body;
      std::vector<char> buffer(size);
      while (true) {
        const auto count = r.Body().Read(buffer);
        if (!count) {
          EXPECT_EQ(count.error(), Errc::kEof);
          break;
        }
        EXPECT_GT(*count, 0u);
        EXPECT_LE(*count, size);
        body.append(buffer.data(), *count);
      }
      const auto again = r.Body().Read(buffer);
      EXPECT_TRUE(!again && again.error() == Errc::kEof);
      (void)w.Write(body);
    });
    WireClient client = server.Connect();
    client.Send(GetParam().request + Post("/", "second"));
    EXPECT_TRUE(client.ReadResponse().body == GetParam().body) << size;
    EXPECT_EQ(client.ReadResponse().body, "second") << size;
  }
}

const std::string kMedium = Pattern(5'000);
const std::string kLarge = Pattern(300'000);

INSTANTIATE_TEST_SUITE_P(
    Rows, BodyTest,
    ::testing::Values(Row{"Sized", Post("/", "hello"), "hello"}, Row{"SizedOne", Post("/", "x"), "x"},
                      Row{"SizedZero", Post("/", ""), ""}, Row{"SizedMedium", Post("/", kMedium), kMedium},
                      Row{"SizedLarge", Post("/", kLarge), kLarge},
                      Row{"LargeHead", Post("/", kMedium, "X: " + std::string(7'000, 'x') + "\r\n"), kMedium},
                      Row{"Chunk", Chunked("hello", 5), "hello"}, Row{"ChunksOfOne", Chunked("hello", 1), "hello"},
                      Row{"NoChunks", Chunked("", 1), ""}, Row{"ChunkedMedium", Chunked(kMedium, 999), kMedium},
                      Row{"ChunkedLarge", Chunked(kLarge, 70'000), kLarge},
                      Row{"ChunkedSmallChunks", Chunked(kMedium, 10), kMedium},
                      Row{"ChunkedWithTrailer", Chunked("hello", 3, "A: b\r\nC: d\r\n"), "hello"},
                      Row{"ChunkedWithExtension",
                          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "005;a=\"b;\"\r\nhello\r\n0;c\r\n\r\n",
                          "hello"}),
    [](const auto& row) { return row.param.name; });

TEST(LargeBodyTest, TenMebibytesComeThrough) {
  const std::string body = Pattern(10 << 20);
  TestServer server([&](ResponseWriter& w, Request& r) {
    const auto read = gale::ReadAll(r.Body());
    (void)w.Write(read && *read == body ? "equal" : "different");
  });
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(Post("/", body)).body, "equal");
  EXPECT_EQ(client.Ask(Chunked(body, 123'457)).body, "equal");
}

// The head stays where it is while the body is read, however much of the buffer it fills.
TEST(HeadAndBodyTest, TheHeadIsStillThereAfterTheBody) {
  TestServer server([](ResponseWriter& w, Request& r) {
    EXPECT_TRUE(gale::ReadAll(r.Body()));
    (void)w.Write(r.Header().Get("X"));
  });
  WireClient client = server.Connect();
  for (std::size_t size = 3'000; size < 9'000; size += 111) {
    const std::string field = Pattern(size);
    for (const char* fields : {"X: ", "Y: z\r\nX: "}) {
      client.Send(Post("/", kLarge, fields + field + "\r\n"));
      std::string chunked = Chunked(kMedium, 3'000);
      chunked.insert(chunked.find("\r\n\r\n") + 2, fields + field + "\r\n");
      client.Send(chunked);
      EXPECT_TRUE(client.ReadResponse().body == field) << size;
      EXPECT_TRUE(client.ReadResponse().body == field) << size;
    }
  }
}

// Behaviour group 44.
TEST(TrailerTest, IsThereAfterTheBodyWithoutWhatMayNotBeInIt) {
  TestServer server([](ResponseWriter& w, Request& r) {
    EXPECT_EQ(r.Trailer().size(), 0u);
    EXPECT_TRUE(gale::ReadAll(r.Body()));
    (void)w.Write(std::string(r.Trailer().Get("Checksum")) + "|" + std::string(r.Header().Get("Checksum")) + "|" +
                  std::to_string(r.Trailer().size()) + "|" + std::string(r.Host()));
  });
  const std::string trailer = "Checksum: 1\r\nContent-Length: 5\r\nHost: evil\r\nTransfer-Encoding: gzip\r\n";
  EXPECT_EQ(server.Ask(Chunked("hello", 5, trailer)).body, "1||1|a");
}

TEST(ContentLengthTest, SaysWhatIsKnown) {
  TestServer server([](ResponseWriter& w, Request& r) { (void)w.Write(std::to_string(r.ContentLength())); });
  EXPECT_EQ(server.Ask(Get("/")).body, "0");
  EXPECT_EQ(server.Ask(Post("/", "hello")).body, "5");
  EXPECT_EQ(server.Ask(Chunked("hello", 5)).body, "-1");
}

// Behaviour groups 10, 11 and 19. A body that cannot be decoded: Read fails, for good, the response still comes, and
// nothing that follows is taken for a request.
class BadBodyTest : public ::testing::TestWithParam<Row> {};

TEST_P(BadBodyTest, FailsTheReadAndEndsTheConnection) {
  std::atomic<int> served = 0;
  TestServer server(
      [&](ResponseWriter& w, Request& r) {
        ++served;
        const auto body = gale::ReadAll(r.Body());
        ASSERT_FALSE(body);
        char byte;
        const auto again = r.Body().Read({&byte, 1});
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().Message(), body.error().Message());
        Error(w, body.error().Message(), 400);
      },
      {.max_body_bytes = 1000});
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + GetParam().request;
  for (bool split : {false, true}) {
    WireClient client = server.Connect();
    client.Send(request.substr(0, request.size() - (split ? 3 : 0)));
    if (split) ::usleep(2000);
    client.Send(request.substr(request.size() - (split ? 3 : 0)) + Get("/"));
    const WireResponse response = client.ReadResponse();
    EXPECT_EQ(response.body.substr(0, GetParam().body.size()), GetParam().body);
    EXPECT_EQ(response.Get("Connection"), "close");
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
  EXPECT_EQ(served, 2);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadBodyTest,
    ::testing::Values(Row{"NoSize", "\r\nhello", "http: invalid byte in chunk length"},
                      Row{"NotHex", "x\r\nhello", "http: invalid byte in chunk length"},
                      Row{"SpaceAfterSize", "5 \r\nhello\r\n0\r\n\r\n", "http: invalid byte in chunk length"},
                      Row{"Negative", "-5\r\nhello\r\n0\r\n\r\n", "http: invalid byte in chunk length"},
                      Row{"TooManyDigits", "00000000000000005\r\nhello\r\n", "http: http chunk length too large"},
                      Row{"LineFeedOnly", "5\nhello\r\n0\r\n\r\n", "http: invalid byte in chunk length"},
                      Row{"LongLine", "5;" + std::string(5000, 'a') + "\r\nhello\r\n", "http: chunked line too long"},
                      Row{"DataTooLong", "5\r\nhello!\r\n0\r\n\r\n", "http: malformed chunked encoding"},
                      Row{"LineFeedAfterData", "5\r\nhello\n0\r\n\r\n", "http: malformed chunked encoding"},
                      Row{"LineFeedAtTheEnd", "0\r\n\n", "http: "},
                      Row{"BadTrailer", "0\r\nA b: c\r\n\r\n", "http: invalid trailer"},
                      Row{"FoldedTrailer", "0\r\nA: b\r\n c\r\n\r\n", "http: invalid trailer"},
                      Row{"TooLarge", "3e9\r\nhello", "http: request body too large"}),
    [](const auto& row) { return row.param.name; });

TEST(CutOffBodyTest, IsAnUnexpectedEof) {
  TestServer server([](ResponseWriter& w, Request& r) {
    const auto body = gale::ReadAll(r.Body());
    (void)w.Write(body ? *body : body.error().Message());
  });
  for (const std::string& request : {Post("/", "hello"), Chunked("hello", 3), Chunked("hello", 5, "A: b\r\n")}) {
    const std::size_t head = request.find("\r\n\r\n") + 4;
    for (std::size_t size = head; size < request.size(); ++size) {
      WireClient client = server.Connect();
      client.Send(request.substr(0, size));
      client.CloseWrite();
      EXPECT_EQ(client.ReadResponse().body, "unexpected EOF") << size;
      EXPECT_TRUE(client.AtEnd());
    }
  }
}

TEST(TooLargeBodyTest, IsRefusedBeforeTheHandlerIfAnnounced) {
  TestServer server(Echo, {.max_body_bytes = 1000});
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(Post("/", std::string(1000, 'x'))).status, 200);
  EXPECT_EQ(client.Ask(Chunked(std::string(1000, 'x'), 300)).status, 200);
  const WireResponse response = client.Ask(Post("/", std::string(1001, 'x')));
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.Get("Connection"), "close");
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(server.Ask(Chunked(std::string(1001, 'x'), 300)).status, 413);
  const WireResponse head = server.Ask("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(head.status, 413);
}

TEST(BodyRateTest, EarnsTimeWithoutOverflow) {
  EXPECT_EQ(internal::EarnedTime(0, 240), 0ns);
  EXPECT_EQ(internal::EarnedTime(480, 240), 2s);
  EXPECT_EQ(internal::EarnedTime(1, 4), 250ms);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_GT(internal::EarnedTime(kMost, 240), std::chrono::hours(24 * 365));
  EXPECT_GT(internal::EarnedTime(kMost, 1), std::chrono::hours(24 * 365));
  EXPECT_EQ(internal::EarnedTime(kMost, kMost), 1s);
}

}  // namespace
}  // namespace gale::http

// Behaviour groups 10 and 12. The chunked decoder, row by row. The names of the rows are those of the wire cases they
// re-express.
#include "gale/http/internal/chunked_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gale/http/internal/trailer_names.h"
#include "gale/tests/http/decode_chunked.h"

namespace gale::http::internal {
namespace {

using namespace std::literals;
using http::testing::ChunkedOutcome;
using http::testing::DecodeChunked;

ChunkedOutcome DecodeEveryWay(std::string_view input, const ChunkOptions& options = {}) {
  const ChunkedOutcome whole = DecodeChunked(input, {input.size()}, options);
  EXPECT_EQ(DecodeChunked(input, {1}, options), whole) << "byte by byte";
  const std::size_t step = input.size() > 2000 ? 97 : 1;
  for (std::size_t first = 1; first < input.size(); first += step) {
    EXPECT_EQ(DecodeChunked(input, {first, input.size()}, options), whole) << "split at " << first;
  }
  EXPECT_FALSE(whole.asked_too_early);
  return whole;
}

struct Row {
  std::string_view name;
  std::string_view input;
  int status;
  std::string_view body = "hello";
};

void Check(const Row& row, const ChunkOptions& options = {}) {
  SCOPED_TRACE(row.name);
  const ChunkedOutcome outcome = DecodeEveryWay(row.input, options);
  EXPECT_EQ(outcome.status, row.status);
  if (row.status != 0) return;
  EXPECT_EQ(outcome.body, row.body);
  EXPECT_EQ(outcome.consumed, row.input.size());
  for (std::size_t size = 0; size < row.input.size(); ++size) {
    const ChunkedOutcome prefix = DecodeChunked(row.input.substr(0, size), {size + 1}, options);
    EXPECT_EQ(prefix.status, -1) << "prefix of " << size;
    EXPECT_TRUE(outcome.body.starts_with(prefix.body));
  }
}

TEST(ChunkedReaderTest, Bodies) {
  const Row rows[] = {
      {"te-ok", "5\r\nhello\r\n0\r\n\r\n", 0},
      {"ch-multi", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 0, "hello world"},
      {"ch-empty", "0\r\n\r\n", 0, ""},
      {"ch-upper", "A\r\nhelloworld\r\n0\r\n\r\n", 0, "helloworld"},
      {"ch-lower", "a\r\nhelloworld\r\n000\r\n\r\n", 0, "helloworld"},
      {"ch-size-16digits", "0000000000000005\r\nhello\r\n0\r\n\r\n", 0},
      {"ch-data-crlf", "4\r\n\r\n\r\n\r\n0\r\n\r\n", 0, "\r\n\r\n"},
      {"ch-data-nul", "3\r\n\0\x80\n\r\n0\r\n\r\n"sv, 0, "\0\x80\n"sv},
      {"ch-ext", "5;a\r\nhello\r\n0;b\r\n\r\n", 0},
      {"ch-ext-value", "5;a=b;c;d=e\r\nhello\r\n0\r\n\r\n", 0},
      {"ch-ext-quoted", "5;a=\"x;y\\\"z\"\r\nhello\r\n0\r\n\r\n", 0},
      {"ch-ext-quoted-more", "5;a=\"\";b=\"\t \x80\\\\\";c\r\nhello\r\n0\r\n\r\n", 0},
      {"ch-ext-bws", "5; a = b ; c =\t\"d\" ;e\r\nhello\r\n0\r\n\r\n", 0},
      {"ch-trailer", "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", 0},
      {"ch-final-x", "0\r\nX:POST / HTTP/1.1\r\n\r\n", 0, ""},
  };
  for (const Row& row : rows) Check(row);
}

TEST(ChunkedReaderTest, Malformed) {
  const Row rows[] = {
      {"ch-semi-bare", "5;\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-semi-double", "5;;a\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-semi-trailing", "5;a;\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-badtoken", "5;bad[=x\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-novalue", "5;a=\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-noname", "5;=a\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-after-quote", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-twovalues", "5;a=b c\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-trail-sp", "5;a \r\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-value-trail-sp", "5;a=b \r\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-cr", "5;a\rX\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-lf", "5;a\nhello\r\n0\r\n\r\n", 400},
      {"ch-ext-nul", "5;a=\"\0\"\r\nhello\r\n0\r\n\r\n"sv, 400},
      {"ch-ext-quoted-crlf", "5;a=\"\r\nhello\"\r\n0\r\n\r\n", 400},
      {"ch-ext-quoted-lf", "5;a=\"\nhello\"\r\n0\r\n\r\n", 400},
      {"ch-ext-escaped-lf", "5;a=\"\\\nhello\"\r\n0\r\n\r\n", 400},
      {"ch-size-empty", "\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-neg", "-1\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-plus", "+5\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-0x", "0x5\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-lead-sp", " 5\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-trail-sp", "5 \r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-trail-tab", "5\t\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-sp-semi", "5 ;a\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-g", "5g\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-prefix-smuggle", "0_2e\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n", 400},
      {"ch-size-17digits", "FFFFFFFFFFFFFFFF0\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-17zeros", "00000000000000005\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-2p63", "8000000000000000\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-2p64m1", "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-sum-overflow", "1\r\na\r\n7FFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", 413},
      {"ch-size-lf", "5\nhello\r\n0\r\n\r\n", 400},
      {"ch-size-cr", "5\rhello\r\n0\r\n\r\n", 400},
      {"ch-data-2junk", "5\r\nhelloXX0\r\n\r\n", 400},
      {"ch-data-lf", "5\r\nhello\n0\r\n\r\n", 400},
      {"ch-data-cr", "5\r\nhello\r0\r\n\r\n", 400},
      {"ch-data-none", "5\r\nhello0\r\n\r\n", 400},
      {"ch-data-long", "4\r\nhello\r\n0\r\n\r\n", 400},
      {"ch-nonhex", "INVALID!!!\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"ch-final-lf", "5\r\nhello\r\n0\r\n\n", 400},
      {"ch-final-cr", "5\r\nhello\r\n0\r\n\rX", 400},
      {"ch-trailer-lf", "5\r\nhello\r\n0\r\nX: y\n\r\n", 400},
      {"ch-trailer-end-lf", "5\r\nhello\r\n0\r\nX: y\r\n\n", 400},
      {"ch-trailer-cr", "5\r\nhello\r\n0\r\nX: a\rb\r\n\r\n", 400},
      {"ch-trailer-nul", "5\r\nhello\r\n0\r\nX: \0\r\n\r\n"sv, 400},
      {"ch-trailer-fold", "5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n", 400},
      {"ch-trailer-sp-name", "5\r\nhello\r\n0\r\nX : y\r\n\r\n", 400},
      {"ch-trailer-no-colon", "5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\n\r\n", 400},
      {"ch-no-final", "5\r\nhello\r\n", -1},
      {"ch-size-wrap32", "100000005\r\nhello\r\n0\r\n\r\n", -1},
  };
  for (const Row& row : rows) Check(row);
}

TEST(ChunkedReaderTest, LimitOfTheBody) {
  const ChunkOptions options{.max_body = 8};
  Check({"at the limit", "5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n", 0, "helloabc"}, options);
  Check({"ch-over-limit", "5\r\nhello\r\n4\r\nabcd\r\n0\r\n\r\n", 413}, options);
  Check({"by the size alone", "5\r\nhello\r\n4\r\n", 413}, options);
  Check({"not before the size is complete", "5\r\nhello\r\n4", -1}, options);
}

TEST(ChunkedReaderTest, LimitOfTheOverhead) {
  const auto chunk = [](std::string_view data, std::size_t extension) {
    return "1;x=" + std::string(extension, 'y') + "\r\n" + std::string(data) + "\r\n";
  };
  std::string flood;
  for (int i = 0; i < 20; ++i) flood += chunk("a", 2000);
  EXPECT_EQ(DecodeEveryWay(flood + "0\r\n\r\n").status, 400) << "ch-ext-flood";
  EXPECT_EQ(DecodeEveryWay(chunk("a", 20'000) + "0\r\n\r\n").status, 400) << "ch-ext-one-huge";
  EXPECT_EQ(DecodeEveryWay(chunk("a", 4091) + "0\r\n\r\n").status, 0) << "longest line";
  EXPECT_EQ(DecodeEveryWay(chunk("a", 4092) + "0\r\n\r\n").status, 400) << "one over";

  EXPECT_EQ(DecodeEveryWay(chunk("a", 100) + "0\r\n\r\n", {.max_overhead = 88}).status, 0);
  EXPECT_EQ(DecodeEveryWay(chunk("a", 100) + "0\r\n\r\n", {.max_overhead = 87}).status, 400)
      << "16 and twice 1 are free";

  // Lines of the usual size never count, and data pays for its own.
  std::string small;
  for (int i = 0; i < 20'000; ++i) small += "1\r\na\r\n";
  EXPECT_EQ(DecodeChunked(small + "0\r\n\r\n", {4096}).body, std::string(20'000, 'a'));
  std::string paid;
  for (int i = 0; i < 100; ++i) paid += "3e8;x=" + std::string(1900, 'y') + "\r\n" + std::string(1000, 'd') + "\r\n";
  EXPECT_EQ(DecodeChunked(paid + "0\r\n\r\n", {4096}).status, 0);
}

TEST(ChunkedReaderTest, Trailer) {
  const ChunkedOutcome outcome = DecodeEveryWay(
      "5\r\nhello\r\n0\r\nx-sum:  a b \r\nTransfer-Encoding: chunked\r\nHost: evil.example\r\nAUTHORIZATION: x\r\n"
      "Expect: 100-continue\r\nIf-Match: x\r\nX-Empty:\r\nX-Sum: c\r\n\r\nGET /next HTTP/1.1\r\n");
  const std::vector<std::pair<std::string, std::string>> expected = {{"X-Sum", "a b"}, {"X-Empty", ""}, {"X-Sum", "c"}};
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.trailer, expected);

  EXPECT_TRUE(IsTrailerName("Server-Timing"));
  EXPECT_TRUE(IsTrailerName("Digest"));
  for (std::string_view name : {"content-length", "Set-Cookie", "if-none-match", "TE", "trailer", "x-forwarded-for"}) {
    EXPECT_FALSE(IsTrailerName(name)) << name;
  }
}

TEST(ChunkedReaderTest, LimitsOfTheTrailer) {
  const auto body = [](int fields, std::size_t value) {
    std::string text = "0\r\n";
    for (int i = 0; i < fields; ++i) text += "X: " + std::string(value, 'v') + "\r\n";
    return text + "\r\n";
  };
  EXPECT_EQ(DecodeEveryWay(body(100, 1)).status, 0);
  EXPECT_EQ(DecodeEveryWay(body(101, 1)).status, 431) << "ch-trailer-many";
  EXPECT_EQ(DecodeEveryWay(body(1, 8 * 1024 - 7)).status, 0);
  EXPECT_EQ(DecodeEveryWay(body(1, 8 * 1024 - 6)).status, 431);
  EXPECT_EQ(DecodeEveryWay(body(1, 50'000)).status, 431);
  EXPECT_EQ(DecodeEveryWay(body(3, 5), {.max_trailer_fields = 2}).status, 431);
}

TEST(ChunkedReaderTest, StopsBehindTheBody) {
  Header trailer;
  ChunkedReader reader(trailer);
  const std::string_view stream = "5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n";
  const ChunkStep data = reader.Decode(stream);
  EXPECT_EQ(data.state, ChunkState::kData);
  EXPECT_EQ(data.data, "hello");
  EXPECT_EQ(data.data.data(), stream.data() + 3) << "data is not copied";
  const std::string_view rest = stream.substr(data.consumed);
  const ChunkStep done = reader.Decode(rest);
  EXPECT_EQ(done.state, ChunkState::kDone);
  EXPECT_EQ(rest.substr(done.consumed), "GET / HTTP/1.1\r\n");
  const ChunkStep again = reader.Decode(rest);
  EXPECT_EQ(again.state, ChunkState::kDone);
  EXPECT_EQ(again.consumed, 0u);
}

TEST(ChunkedReaderTest, ErrorsStay) {
  Header trailer;
  ChunkedReader reader(trailer);
  EXPECT_EQ(reader.Decode("x").state, ChunkState::kError);
  EXPECT_EQ(reader.Error().Text(), "invalid byte in chunk length");
  EXPECT_EQ(reader.Decode("0\r\n\r\n").state, ChunkState::kError);
  reader.Reset();
  EXPECT_EQ(reader.Decode("0\r\n\r\n").state, ChunkState::kDone);
}

TEST(ChunkedReaderTest, DataTakenPastTheReader) {
  Header trailer;
  ChunkedReader reader(trailer);
  EXPECT_EQ(reader.DataLeft(), 0u);
  EXPECT_EQ(reader.Decode("100\r\n").state, ChunkState::kNeedMore);
  EXPECT_EQ(reader.DataLeft(), 256u);
  EXPECT_EQ(reader.Decode("abcdef").data, "abcdef");
  EXPECT_EQ(reader.DataLeft(), 250u);
  reader.SkipData(200);
  reader.SkipData(50);
  EXPECT_EQ(reader.DataLeft(), 0u);
  EXPECT_EQ(reader.Decode("\r\n0\r\n\r\n").state, ChunkState::kDone);
}

// Whatever a sender may cut a body into, its bytes come out.
TEST(ChunkedReaderTest, RandomBodiesComeOutWhole) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string body;
    std::string wire;
    for (unsigned chunks = random() % 6; chunks > 0; --chunks) {
      std::string data(1 + random() % 300, '\0');
      for (char& c : data) c = static_cast<char>(random());
      char size[32];
      std::snprintf(size, sizeof size, random() % 2 ? "%zx" : "%08zX", data.size());
      wire += size;
      if (random() % 3 == 0) wire += ";name=\"quoted \\\" value\"";
      wire += "\r\n" + data + "\r\n";
      body += data;
    }
    wire += random() % 2 ? "0\r\n\r\n" : "0;last\r\nX-Sum: 1\r\n\r\n";
    const ChunkedOutcome outcome = DecodeChunked(wire + "next", {1 + random() % 40});
    ASSERT_EQ(outcome.status, 0);
    ASSERT_EQ(outcome.body, body);
    ASSERT_EQ(outcome.consumed, wire.size());
  }
}

// Damaged bodies: no byte outside of the input is read, and the way of arriving does not matter.
TEST(ChunkedReaderTest, RandomDamage) {
  std::mt19937 random(2);
  constexpr std::string_view kSeed =
      "5;a=\"b\\\"\";c=d\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX: y\r\n\r\n";
  constexpr std::string_view kBytes = "\r\n \t;=\"\\:0aFg\0\x80"sv;
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string input(kSeed);
    for (unsigned damages = 1 + random() % 3; damages > 0; --damages) {
      const std::size_t at = random() % input.size();
      const char byte = kBytes[random() % kBytes.size()];
      switch (random() % 3) {
        case 0: input[at] = byte; break;
        case 1: input.insert(at, 1, byte); break;
        default: input.erase(at, 1 + random() % 3); break;
      }
    }
    const ChunkedOutcome whole = DecodeChunked(input, {input.size() + 1});
    ASSERT_EQ(DecodeChunked(input, {1}), whole) << input;
    ASSERT_EQ(DecodeChunked(input, {1 + random() % 20}), whole) << input;
    accepted += whole.status == 0;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace gale::http::internal

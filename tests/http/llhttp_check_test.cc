// The two opinions on a head: where they must agree, where llhttp is helped, and what damaged heads come to.
#include "gale/http/internal/llhttp_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "gale/tests/http/exact_bytes.h"

namespace gale::http::internal {
namespace {

using namespace std::literals;

// Parses with Gale's parser alone.
struct OwnOpinion {
  explicit OwnOpinion(std::string_view input)
      : bytes(input), parser(fields, {.second_opinion = SecondOpinion::kNever}) {
    accepted = parser.Parse(bytes.All()) == ParseState::kComplete;
  }
  ExactBytes bytes;
  Header fields;
  HeadParser parser;
  bool accepted;
};

bool BothAccept(std::string_view input) {
  ExactBytes bytes(input);
  Header fields;
  HeadParser parser(fields, {.second_opinion = SecondOpinion::kAlways});
  return parser.Parse(bytes.All()) == ParseState::kComplete;
}

// llhttp as it is built must refuse what its loose mode would take.
TEST(LlhttpCheckTest, LlhttpIsStrict) {
  const RequestHead facts{.method = "GET", .target = "/", .host = "a", .upgrade = {}};
  EXPECT_TRUE(LlhttpAgrees("GET / HTTP/1.1\r\nHost: a\r\n\r\n", facts, false));
  EXPECT_FALSE(LlhttpAgrees("GET / HTTP/1.1\r\nHost: a\r\n\rX", facts, false));
  EXPECT_FALSE(LlhttpAgrees("GET / HTTP/1.1\r\nHost : a\r\n\r\n", facts, false));
  EXPECT_FALSE(LlhttpAgrees("GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", facts, false));
  EXPECT_FALSE(LlhttpAgrees("GET / HTTP/1.1\r\nx:\rTransfer-Encoding: chunked\r\n\r\n", facts, false));
}

TEST(LlhttpCheckTest, DifferentFactsAreRefused) {
  const std::string_view head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  const RequestHead facts{.method = "POST", .target = "/", .host = "a", .content_length = 5, .upgrade = {}};
  EXPECT_TRUE(LlhttpAgrees(head, facts, false));
  EXPECT_TRUE(LlhttpAgrees(head, facts, true));
  const auto differing = [&](auto change) {
    RequestHead changed = facts;
    change(changed);
    return LlhttpAgrees(head, changed, false) || LlhttpAgrees(head, changed, true);
  };
  EXPECT_FALSE(differing([](RequestHead& f) { f.content_length = 6; }));
  EXPECT_FALSE(differing([](RequestHead& f) { f.content_length = -1; }));
  EXPECT_FALSE(differing([](RequestHead& f) { f.chunked = true; }));
  RequestHead other_method = facts;
  other_method.method = "GET";
  EXPECT_FALSE(LlhttpAgrees(head, other_method, false));
}

TEST(LlhttpCheckTest, AnotherEndOfTheHeadIsRefused) {
  const RequestHead facts{.method = "GET", .target = "/", .host = "a", .upgrade = {}};
  EXPECT_FALSE(LlhttpAgrees("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n", facts, false));
  EXPECT_FALSE(LlhttpAgrees("GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n", facts, false));
  EXPECT_FALSE(LlhttpAgrees("GET / HTTP/1.1\r\nHost: a\r\n", facts, false));
}

// Valid heads that llhttp alone refuses, in one version or the other.
TEST(LlhttpCheckTest, NarrowPlacesOfLlhttpAreWidened) {
  for (std::string_view head : {
           "FOOBAR / HTTP/1.1\r\nHost: a\r\n\r\n",
           "get / HTTP/1.1\r\nHost: a\r\n\r\n",
           "SOURCE / HTTP/1.1\r\nHost: a\r\n\r\n",
           "QUERY / HTTP/1.1\r\nHost: a\r\n\r\n",
           "TEARDOWN / HTTP/1.1\r\nHost: a\r\n\r\n",
           "M / HTTP/1.0\r\n\r\n",
           "GET / HTTP/1.9\r\nHost: a\r\n\r\n",
           "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
           "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length:\t5 \t\r\n\r\n",
           "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked \t \r\n\r\n",
           "BREW http://a:80?b HTTP/1.2\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n",
           "CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\t, Upgrade\t\r\nProxy-Connection: x\r\n\r\n",
       }) {
    EXPECT_TRUE(BothAccept(head)) << head;
  }
}

// Every method that llhttp knows, and one letter more or less.
TEST(LlhttpCheckTest, Methods) {
  for (std::string method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND",
                             "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "M-SEARCH", "PURGE"}) {
    EXPECT_TRUE(BothAccept(method + " / HTTP/1.1\r\nHost: a\r\n\r\n")) << method;
    EXPECT_TRUE(BothAccept(method + "X / HTTP/1.1\r\nHost: a\r\n\r\n")) << method;
    EXPECT_TRUE(BothAccept(method.substr(1) + " / HTTP/1.1\r\nHost: a\r\n\r\n")) << method;
  }
}

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  unsigned Below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  template <typename Choices>
  auto Pick(const Choices& choices) {
    return choices[Below(static_cast<unsigned>(std::size(choices)))];
  }
  std::string Text(std::string_view bytes, unsigned min, unsigned max) {
    std::string text(min + Below(max - min + 1), ' ');
    for (char& c : text) c = Pick(bytes);
    return text;
  }

  // A valid head of a request without a body, or with one.
  std::string Head() {
    std::string head = Pick(std::array{"GET"s, "POST"s, "OPTIONS"s, Text("ABCxyz!#$%&'*+-.^_`|~019", 1, 9)});
    head += ' ';
    head += Pick(std::array{"http://example.com:80"s, ""s, ""s});
    head += '/' + Text("abz09/-._~!$&'()*+,;=:@[]{}|^`\"<>", 0, 60);
    if (Below(2) == 0) head += "?" + Text("abz09/-._~!$&'()*+,;=:@?\\", 0, 60);
    head += Pick(std::array{" HTTP/1.1\r\n"s, " HTTP/1.1\r\n"s, " HTTP/1.3\r\n"s});
    std::vector<std::string> lines = {"Host: " + Pick(std::array{"a"s, "a.b:80"s, "[::1]"s, ""s})};
    for (unsigned fields = Below(8); fields > 0; --fields) {
      // Longer than any name that means something here.
      lines.push_back(Text("abcXYZ019-_.!#$%&'*+^`|~", 20, 40) + ':' + Text(" \t", 0, 3) +
                      Text("abc XYZ\t019,;=\"\\()<>[]{}:/?@\x80\xff", 0, 50));
    }
    lines.push_back(Pick(std::array{"X: y"s, "Content-Length: 17"s, "Transfer-Encoding: \tCHUNKED\t"s,
                                    "content-length: 4 \t"s, "Upgrade: h2c"s, "Connection: close, te"s}));
    std::shuffle(lines.begin(), lines.end(), random_);
    for (const std::string& line : lines) head += line + "\r\n";
    return head + "\r\n";
  }

  void Damage(std::string& text) {
    constexpr std::string_view kBytes =
        "\r\n\r\n \t:;,=/%#?*@[]\0\x01\x7f\x80\xff"
        "0159aEHTgtx-"sv;
    const std::size_t at = Below(static_cast<unsigned>(text.size()));
    switch (Below(5)) {
      case 0: text[at] = Pick(kBytes); break;
      case 1: text.insert(at, 1, Pick(kBytes)); break;
      case 2: text.erase(at, 1 + Below(4)); break;
      case 3: text.insert(at, text.substr(Below(static_cast<unsigned>(text.size())), Below(30))); break;
      default: text[at] = static_cast<char>(text[at] ^ (1 << Below(8))); break;
    }
  }

 private:
  std::mt19937 random_;
};

TEST(LlhttpCheckTest, ValidHeadsPassBoth) {
  Generator generator(1);
  for (int round = 0; round < 20'000; ++round) {
    const std::string head = generator.Head();
    ASSERT_TRUE(OwnOpinion(head).accepted) << head;
    ASSERT_TRUE(BothAccept(head)) << head;
  }
}

// What Gale's own parser accepts, llhttp accepts and reads alike: llhttp never has to say no. It is a property of the
// own parser, found by damaging valid heads; and no way of arriving changes the verdict.
TEST(LlhttpCheckTest, OwnParserAcceptsNothingThatLlhttpRefuses) {
  Generator generator(2);
  int accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string input = generator.Head();
    for (unsigned damages = 1 + generator.Below(3); damages > 0; --damages) generator.Damage(input);
    const OwnOpinion own(input);
    ASSERT_EQ(BothAccept(input), own.accepted) << input;
    accepted += own.accepted;

    Header fields;
    HeadParser parser(fields, {.second_opinion = SecondOpinion::kAlways});
    ExactBytes bytes(input);
    ParseState state = ParseState::kIncomplete;
    for (std::size_t size = 0; state == ParseState::kIncomplete && size < input.size();) {
      size = std::min<std::size_t>(size + 1 + generator.Below(30), input.size());
      state = parser.Parse(bytes.Prefix(size));
    }
    ASSERT_EQ(state == ParseState::kComplete, own.accepted) << input;
    if (own.accepted) {
      ASSERT_EQ(parser.HeadLength(), own.parser.HeadLength()) << input;
      ASSERT_EQ(parser.Head().host, own.parser.Head().host) << input;
      ASSERT_EQ(fields.size(), own.fields.size()) << input;
    }
  }
  EXPECT_GT(accepted, 5'000);
}

TEST(LlhttpCheckTest, GarbageIsSurvived) {
  Generator generator(3);
  for (int round = 0; round < 50'000; ++round) {
    std::string garbage(generator.Below(200), '\0');
    for (char& c : garbage) c = static_cast<char>(generator.Below(256));
    const OwnOpinion own(garbage);
    EXPECT_FALSE(own.accepted);
    std::string line_garbage = generator.Text("GET /: HTTP1.\r\n", 0, 100);
    ASSERT_EQ(BothAccept(line_garbage), OwnOpinion(line_garbage).accepted);
  }
}

}  // namespace
}  // namespace gale::http::internal

// The strict head parser, row by row. The names of the rows are those of the wire cases they re-express.
#include "gale/http/internal/head_parser.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gale/http/internal/llhttp_check.h"
#include "gale/http/url.h"
#include "gale/tests/http/exact_bytes.h"

namespace gale::http::internal {
namespace {

// Outcome is all that a parser says about an input, in a form that can be compared and printed.
struct Outcome {
  int status = 0;  // 0: a request, -1: incomplete
  std::string text;
  std::string summary;
  std::vector<std::pair<std::string, std::string>> fields;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << outcome.status << ' ' << outcome.text << ' ' << outcome.summary;
  for (const auto& [name, value] : outcome.fields) *out << " [" << name << ": " << value << ']';
}

Outcome OutcomeOf(ParseState state, const HeadParser& parser, const Header& fields) {
  if (state == ParseState::kIncomplete) return {.status = -1, .text = {}, .summary = {}, .fields = {}};
  if (state == ParseState::kError) {
    return {.status = parser.Error().status, .text = std::string(parser.Error().Text()), .summary = {}, .fields = {}};
  }
  const RequestHead& head = parser.Head();
  Outcome outcome;
  outcome.summary = std::string(head.method) + ' ' + std::string(head.target) + " 1." +
                    std::to_string(head.minor_version) + " host=" + std::string(head.host) +
                    " length=" + std::to_string(head.content_length) + (head.chunked ? " chunked" : "") +
                    (head.keep_alive ? " keep-alive" : " close") + (head.expect_continue ? " expect" : "") +
                    " upgrade=" + std::string(head.upgrade) + " fields=" + std::to_string(head.field_count) +
                    " bytes=" + std::to_string(parser.HeadLength());
  for (auto [name, value] : fields) outcome.fields.emplace_back(name, value);
  return outcome;
}

Outcome ParseWhole(std::string_view input, const HeadOptions& options = {}) {
  Header fields;
  HeadParser parser(fields, options);
  ExactBytes bytes(input);
  return OutcomeOf(parser.Parse(bytes.All()), parser, fields);
}

// The bytes arrive in two pieces and stay where they are.
Outcome ParseSplit(std::string_view input, std::size_t first, const HeadOptions& options = {}) {
  Header fields;
  HeadParser parser(fields, options);
  ExactBytes bytes(input);
  ParseState state = parser.Parse(bytes.Prefix(first));
  if (state == ParseState::kIncomplete) state = parser.Parse(bytes.All());
  return OutcomeOf(state, parser, fields);
}

Outcome ParseByteWise(std::string_view input, const HeadOptions& options = {}) {
  Header fields;
  HeadParser parser(fields, options);
  ExactBytes bytes(input);
  ParseState state = ParseState::kIncomplete;
  for (std::size_t size = 0; size <= input.size() && state == ParseState::kIncomplete; ++size) {
    state = parser.Parse(bytes.Prefix(size));
  }
  return OutcomeOf(state, parser, fields);
}

// The bytes arrive one by one, and move with every one of them.
Outcome ParseMoving(std::string_view input, const HeadOptions& options = {}) {
  Header fields;
  HeadParser parser(fields, options);
  ParseState state = ParseState::kIncomplete;
  std::vector<std::unique_ptr<ExactBytes>> blocks;
  for (std::size_t size = 0; size <= input.size() && state == ParseState::kIncomplete; ++size) {
    blocks.push_back(std::make_unique<ExactBytes>(input.substr(0, size)));
    state = parser.Parse(blocks.back()->All());
  }
  return OutcomeOf(state, parser, fields);
}

// Parses in every way of arriving and checks that all say the same.
Outcome ParseEveryWay(std::string_view input, const HeadOptions& options = {}) {
  const Outcome whole = ParseWhole(input, options);
  EXPECT_EQ(ParseByteWise(input, options), whole) << "byte by byte";
  const std::size_t step = input.size() > 2000 ? 97 : 1;
  for (std::size_t first = 0; first < input.size(); first += step) {
    EXPECT_EQ(ParseSplit(input, first, options), whole) << "split at " << first;
  }
  if (input.size() <= 2000) {
    EXPECT_EQ(ParseMoving(input, options), whole) << "moving";
  }
  return whole;
}

constexpr std::string_view kMissingHost = "missing required Host header";
constexpr std::string_view kMalformedHost = "malformed Host header";
constexpr std::string_view kBadName = "invalid header name";
constexpr std::string_view kBadVersion = "unsupported protocol version";
constexpr std::string_view kBadCoding = "Unsupported transfer encoding";

struct Row {
  std::string_view name;
  std::string_view input;
  int status;
  std::string_view text = "";
};

void Check(const Row& row, const HeadOptions& options = {}) {
  SCOPED_TRACE(row.name);
  const Outcome outcome = ParseEveryWay(row.input, options);
  EXPECT_EQ(outcome.status, row.status);
  EXPECT_EQ(outcome.text, row.text);
}

std::string WithHost(std::string_view lines) { return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n"; }

std::string Post(std::string_view lines) { return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n"; }

using namespace std::literals;

TEST(HeadParserTest, RequestLine) {
  const Row rows[] = {
      {"rl-ok", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"rl-leading-crlf", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"rl-leading-crlf-2", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-leading-lf", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-leading-cr", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-bare-lf", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"rl-bare-cr", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400},
      {"rl-end-lf", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"rl-end-cr-x", "GET / HTTP/1.1\r\nHost: a\r\n\rZGET /evil HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-multi-sp-1", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-multi-sp-2", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-trailing-sp", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"rl-tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-lf-as-space", "GET /\nHTTP/1.1\r\n\r\n", 400},
      {"rl-leading-sp", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-space-in-target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-ctl-target", "GET /\x02 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-del-target", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-utf8-target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-method-unknown", "FOOBAR / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"rl-method-lower", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"rl-method-tchars", "!#$%&'*+-.^_`|~9 / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"rl-method-source", "SOURCE / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"rl-method-rtsp", "DESCRIBE / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"rl-method-junk", "G=\":<>(e),[T];?\" / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-method-nul", "\0 / HTTP/1.1\r\nHost: a\r\n\r\n"sv, 400},
      {"rl-http09", "GET /\r\n\r\n", 400},
      {"rl-http09-hdrs", "GET /\r\nHost: a\r\n\r\n", 400},
      {"rl-v09", "GET / HTTP/0.9\r\n\r\n", 505, kBadVersion},
      {"rl-v20", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, kBadVersion},
      {"rl-v30", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505, kBadVersion},
      {"rl-v99", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505, kBadVersion},
      {"rl-v12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 0},
      {"rl-v111", "GET / HTTP/1.11\r\nHost: a\r\n\r\n", 400},
      {"rl-v1", "GET / HTTP/1\r\nHost: a\r\n\r\n", 400},
      {"rl-v0101", "GET / HTTP/01.01\r\nHost: a\r\n\r\n", 400},
      {"rl-v-case", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-v-x", "GET / HTTP/9.x\r\nHost: a\r\n\r\n", 400},
      {"rl-rtsp", "GET / RTSP/1.0\r\nHost: a\r\n\r\n", 400},
      {"rl-ice", "SOURCE / ICE/1.0\r\nHost: a\r\n\r\n", 400},
      {"rl-h2-preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"rl-h2-preface-path", "PRI / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
      {"rl-h2-preface-v11", "PRI / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"rl-tls-hello", "\x16\x03\x01\x00\x31\x01\x00\x00\x2d\x03\x03"sv, 400},
      {"rl-binary", "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90", 400},
      {"rl-response", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 400},
      {"rl-empty", "", -1},
      {"rl-half", "GET / HTT", -1},
      {"rl-half-end", "GET / HTTP/1.1\r\nHost: a\r\n\r", -1},
  };
  for (const Row& row : rows) Check(row);
  Check({"rl-leading-crlf-flood", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", 400});
}

TEST(HeadParserTest, Target) {
  const auto line = [](std::string_view method, std::string_view target, std::string_view host = "a") {
    return std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
  };
  const struct {
    std::string_view name;
    std::string_view method;
    std::string_view target;
    int status;
  } rows[] = {
      {"path", "GET", "/a/b.c;d?e=f&g", 0},
      {"all-vchars", "GET", "/!\"$%25&'()*+,-./09:;<=>@AZ[]^_`az{|}~", 0},
      {"double-slash", "GET", "//a/b", 0},
      {"query-backslash", "GET", "/?a\\b", 0},
      {"rl-backslash", "GET", "/a\\b", 400},
      {"rl-fragment", "GET", "/p#frag", 400},
      {"rl-fragment-query", "GET", "/?a#frag", 400},
      {"rl-badpct-zz", "GET", "/%zz", 400},
      {"rl-badpct-1", "GET", "/a%1", 400},
      {"rl-badpct-0", "GET", "/a%", 400},
      {"rl-badpct-query", "GET", "/?%g0", 400},
      {"rl-pct", "GET", "/%41%c3%a4?%00", 0},
      {"rl-pct-nul", "GET", "/x%00.html", 400},
      {"rl-pct-crlf", "GET", "/x%0d%0aX-Inj:%20y", 0},
      {"rl-absolute", "GET", "http://a/p", 0},
      {"rl-absolute-https", "GET", "HTTPS://a:8443/p?q", 0},
      {"rl-absolute-nopath", "GET", "http://a", 0},
      {"rl-absolute-query", "GET", "http://a?q", 0},
      {"rl-absolute-v6", "GET", "http://[::1]:80/", 0},
      {"rl-absolute-ftp", "GET", "ftp://a/p", 400},
      {"rl-absolute-noauthority", "GET", "http:///p", 400},
      {"rl-absolute-oneslash", "GET", "http:/a", 400},
      {"rl-absolute-userinfo", "GET", "http://u:p@a/", 400},
      {"rl-absolute-badhost", "GET", "http://a..b/", 400},
      {"rl-absolute-badport", "GET", "http://a:99999/", 400},
      {"rl-absolute-badpct", "GET", "http://a/%x", 400},
      {"rl-authority-get", "GET", "a:80", 400},
      {"relative", "GET", "a/b", 400},
      {"rl-star-get", "GET", "*", 400},
      {"rl-star-post", "POST", "*", 400},
      {"rl-star-options", "OPTIONS", "*", 0},
      {"rl-star-suffix", "OPTIONS", "*/a", 400},
      {"options-path", "OPTIONS", "/", 0},
      {"rl-connect", "CONNECT", "a:443", 0},
      {"rl-connect-v6", "CONNECT", "[2001:db8::1]:443", 0},
      {"rl-connect-path", "CONNECT", "/", 400},
      {"rl-connect-noport", "CONNECT", "a", 400},
      {"rl-connect-emptyport", "CONNECT", "a:", 400},
      {"rl-connect-absolute", "CONNECT", "http://a:443/", 400},
      {"rl-connect-userinfo", "CONNECT", "u@a:443", 400},
  };
  for (const auto& row : rows) {
    const std::string input = line(row.method, row.target);
    Check({row.name, input, row.status});
    // What the parser accepts, URL accepts, and the other way round.
    URL url;
    EXPECT_EQ(url.ParseRequestTarget(row.method, row.target), row.status == 0) << row.name;
  }
  Check({"rl-absolute-nohost", "GET http://a/ HTTP/1.1\r\n\r\n", 400, kMissingHost});
  Check({"rl-absolute-badhostfield", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400, kMalformedHost});
}

TEST(HeadParserTest, Host) {
  const struct {
    std::string_view name;
    std::string_view host;
    int status;
  } rows[] = {
      {"host", "example.com", 0},
      {"host-port", "example.com:8080", 0},
      {"host-ip", "127.0.0.1:80", 0},
      {"host-v6", "[::1]", 0},
      {"host-v6-ok", "[::1]:8080", 0},
      {"host-port-empty", "a:", 0},
      {"host-port-max", "a:65535", 0},
      {"host-empty", "", 0},
      {"host-root", "example.com.", 0},
      {"host-underscore", "my_host", 0},
      {"host-pct-utf8", "m%C3%BCller", 0},
      {"host-userinfo", "u@a", 400},
      {"host-path", "a/b", 400},
      {"host-query", "a?b", 400},
      {"host-space", "a b", 400},
      {"host-port-big", "a:99999", 400},
      {"host-port-65536", "a:65536", 400},
      {"host-port-huge", "a:18446744073709551696", 400},
      {"host-port-twice", "a:80:80", 400},
      {"host-port-alpha", "a:x", 400},
      {"host-port-sign", "a:+80", 400},
      {"host-port-only", ":80", 400},
      {"host-brace", "{", 400},
      {"host-v6-dot", "[::1].", 400},
      {"host-v6-open", "[::1", 400},
      {"host-v6-empty", "[]", 400},
      {"host-v6-zone", "[fe80::1%25en0]", 400},
      {"host-v6-bare", "::1", 400},
      {"host-v6-long", "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", 400},
      {"host-dots", "a..b", 400},
      {"host-leading-dot", ".a", 400},
      {"host-dot", ".", 400},
      {"host-backslash", "a\\b", 400},
      {"host-pct-ascii", "a%2fb", 400},
      {"host-pct-bad", "a%c", 400},
      {"host-utf8", "m\xc3\xbcller", 400},
      {"host-list", "a, b", 400},
  };
  for (const auto& row : rows) {
    const std::string input = "GET / HTTP/1.1\r\nHost: " + std::string(row.host) + "\r\n\r\n";
    Check({row.name, input, row.status, row.status == 0 ? "" : kMalformedHost});
  }
  Check({"host-missing", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400, kMissingHost});
  Check({"host-missing-12", "GET / HTTP/1.2\r\n\r\n", 400, kMissingHost});
  Check({"host-missing-connect", "CONNECT a:443 HTTP/1.1\r\n\r\n", 400, kMissingHost});
  Check({"host-missing-10", "GET / HTTP/1.0\r\n\r\n", 0});
  Check({"host-dup-same", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400});
  Check({"host-dup-empty", "GET / HTTP/1.1\r\nHost:\r\nHost: a\r\n\r\n", 400});
  Check({"host-dup-10", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400});
}

TEST(HeadParserTest, FieldSyntax) {
  const Row rows[] = {
      {"h-value-ows", "X: \t a \t \r\n", 0},
      {"h-no-space", "X:a\r\n", 0},
      {"h-empty-value", "X:\r\nY: \t\r\n", 0},
      {"h-obs-text", "X: \x80\xff\r\n", 0},
      {"h-inner-tab", "X: a\tb\r\n", 0},
      {"h-name-tchars", "!#$%&'*+-.^_`|~09azAZ: v\r\n", 0},
      {"h-long-name", "Abcdefghijklmnopqrstuvwxyz-Abcdefghijklmnopqrstuvwxyz_0123456789: v\r\n", 0},
      {"h-tab-before-colon", "X-T\t: v\r\n", 400},
      {"h-sp-before-colon", "X-T : v\r\n", 400, kBadName},
      {"h-name-inner-sp", "A b: v\r\n", 400, kBadName},
      {"h-space-for-colon", "Content-Length 5\r\n", 400, kBadName},
      {"h-ws-line", " \r\n", 400},
      {"h-obs-fold", "X-T: v\r\n continued\r\n", 400},
      {"h-obs-fold-tab", "X-T: v\r\n\tcontinued\r\n", 400},
      {"h-obs-fold-cl", "X: a\r\n Content-Length: 47\r\n", 400},
      {"te-obs-fold", "Transfer-Encoding:\r\n chunked\r\n", 400},
      {"te-obs-fold-2", "Transfer-Encoding: chunked\r\n , identity\r\n", 400},
      {"h-empty-name", ": v\r\n", 400},
      {"h-no-colon", "NoColonHere\r\n", 400},
      {"h-name-bracket", "X[a]: v\r\n", 400},
      {"h-name-at", "X@a: v\r\n", 400},
      {"h-name-brace", "X{a}: v\r\n", 400},
      {"h-name-slash", "X/a: v\r\n", 400},
      {"h-name-quote", "X\"a: v\r\n", 400},
      {"h-name-x85", "Content-Length\x85: 5\r\n", 400},
      {"h-name-nul", "X\0: v\r\n"sv, 400},
      {"h-name-del", "X\x7f: v\r\n", 400},
      {"h-value-cr", "X: a\rb\r\n", 400},
      {"h-value-cr-end", "X: a\r\r\n", 400},
      {"h-value-lf", "X: a\nY: b\r\n", 400},
      {"h-value-nul", "X: a\0b\r\n"sv, 400},
      {"h-value-del", "X: a\x7f\r\n", 400},
      {"h-value-cr-smuggle", "Visible: x\rTransfer-Encoding: chunked\r\n", 400},
      {"h-empty-cr-te", "x:\rTransfer-Encoding: chunked\r\n", 400},
      {"h-value-ctl-01", "X: a\x01 b\r\n", 400},
      {"h-value-ctl-07", "X: a\x07 b\r\n", 400},
      {"h-value-vt", "X: \x0b\r\n", 400},
      {"h-value-ctl-1f", "X: a\x1f b\r\n", 400},
      {"h-value-late-ctl", "X: 0123456789abcdef\t0123456789abcdef\x1f\r\n", 400},
      {"h-value-late-tab", "X: 0123456789abcdef\t\t0123456789abcdef\t\r\n", 0},
  };
  for (Row row : rows) {
    const std::string input = WithHost(row.input);
    row.input = input;
    Check(row);
  }
  Check({"h-first-line-sp", "GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n", 400});
  Check({"h-first-line-tab", "GET / HTTP/1.1\r\n\tContent-Length: 1\r\nHost: a\r\n\r\nX", 400});
  Check({"h-obs-fold-host", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n", 400});
}

TEST(HeadParserTest, Framing) {
  const Row rows[] = {
      {"cl-ok", "Content-Length: 5\r\n", 0},
      {"cl-zero", "Content-Length: 0\r\n", 0},
      {"cl-none", "", 0},
      {"cl-max", "Content-Length: 9223372036854775807\r\n", 0},
      {"cl-ows-tab", "Content-Length:\t5\t\r\n", 0},
      {"cl-dup-same", "Content-Length: 5\r\nX: y\r\nContent-Length: 5\r\n", 0},
      {"cl-empty", "Content-Length:\r\n", 400},
      {"cl-plus", "Content-Length: +5\r\n", 400},
      {"cl-minus", "Content-Length: -5\r\n", 400},
      {"cl-minus-zero", "Content-Length: -0\r\n", 400},
      {"cl-hex", "Content-Length: 0x5\r\n", 400},
      {"cl-octal-o", "Content-Length: 0o5\r\n", 400},
      {"cl-underscore", "Content-Length: 1_0\r\n", 400},
      {"cl-alpha", "Content-Length: abc\r\n", 400},
      {"cl-trail-alpha", "Content-Length: 5x\r\n", 400},
      {"cl-dot", "Content-Length: 5.0\r\n", 400},
      {"cl-inner-sp", "Content-Length: 1 0\r\n", 400},
      {"cl-quoted", "Content-Length: \"5\"\r\n", 400},
      {"cl-nbsp",
       "Content-Length: \xa0"
       "5\r\n",
       400},
      {"cl-list", "Content-Length: 5, 5\r\n", 400},
      {"cl-2p63", "Content-Length: 9223372036854775808\r\n", 400},
      {"cl-2p64m1", "Content-Length: 18446744073709551615\r\n", 400},
      {"cl-overflow", "Content-Length: 99999999999999999999\r\n", 400},
      {"cl-dup-diff", "Content-Length: 5\r\nContent-Length: 10\r\n", 400},
      {"cl-dup-spelling", "Content-Length: 5\r\nContent-Length: 05\r\n", 400},
      {"te-ok", "Transfer-Encoding: chunked\r\n", 0},
      {"te-case", "tRANSFER-eNCODING: ChUnKeD\r\n", 0},
      {"te-ows-tab", "Transfer-Encoding:\tchunked\t\r\n", 0},
      {"te-empty", "Transfer-Encoding:\r\n", 501, kBadCoding},
      {"te-identity", "Transfer-Encoding: identity\r\n", 501, kBadCoding},
      {"te-gzip", "Transfer-Encoding: gzip\r\n", 501, kBadCoding},
      {"te-gzip-chunked", "Transfer-Encoding: gzip, chunked\r\n", 501, kBadCoding},
      {"te-chunked-gzip", "Transfer-Encoding: chunked, gzip\r\n", 501, kBadCoding},
      {"te-twice", "Transfer-Encoding: chunked, chunked\r\n", 501, kBadCoding},
      {"te-lead-comma2", "Transfer-Encoding: ,chunked\r\n", 501, kBadCoding},
      {"te-trail-comma", "Transfer-Encoding: chunked,\r\n", 501, kBadCoding},
      {"te-params", "Transfer-Encoding: chunked;q=1\r\n", 501, kBadCoding},
      {"te-vt",
       "Transfer-Encoding: \x0b"
       "chunked\r\n",
       400},
      {"te-nul", "Transfer-Encoding: chunked\0\r\n"sv, 400},
      {"te-nbsp",
       "Transfer-Encoding: \xa0"
       "chunked\r\n",
       501, kBadCoding},
      {"te-quoted", "Transfer-Encoding: \"chunked\"\r\n", 501, kBadCoding},
      {"te-cow", "Transfer-Encoding: cow\r\n", 501, kBadCoding},
      {"te-dup-same", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501, kBadCoding},
      {"te-dup-empty", "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", 501, kBadCoding},
      {"te-dup-identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 501, kBadCoding},
      {"te-dup-gzip-first", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501, kBadCoding},
      {"clte", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
      {"tecl", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", 400},
      {"clte-badte", "Content-Length: 5\r\nTransfer-Encoding: ,chunked\r\n", 400},
      {"tecl-badcl", "Transfer-Encoding: chunked\r\nContent-Length: x\r\n", 400},
      {"trailer-ok", "Transfer-Encoding: chunked\r\nTrailer: X-Sum, X-Time\r\n", 0},
      {"trailer-forbidden", "Transfer-Encoding: chunked\r\nTrailer: X-Sum, content-LENGTH\r\n", 400},
      {"trailer-without-chunks", "Trailer: Content-Length\r\n", 0},
      {"expect-100-case", "Expect: 100-Continue\r\nContent-Length: 5\r\n", 0},
      {"expect-empty", "Expect:\r\n", 0},
      {"expect-unknown", "Expect: 200-ok\r\n", 417},
      {"expect-list", "Expect: 100-continue, x\r\n", 417},
  };
  for (Row row : rows) {
    const std::string input = Post(row.input);
    row.input = input;
    Check(row);
  }
  Check({"te-http10", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400});
}

// One line of facts for each head; see OutcomeOf.
TEST(HeadParserTest, Facts) {
  const struct {
    std::string_view name;
    std::string_view input;
    std::string_view summary;
  } rows[] = {
      {"plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
       "GET / 1.1 host=a length=-1 keep-alive upgrade= fields=1 bytes=27"},
      {"leading-crlf", "\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
       "GET /x 1.1 host=a length=-1 keep-alive upgrade= fields=1 bytes=30"},
      {"pipelined", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n",
       "GET /1 1.1 host=a length=-1 keep-alive upgrade= fields=1 bytes=28"},
      {"length", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
       "PUT / 1.1 host=a length=5 keep-alive upgrade= fields=2 bytes=46"},
      {"chunked", "POST / HTTP/1.1\r\nhost: a:1\r\ntransfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n",
       "POST / 1.1 host=a:1 length=-1 chunked keep-alive upgrade= fields=2 bytes=58"},
      {"absolute", "GET http://b.example:80/p?q HTTP/1.1\r\nHost: a\r\n\r\n",
       "GET http://b.example:80/p?q 1.1 host=b.example:80 length=-1 keep-alive upgrade= fields=1 bytes=49"},
      {"connect", "CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n",
       "CONNECT b:443 1.1 host=b:443 length=-1 keep-alive upgrade= fields=1 bytes=35"},
      {"v12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "GET / 1.2 host=a length=-1 keep-alive upgrade= fields=1 bytes=27"},
      {"v10", "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 host= length=-1 close upgrade= fields=0 bytes=18"},
      {"conn-10-ka", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
       "GET / 1.0 host= length=-1 keep-alive upgrade= fields=1 bytes=42"},
      {"conn-10-both", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
       "GET / 1.0 host= length=-1 close upgrade= fields=1 bytes=49"},
      {"conn-close-list", "GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, CLOSE\r\n\r\n",
       "GET / 1.1 host=a length=-1 close upgrade= fields=2 bytes=51"},
      {"conn-close-tab", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\t\r\n\r\n",
       "GET / 1.1 host=a length=-1 close upgrade= fields=2 bytes=47"},
      {"conn-close-second", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection:\tclose\r\n\r\n",
       "GET / 1.1 host=a length=-1 close upgrade= fields=3 bytes=61"},
      {"conn-closed-word", "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed,,\"close\"\r\n\r\n",
       "GET / 1.1 host=a length=-1 keep-alive upgrade= fields=2 bytes=56"},
      {"upgrade", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
       "GET / 1.1 host=a length=-1 keep-alive upgrade=websocket fields=3 bytes=80"},
      {"upgrade-unnamed", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
       "GET / 1.1 host=a length=-1 keep-alive upgrade= fields=2 bytes=47"},
      {"upgrade-10", "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
       "GET / 1.0 host= length=-1 close upgrade= fields=2 bytes=53"},
      {"expect-100", "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
       "PUT / 1.1 host=a length=1 keep-alive expect upgrade= fields=3 bytes=68"},
      {"expect-chunked", "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-CONTINUE\r\nTransfer-Encoding: chunked\r\n\r\n",
       "PUT / 1.1 host=a length=-1 chunked keep-alive expect upgrade= fields=3 bytes=77"},
      {"expect-no-body", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
       "GET / 1.1 host=a length=-1 keep-alive upgrade= fields=2 bytes=49"},
      {"expect-10", "PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
       "PUT / 1.0 host= length=1 close upgrade= fields=2 bytes=59"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const Outcome outcome = ParseEveryWay(row.input);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.summary, row.summary);
  }
}

TEST(HeadParserTest, FieldsKeepOrderAndSpellingWithoutHost) {
  const Outcome outcome = ParseEveryWay(
      "GET / HTTP/1.1\r\nx-B:  two words \r\nHost: a\r\nX-a:\r\nContent-Length: 3\r\nX-B: again\r\nContent-Length: "
      "3\r\n\r\n");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"x-B", "two words"}, {"X-a", ""}, {"Content-Length", "3"}, {"X-B", "again"}};
  EXPECT_EQ(outcome.fields, expected);
}

TEST(HeadParserTest, LimitOfTheRequestLine) {
  const auto line = [](std::size_t size) {
    const std::string_view around = "GET / HTTP/1.1";
    return "GET /" + std::string(size - around.size(), 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  const HeadOptions options{.max_request_line = 200};
  Check({"at the limit", line(200), 0}, options);
  Check({"one over", line(201), 414}, options);
  Check({"far over", line(5000), 414}, options);
  Check({"after an empty line", "\r\n" + line(200), 0}, options);
  Check({"method", std::string(500, 'M'), 414}, options);
  Check({"within", line(190).substr(0, 180), -1}, options);
  Check({"bad before the limit", "GET /\x01" + std::string(500, 'x'), 400}, options);
  Check({"bad behind the limit", "GET /" + std::string(500, 'x') + "\x01", 414}, options);
  EXPECT_EQ(ParseWhole(line(16 * 1024)).status, 0);
  EXPECT_EQ(ParseWhole(line(16 * 1024 + 1)).status, 414);
}

TEST(HeadParserTest, LimitOfTheHead) {
  const auto head = [](std::size_t size) {
    const std::string_view around = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
    return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(size - around.size(), 'v') + "\r\n\r\n";
  };
  const HeadOptions options{.max_head = 300};
  Check({"at the limit", head(300), 0}, options);
  Check({"one over", head(301), 431}, options);
  Check({"far over", head(3000), 431}, options);
  Check({"name", "GET / HTTP/1.1\r\n" + std::string(400, 'N'), 431}, options);
  Check({"request line", "GET /" + std::string(400, 'x'), 414}, options);
  Check({"body behind the limit", head(300) + std::string(400, 'x'), 0}, options);
  Check({"within", head(400).substr(0, 299), -1}, options);
  EXPECT_EQ(ParseWhole(head(64 * 1024)).status, 0);
  EXPECT_EQ(ParseWhole(head(64 * 1024 + 1)).status, 431);
}

TEST(HeadParserTest, LimitsMayBeTheHighestNumber) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  const HeadOptions options{.max_request_line = kMost, .max_head = kMost, .max_fields = kMost};
  Check({"no limits", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0}, options);
  Check({"tiny head", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 414}, {.max_head = 1});
}

TEST(HeadParserTest, LimitOfTheFields) {
  const auto fields = [](int count) {
    std::string lines;
    for (int i = 1; i < count; ++i) lines += "X-" + std::to_string(i) + ": v\r\n";
    return WithHost(lines);
  };
  Check({"h-100-ok", fields(100), 0});
  Check({"h-101", fields(101), 431});
  Check({"own limit", fields(3), 431}, {.max_fields = 2});
}

TEST(HeadParserTest, KnownMethodsOnly) {
  const HeadOptions options{.known_methods_only = true};
  for (std::string_view method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"}) {
    Check({method, std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 0}, options);
  }
  for (std::string_view method : {"FOOBAR", "get", "PROPFIND", "GETS"}) {
    Check({method, std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 501}, options);
  }
}

TEST(HeadParserTest, ResetServesTheNextHeadOfTheConnection) {
  Header fields;
  HeadParser parser(fields);
  const std::string_view stream =
      "POST http://x/ HTTP/1.0\r\nHost: a\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"
      "GET /%41 HTTP/1.1\r\nHost: b\r\n\r\n";
  ASSERT_EQ(parser.Parse(stream), ParseState::kComplete);
  EXPECT_EQ(parser.Head().host, "x");
  const std::string_view rest = stream.substr(parser.HeadLength());
  parser.Reset();
  fields.Clear();
  ASSERT_EQ(parser.Parse(rest), ParseState::kComplete);
  EXPECT_EQ(parser.Head().target, "/%41");
  EXPECT_EQ(parser.Head().host, "b");
  EXPECT_EQ(parser.Head().content_length, -1);
  EXPECT_EQ(parser.Head().minor_version, 1);
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(parser.HeadLength(), rest.size());
}

}  // namespace
}  // namespace gale::http::internal

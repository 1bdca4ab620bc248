// What the server answers to each way in which a request can be malformed, odd or cut off; and that it does not matter
// in which pieces the bytes arrive.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

constexpr const char* kBadRequest = "400 Bad Request";
constexpr const char* kUnsupportedCoding = "Unsupported transfer encoding";
constexpr const char* kBadVersion = "505 HTTP Version Not Supported: unsupported protocol version";

// Describe answers with what the server has understood.
void Describe(ResponseWriter& w, Request& r) {
  auto body = gale::ReadAll(r.Body());
  if (!body) return Error(w, body.error().Message(), 400);
  const std::string description = std::string(r.Method()) + " " + std::string(r.RequestURI()) + " " +
                                  std::string(r.Proto()) + " host=" + std::string(r.Host()) + " body=" + *body;
  (void)w.Write(description);
}

// Everything that came back, in one line: "200 body; 400 body; EOF".
std::string Outcome(WireClient& client, std::string_view method = "GET") {
  std::string outcome;
  while (true) {
    const WireResponse response = client.ReadResponse(method);
    if (!response.problem.empty()) return outcome + (response.raw_head.empty() ? response.problem : "cut off");
    outcome += std::to_string(response.status) + " " + response.body + "; ";
  }
}

struct Row {
  const char* name;
  std::string request;
  int status;
  std::string body;
};

std::string Name(const ::testing::TestParamInfo<Row>& info) { return info.param.name; }
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// Behaviour groups 2 to 9, for what is refused. Behind every malformed head comes a request that must never be served.
std::string Smuggled() { return Get("/smuggled"); }

class MalformedTest : public ::testing::TestWithParam<Row> {
 protected:
  std::string Expected() const { return std::to_string(GetParam().status) + " " + GetParam().body + "; EOF"; }
};

TEST_P(MalformedTest, IsRefusedAndTheConnectionClosed) {
  TestServer server(Describe);
  WireClient client = server.Connect();
  client.Send(GetParam().request + Smuggled());
  const WireResponse response = client.ReadResponse();
  EXPECT_EQ(response.problem, "");
  EXPECT_EQ(response.status, GetParam().status);
  EXPECT_EQ(response.body, GetParam().body);
  EXPECT_EQ(response.Get("Connection"), "close");
  EXPECT_TRUE(response.Has("Date"));
  EXPECT_EQ(response.Has("Content-Type"), !response.body.empty());
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_TRUE(server.Log().empty());
}

TEST_P(MalformedTest, HasTheSameOutcomeWhereverItIsSplit) {
  TestServer server(Describe, {}, TestServer::Network::kUnix);
  const std::string request = GetParam().request + Smuggled();
  const std::size_t size = GetParam().request.size();
  for (std::size_t split = 1; split < size && !HasFailure(); split += size > 1000 ? 997 : 1) {
    WireClient client = server.Connect();
    client.SendAndWait(request.substr(0, split));
    client.Send(request.substr(split));
    EXPECT_EQ(Outcome(client), Expected()) << "split at " << split;
  }
}

TEST_P(MalformedTest, HasTheSameOutcomeByteByByte) {
  TestServer server(Describe, {}, TestServer::Network::kUnix);
  WireClient client = server.Connect();
  std::string_view request = GetParam().request;
  if (request.size() > 1000) {  // the end of it will do
    client.SendAndWait(request.substr(0, request.size() - 100));
    request.remove_prefix(request.size() - 100);
  }
  for (const char& c : request) client.SendAndWait({&c, 1});
  client.Send(Smuggled());
  EXPECT_EQ(Outcome(client), Expected());
}

Row Bad(const char* name, std::string request) { return {name, std::move(request), 400, kBadRequest}; }
Row BadField(const char* name, const std::string& fields) { return Bad(name, Get("/", fields)); }
Row BadHost(const char* name, const std::string& host) {
  return {name, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", 400, "400 Bad Request: malformed Host header"};
}
Row BadCoding(const char* name, const std::string& field) { return {name, Get("/", field), 501, kUnsupportedCoding}; }

INSTANTIATE_TEST_SUITE_P(RequestLine, MalformedTest,
                         ::testing::Values(Bad("OneSpace", "GET /\r\nHost: a\r\n\r\n"),
                                           Bad("Garbage", "hello\r\nHost: a\r\n\r\n"),
                                           Bad("OnlySpaces", "   \r\nHost: a\r\n\r\n"),
                                           Bad("DoubleSpace", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("SpaceAtTheEnd", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
                                           Bad("Tab", "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("SpaceBefore", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("MethodNoToken", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("MethodWithNul", std::string("G\0T / HTTP/1.1\r\nHost: a\r\n\r\n", 27)),
                                           Bad("VersionInSmallLetters", "GET / http/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("VersionTwoDigits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
                                           Bad("VersionOneNumber", "GET / HTTP/1\r\nHost: a\r\n\r\n"),
                                           Bad("OtherProtocol", "GET / RTSP/1.0\r\nHost: a\r\n\r\n"),
                                           Bad("PrefaceOfHttp2", "PRI * HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Row{"Http09", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505, kBadVersion},
                                           Row{"Http20", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, kBadVersion},
                                           Row{"Http30", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505, kBadVersion},
                                           Bad("LineFeedOnly", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
                                           Bad("BareCarriageReturn", "GET / HTTP/1.1\rHost: a\r\n\r\n"),
                                           Bad("TwoEmptyLinesBefore", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("TlsHello", "\x16\x03\x01\x02")),
                         Name);

INSTANTIATE_TEST_SUITE_P(Target, MalformedTest,
                         ::testing::Values(Bad("NotAbsolute", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("BadEscape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("ShortEscape", "GET /%1 HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("ControlByte", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("Fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("OtherScheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("Userinfo", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("TwoPorts", "GET http://a:80:80/ HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("StarWithGet", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("AuthorityWithGet", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Bad("PathWithConnect", "CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n"),
                                           Row{"TooLong", Get("/" + std::string(16 * 1024, 'a')), 414,
                                               "414 Request URI Too Long"}),
                         Name);

INSTANTIATE_TEST_SUITE_P(
    Fields, MalformedTest,
    ::testing::Values(Bad("FirstLineFolded", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
                      BadField("Folded", "A: b\r\n c\r\n"), BadField("FoldedWithTab", "A: b\r\n\tc\r\n"),
                      BadField("NoColon", "A\r\n"), BadField("EmptyName", ": a\r\n"),
                      BadField("NameNoToken", "A[b]: c\r\n"),
                      Row{"SpaceBeforeColon", Get("/", "A : b\r\n"), 400, "400 Bad Request: invalid header name"},
                      Row{"SpaceInName", Get("/", "A b: c\r\n"), 400, "400 Bad Request: invalid header name"},
                      BadField("TabBeforeColon", "A\t: b\r\n"), BadField("Nul", std::string("A: b\0c\r\n", 8)),
                      BadField("Control", "A: \x07\r\n"), BadField("Del", "A: \x7f\r\n"),
                      BadField("BareCarriageReturn", "A: b\rB: c\r\n"), BadField("LineFeedOnly", "A: b\nB: c\r\n"),
                      Bad("EmptyLineIsLineFeed", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
                      Row{"TooLarge", Get("/", "A: " + std::string(64 * 1024, 'a') + "\r\n"), 431,
                          "431 Request Header Fields Too Large"}),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Host, MalformedTest,
    ::testing::Values(Row{"Missing", "GET / HTTP/1.1\r\n\r\n", 400, "400 Bad Request: missing required Host header"},
                      BadField("Twice", "Host: a\r\n"),
                      Bad("TwiceOn10", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), BadHost("Brace", "{"),
                      BadHost("HighByte", "\xff"), BadHost("Path", "a/b"), BadHost("Userinfo", "u@a"),
                      BadHost("PortTooLarge", "a:65536"), BadHost("TwoPorts", "a:80:80"), BadHost("Space", "a b")),
    Name);

INSTANTIATE_TEST_SUITE_P(
    Framing, MalformedTest,
    ::testing::Values(
        BadField("LengthPlus", "Content-Length: +5\r\n"), BadField("LengthMinus", "Content-Length: -5\r\n"),
        BadField("LengthHex", "Content-Length: 0x5\r\n"), BadField("LengthList", "Content-Length: 5, 5\r\n"),
        BadField("LengthEmpty", "Content-Length:\r\n"),
        BadField("LengthTooLarge", "Content-Length: 9223372036854775808\r\n"),
        BadField("TwoLengths", "Content-Length: 5\r\nContent-Length: 6\r\n"),
        BadField("LengthAndChunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        BadField("ChunkedAndLength", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        Bad("ChunkedOn10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        BadCoding("Gzip", "Transfer-Encoding: gzip\r\n"), BadCoding("Identity", "Transfer-Encoding: identity\r\n"),
        BadCoding("EmptyCoding", "Transfer-Encoding:\r\n"),
        BadCoding("ChunkedTwice", "Transfer-Encoding: chunked, chunked\r\n"),
        BadCoding("TwoCodings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        BadField("ForbiddenTrailer", "Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n"),
        Row{"Expect", Get("/", "Expect: 200-ok\r\n"), 417, ""}),
    Name);

// Behaviour groups 1 to 13, for what the server serves although it looks odd.
class OddTest : public ::testing::TestWithParam<Row> {};

TEST_P(OddTest, IsServedWhereverItIsSplit) {
  TestServer server(Describe, {}, TestServer::Network::kUnix);
  const std::string& request = GetParam().request;
  const std::string expected = std::to_string(GetParam().status) + " " + GetParam().body + "; EOF";
  const std::string method = request.substr(0, request.find(' '));
  for (std::size_t split = 0; split < request.size() && !HasFailure(); ++split) {
    WireClient client = server.Connect();
    if (split > 0) client.SendAndWait(request.substr(0, split));
    client.Send(request.substr(split));
    client.CloseWrite();
    EXPECT_EQ(Outcome(client, method), expected) << "split at " << split;
  }
}

Row Served(const char* name, std::string request, std::string description) {
  return {name, std::move(request), 200, std::move(description)};
}

INSTANTIATE_TEST_SUITE_P(
    Served, OddTest,
    ::testing::Values(
        Served("SmallLetterMethod", "get / HTTP/1.1\r\nHost: a\r\n\r\n", "get / HTTP/1.1 host=a body="),
        Served("UnknownMethod", "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", "BREW /pot HTTP/1.1 host=a body="),
        Served("Http12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "GET / HTTP/1.2 host=a body="),
        Served("Http19", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET / HTTP/1.9 host=a body="),
        Served("NoHostOn10", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0 host= body="),
        Served("EmptyHost", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.1 host= body="),
        Served("EmptyLineBefore", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 host=a body="),
        Served("AbsoluteTarget", "GET http://b/c?d HTTP/1.1\r\nHost: a\r\n\r\n",
               "GET http://b/c?d HTTP/1.1 host=b body="),
        Served("OptionsStar", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ""),
        Served("HighByteInValue", Get("/", "A: \xe4\r\n"), "GET / HTTP/1.1 host=a body="),
        Served("EqualLengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
               "POST / HTTP/1.1 host=a body=hi"),
        Served("BodyOfGet", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
               "GET / HTTP/1.1 host=a body=hi"),
        Served("ExpectWithoutBody", Get("/", "Expect: 100-continue\r\n"), "GET / HTTP/1.1 host=a body=")),
    Name);

// A client that stops in the middle of a head gets to know that this was no request; one that has said nothing, or no
// more than the empty line that old clients send behind a body, is owed nothing.
TEST(CutOffTest, AtEveryByteOfTheHead) {
  TestServer server(Describe);
  const std::string request = "\r\n" + Get("/", "Accept: */*\r\n");
  for (std::size_t size = 0; size < request.size(); ++size) {
    WireClient client = server.Connect();
    client.Send(request.substr(0, size));
    client.CloseWrite();
    EXPECT_EQ(Outcome(client), size <= 2 ? "EOF" : "400 400 Bad Request; EOF") << size << " bytes";
  }
}

TEST(CutOffTest, AfterAnAnswerIsTheEnd) {
  TestServer server(Describe);
  WireClient client = server.Connect();
  client.Send(Post("/", "hi") + "\r\n");
  client.CloseWrite();
  EXPECT_EQ(Outcome(client), "200 POST / HTTP/1.1 host=a body=hi; EOF");
}

}  // namespace
}  // namespace gale::http

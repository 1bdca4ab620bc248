// Which requests are requests, in tables: Host, names and values of fields, methods, versions, codings and lengths.
// Each row is asked on a connection of its own.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;
using namespace std::literals;

class RequestValidationTest : public ::testing::Test {
 protected:
  void Expect(const std::string& request, int status) {
    SCOPED_TRACE(request);
    WireClient client = server_.Connect();
    client.Send(request);
    const WireResponse response = client.ReadResponse();
    EXPECT_EQ(response.status, status) << response.problem;
    if (status >= 400) {
      EXPECT_EQ(response.Get("Connection"), "close");
      EXPECT_TRUE(client.AtEnd());
    }
  }

  TestServer server_{Echo, {.max_header_bytes = 4096}};
};

// Behaviour group 1.
TEST_F(RequestValidationTest, Host) {
  const std::pair<std::string, int> rows[] = {
      {"HTTP/0.9\r\n", 505},
      {"HTTP/1.1\r\n", 400},
      {"HTTP/1.1\r\nHost: \r\n", 200},
      {"HTTP/1.1\r\nHost: 1.2.3.4\r\n", 200},
      {"HTTP/1.1\r\nHost: foo.com\r\n", 200},
      {"HTTP/1.1\r\nHost: foo-bar_baz.com\r\n", 200},
      {"HTTP/1.1\r\nHost: foo.com:80\r\n", 200},
      {"HTTP/1.1\r\nHost: foo.com:\r\n", 200},
      {"HTTP/1.1\r\nHost: ::1\r\n", 400},  // an IPv6 address has brackets
      {"HTTP/1.1\r\nHost: [::1]\r\n", 200},
      {"HTTP/1.1\r\nHost: [::1]:80\r\n", 200},
      {"HTTP/1.1\r\nHost: [::1%25en0]:80\r\n", 400},  // a zone means nothing to anybody else
      {"HTTP/1.1\r\nHost: [::1]80\r\n", 400},
      {"HTTP/1.1\r\nHost: \x06\r\n", 400},
      {"HTTP/1.1\r\nHost: \xff\r\n", 400},
      {"HTTP/1.1\r\nHost: {\r\n", 400},
      {"HTTP/1.1\r\nHost: }\r\n", 400},
      {"HTTP/1.1\r\nHost: first\r\nHost: second\r\n", 400},
      {"HTTP/1.0\r\n", 200},
      {"HTTP/1.0\r\nHost: first\r\nHost: second\r\n", 400},
      {"HTTP/1.0\r\nHost: \xff\r\n", 400},
      {"HTTP/1.2\r\n", 400},
      {"HTTP/2.0\r\nHost: a\r\n", 505},
      {"HTTP/2.0\r\n", 505},
      {"HTTP/3.0\r\n", 505},
  };
  for (const auto& [rest, status] : rows) Expect("GET / " + rest + "\r\n", status);
}

// Behaviour group 2.
TEST_F(RequestValidationTest, Fields) {
  const std::pair<std::string, int> rows[] = {
      {"", 200},
      {"Foo: bar\r\n", 200},
      {"X-Foo: bar\r\n", 200},
      {"Foo: a space\r\n", 200},
      {"A space: foo\r\n", 400},
      {"foo\xff: bar\r\n", 400},
      {"foo\x00: bar\r\n"s, 400},
      {"Foo: " + std::string(5000, 'x') + "\r\n", 431},
      {std::string(5000, 'x') + ": y\r\n", 431},
      {"foo: foo foo\r\n", 200},
      {"foo: foo\tfoo\r\n", 200},
      {"foo: foo\rfoo\r\n", 400},
      {"foo: foo\nfoo\r\n", 400},
      {"foo: foo\x00\r\n"s, 400},
      {"foo: foo\x7f\r\n", 400},
      {"foo: foo\xff\r\n", 200},
  };
  for (const auto& [fields, status] : rows) Expect(Get("/", fields), status);
}

// Behaviour group 3.
TEST_F(RequestValidationTest, Methods) {
  for (const std::string_view method : {"GET", "get", "M-SEARCH", "BREW", "!#$%&'*+-.^_`|~"}) {
    Expect(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 200);
  }
  for (const std::string_view method : {"GE(T", "GE\"T", "", "GE\xffT", "G=T", "GET/"}) {
    Expect(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  }
}

// Behaviour groups 4 and 7.
TEST_F(RequestValidationTest, TransferEncodings) {
  for (const std::string coding :
       {"fugazi", "gzip, chunked", "chunked, chunked", "identity", "chunked;q=1", "\"chunked\""}) {
    SCOPED_TRACE(coding);
    WireClient client = server_.Connect();
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + coding + "\r\n\r\n0\r\n\r\n");
    std::string answer = client.ReadToEnd();
    const std::size_t date = answer.find("Date: ");
    ASSERT_NE(date, std::string::npos) << answer;
    answer.erase(date, answer.find('\n', date) + 1 - date);
    EXPECT_EQ(answer,
              "HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 29\r\n"
              "Connection: close\r\n\r\nUnsupported transfer encoding");
  }
  for (const std::string coding : {"chunked", "CHUNKED", " \tChunked\t "}) {
    Expect("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:" + coding + "\r\n\r\n0\r\n\r\n", 200);
  }
}

// Behaviour groups 6 and 8.
TEST_F(RequestValidationTest, ContentLengths) {
  const std::pair<std::string, int> rows[] = {
      {"3", 200},
      {"003", 200},
      {" 3 ", 200},
      {"", 400},
      {"+3", 400},
      {"-3", 400},
      {"0x3", 400},
      {"3.0", 400},
      {"3,3", 400},
      {"3 3", 400},
      {"a", 400},
      {"9223372036854775808", 400},
      {"3\r\nContent-Length: 3", 200},
      {"3\r\nContent-Length: 03", 400},
      {"3\r\nContent-Length: 4", 400},
  };
  for (const auto& [length, status] : rows) {
    Expect("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:" + length + "\r\n\r\nabc", status);
  }
}

// Behaviour group 9.
TEST_F(RequestValidationTest, Versions) {
  for (const std::string version : {"HTTP/1.0", "HTTP/1.1", "HTTP/1.9"}) {
    Expect("GET / " + version + "\r\nHost: a\r\n\r\n", 200);
  }
  for (const std::string version : {"HTTP/0.9", "HTTP/2.0", "HTTP/9.9"}) {
    Expect("GET / " + version + "\r\nHost: a\r\n\r\n", 505);
  }
  for (const std::string version : {"HTTP", "HTTP/one.one", "HTTP/1.1/", "HTTP/-1.0", "HTTP/0.-1", "HTTP/", "HTTP/1,0",
                                    "HTTP/1.1000001", "HTTP/ 1.1", "http/1.1", "HTTP/01.1"}) {
    Expect("GET / " + version + "\r\nHost: a\r\n\r\n", 400);
  }
}

// Behaviour group 13. One empty line is forgiven before any request, not only behind a POST.
TEST_F(RequestValidationTest, EmptyLinesBetweenRequests) {
  WireClient client = server_.Connect();
  client.Send(Post("/", "abc") + "\r\n" + Get("/") + "\r\n" + Get("/") + "\r\n\r\n" + Get("/"));
  for (int status : {200, 200, 200, 400}) EXPECT_EQ(client.ReadResponse().status, status);
  EXPECT_TRUE(client.AtEnd());
}

}  // namespace
}  // namespace gale::http

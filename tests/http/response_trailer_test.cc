// Fields behind a body, in both directions.
#include <gtest/gtest.h>

#include <string>

#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

const std::string kPrefix(kTrailerPrefix);

// The answer to a request after which the connection ends, without its Date.
std::string AnswerTo(const HandlerFunc::Function& handler, const std::string& request_line = "GET / HTTP/1.1") {
  TestServer server([&](ResponseWriter& w, Request& r) {
    w.Header().Set("Date", "");
    handler(w, r);
  });
  WireClient client = server.Connect();
  client.Send(request_line + "\r\nHost: a\r\nConnection: close\r\n\r\n");
  return client.ReadToEnd();
}

// Behaviour group 44.
TEST(RequestTrailerTest, IsThereAfterTheBodyAnnouncedOrNot) {
  TestServer server([](ResponseWriter& w, Request& r) {
    EXPECT_EQ(r.Header().Values("Trailer").size(), 2u);
    EXPECT_TRUE(r.Trailer().empty());
    EXPECT_EQ(gale::ReadAll(r.Body()).value_or("error"), "foo");
    std::string trailer;
    for (const auto& [name, value] : r.Trailer()) trailer.append(name).append("=").append(value).append(";");
    (void)w.Write(trailer);
  });
  WireClient client = server.Connect();
  for (int i = 0; i < 2; ++i) {
    const WireResponse response = client.Ask(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Client-Trailer-A, Client-Trailer-B\r\n"
        "Trailer: Client-Trailer-C\r\n\r\n3\r\nfoo\r\n0\r\nClient-Trailer-A: valuea\r\nClient-Trailer-C: valuec\r\n"
        "Not-Announced: too\r\n\r\n");
    EXPECT_EQ(response.body, "Client-Trailer-A=valuea;Client-Trailer-C=valuec;Not-Announced=too;");
  }
}

// Behaviour group 44.
TEST(ResponseTrailerTest, AnnouncedOnesAreSentAndNoOthers) {
  for (const bool flushes : {false, true}) {
    const std::string answer = AnswerTo([&](ResponseWriter& w, Request&) {
      w.Header().Set("Trailer", "Server-Trailer-A, Server-Trailer-B");
      w.Header().Add("Trailer", "Server-Trailer-C");
      (void)w.Write("body");
      if (flushes) {
        EXPECT_FALSE(w.Flush());
      }
      w.Header().Set("Server-Trailer-A", "valuea");
      w.Header().Set("Server-Trailer-C", "valuec");  // not B
      w.Header().Set("Server-Trailer-NotDeclared", "should be omitted");
    });
    EXPECT_EQ(answer,
              "HTTP/1.1 200 OK\r\nTrailer: Server-Trailer-A, Server-Trailer-B\r\nTrailer: Server-Trailer-C\r\n"
              "Content-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
              "4\r\nbody\r\n0\r\nServer-Trailer-A: valuea\r\nServer-Trailer-C: valuec\r\n\r\n")
        << flushes;
  }
}

// Behaviour group 44.
TEST(ResponseTrailerTest, ThoseWithThePrefixNeedNoAnnouncement) {
  EXPECT_EQ(AnswerTo([](ResponseWriter& w, Request&) {
              w.Header().Set("Foo", "Bar");
              w.Header().Set(kPrefix + "Foo", "Baz");
              EXPECT_FALSE(w.Flush());
              w.Header().Add(kPrefix + "Foo", "Baz2");
              w.Header().Set(kPrefix + "Bar", "Quux");
            }),
            "HTTP/1.1 200 OK\r\nFoo: Bar\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            "0\r\nFoo: Baz\r\nFoo: Baz2\r\nBar: Quux\r\n\r\n");
}

// Behaviour group 44.
TEST(ResponseTrailerTest, ThePrefixMayComeAsLateAsTheHandlersEnd) {
  const auto flushed = [](ResponseWriter& w, Request&) {
    EXPECT_FALSE(w.Flush());
    (void)w.Write("x");
    w.Header().Set(kPrefix + "Sum", "1");
  };
  EXPECT_TRUE(AnswerTo(flushed).ends_with("\r\n\r\n1\r\nx\r\n0\r\nSum: 1\r\n\r\n"));
  const auto large = [](ResponseWriter& w, Request&) {
    (void)w.Write(std::string(100'000, 'x'));
    w.Header().Set(kPrefix + "Sum", "1");
  };
  EXPECT_TRUE(AnswerTo(large).ends_with("x\r\n0\r\nSum: 1\r\n\r\n"));
  const auto small = [](ResponseWriter& w, Request&) {
    (void)w.Write("x");
    w.Header().Set(kPrefix + "Sum", "1");
  };
  EXPECT_TRUE(AnswerTo(small).ends_with("\r\n\r\n1\r\nx\r\n0\r\nSum: 1\r\n\r\n"));
}

TEST(ResponseTrailerTest, WhereNothingIsChunkedThereAreNone) {
  const auto handler = [](ResponseWriter& w, Request& r) {
    w.Header().Set(kPrefix + "Sum", "1");
    if (r.URL().Path() == "/204") w.WriteHeader(204);
    if (r.URL().Path() == "/sized") w.Header().Set("Content-Length", "1");
    (void)w.Write("x");
  };
  const std::string close = "Connection: close\r\n\r\n";
  const std::string type = "Content-Type: text/plain; charset=utf-8\r\n";
  EXPECT_EQ(AnswerTo(handler, "GET /204 HTTP/1.1"), "HTTP/1.1 204 No Content\r\n" + close);
  EXPECT_EQ(AnswerTo(handler, "HEAD / HTTP/1.1"), "HTTP/1.1 200 OK\r\n" + type + close);
  EXPECT_EQ(AnswerTo(handler, "GET / HTTP/1.0"), "HTTP/1.0 200 OK\r\n" + type + close + "x");
  EXPECT_EQ(AnswerTo(handler, "GET /sized HTTP/1.1"),
            "HTTP/1.1 200 OK\r\n" + type + "Content-Length: 1\r\n" + close + "x");
}

}  // namespace
}  // namespace gale::http

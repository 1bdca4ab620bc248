// httptest: handlers and servers under test without a port.
#include "gale/http/httptest/httptest.h"

#include <gtest/gtest.h>

#include <string>

#include "gale/http/serve_mux.h"
#include "gale/http/status.h"
#include "gale/net/fmt.h"
#include "gale/runtime/panic.h"

namespace gale::http::httptest {
namespace {

TEST(NewRequestTest, IsAsAServerWouldHaveReceivedIt) {
  auto r = NewRequest("POST", "/a%20b?x=1", "hello");
  EXPECT_EQ(r->Method(), "POST");
  EXPECT_EQ(r->URL().Path(), "/a b");
  EXPECT_EQ(r->URL().Query().Get("x"), "1");
  EXPECT_EQ(r->RequestURI(), "/a%20b?x=1");
  EXPECT_EQ(r->Host(), "example.com");
  EXPECT_EQ(r->RemoteAddr(), "192.0.2.1:1234");
  EXPECT_EQ(r->ContentLength(), 5);
  EXPECT_EQ(gale::ReadAll(r->Body()), "hello");
  EXPECT_EQ(NewRequest("GET", "http://host/x")->Host(), "host");
  EXPECT_EQ(NewRequest("GET", "/")->ContentLength(), 0);
}

TEST(NewRequestTest, RefusesWhatAServerWouldRefuse) {
  EXPECT_THROW((void)NewRequest("GET", "no slash"), gale::Panic);
  EXPECT_THROW((void)NewRequest("G T", "/"), gale::Panic);
  EXPECT_THROW((void)NewRequest("", "/"), gale::Panic);
}

TEST(ResponseRecorderTest, KeepsTheAnswer) {
  ServeMux mux;
  mux.HandleFunc("GET /items/{id}", [](ResponseWriter& w, Request& r) {
    w.Header().Set("X-A", "sent");
    w.WriteHeader(kStatusCreated);
    w.Header().Set("X-A", "too late");
    w.WriteHeader(500);
    gale::Fprintf(w, "item %s\n", r.PathValue("id"));
  });
  ResponseRecorder w;
  mux.ServeHTTP(w, *NewRequest("GET", "/items/7"));
  EXPECT_EQ(w.Code(), 201);
  EXPECT_EQ(w.ResultHeader().Get("X-A"), "sent");
  EXPECT_EQ(w.Body(), "item 7\n");
}

TEST(ResponseRecorderTest, WithoutAWriteItIsA200) {
  ResponseRecorder w;
  w.Header().Set("X-A", "b");
  EXPECT_EQ(w.Code(), 200);
  EXPECT_EQ(w.ResultHeader().Get("X-A"), "b");
  w.WriteHeader(103);
  EXPECT_EQ(w.Code(), 200);
  w.WriteHeader(204);
  EXPECT_FALSE(w.Write("x"));
  EXPECT_THROW(w.WriteHeader(99), gale::Panic);
}

TEST(ResponseRecorderTest, AFlushSendsTheHead) {
  ResponseRecorder w;
  EXPECT_FALSE(w.Flushed());
  EXPECT_FALSE(w.Flush());
  EXPECT_TRUE(w.Flushed());
  w.Header().Set("X-A", "too late");
  EXPECT_FALSE(w.ResultHeader().Has("X-A"));
  w.WriteHeader(500);
  EXPECT_EQ(w.Code(), 200);
}

TEST(ServerTest, ServesWithoutAPort) {
  HandlerFunc handler(
      [](ResponseWriter& w, Request& r) { gale::Fprintf(w, "%s from %s", r.URL().Path(), r.RemoteAddr()); });
  Server server(handler);
  const std::string answer =
      server.Exchange("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("/a from 192.0.2.2:10001"), std::string::npos) << answer;
  EXPECT_NE(answer.find("/b from 192.0.2.2:10001"), std::string::npos) << answer;
  server.Close();
  EXPECT_THROW((void)server.Dial(), gale::Panic);
}

TEST(ServerTest, LargeBodiesPassThroughASmallBuffer) {
  HandlerFunc handler([](ResponseWriter& w, Request& r) {
    auto body = gale::ReadAll(r.Body());
    EXPECT_TRUE(w.Write(*body));
  });
  Server server(handler);
  const std::string body(1'000'000, 'x');
  const std::string answer =
      server.Exchange("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n" + body);
  EXPECT_GT(answer.size(), body.size());
}

}  // namespace
}  // namespace gale::http::httptest

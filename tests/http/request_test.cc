#include "gale/http/request.h"

#include <gtest/gtest.h>

#include "gale/net/string_reader.h"

namespace gale::http {
namespace {

TEST(RequestTest, UserAgentAndRefererAreFields) {
  Request r;
  EXPECT_EQ(r.UserAgent(), "");
  r.Header().Set("user-agent", "curl/8");
  r.Header().Set("referer", "http://a/");
  EXPECT_EQ(r.UserAgent(), "curl/8");
  EXPECT_EQ(r.Referer(), "http://a/");
}

void ExpectFresh(Request& r) {
  EXPECT_EQ(r.Method(), "GET");
  EXPECT_EQ(r.URL().Path(), "/");
  EXPECT_EQ(r.URL().RawQuery(), "");
  EXPECT_EQ(r.RequestURI(), "/");
  EXPECT_EQ(r.Proto(), "HTTP/1.1");
  EXPECT_EQ(r.Host(), "");
  EXPECT_EQ(r.ContentLength(), 0);
  EXPECT_EQ(r.RemoteAddr(), "");
  EXPECT_EQ(r.Pattern(), "");
  EXPECT_EQ(r.PathValue("id"), "");
  EXPECT_FALSE(r.Close());
  EXPECT_TRUE(r.Header().empty());
  EXPECT_TRUE(r.Trailer().empty());
  char byte;
  EXPECT_EQ(r.Body().Read({&byte, 1}).error(), Errc::kEof);
}

TEST(RequestTest, MadeByHand) {
  Request r;
  ExpectFresh(r);
}

TEST(RequestTest, ResetForgetsEverything) {
  Request r;
  StringReader body("x");
  r.SetMethod("POST");
  ASSERT_TRUE(r.URL().ParseRequestTarget("POST", "http://h/a%2fb?c"));
  r.SetProto(1, 0);
  r.SetHost("example.com");
  r.SetBody(body, -1);
  r.SetRemoteAddr("1.2.3.4:5");
  r.SetRequestURI("/a");
  r.SetClose(true);
  r.SetPattern("/{id}");
  r.SetPathValue("id", "7");
  r.Header().Set("X", "y");
  r.Trailer().Set("X", "y");
  EXPECT_EQ(r.ContentLength(), -1);
  EXPECT_EQ(&r.Body(), &body);
  r.Reset();
  ExpectFresh(r);
  EXPECT_EQ(r.URL().String(), "/");
}

TEST(RequestTest, Proto) {
  Request r;
  r.SetProto(1, 0);
  EXPECT_EQ(r.Proto(), "HTTP/1.0");
  EXPECT_FALSE(r.ProtoAtLeast(1, 1));
  r.SetProto(2, 0);
  EXPECT_EQ(r.Proto(), "HTTP/2.0");
  EXPECT_EQ(r.ProtoMajor(), 2);
  EXPECT_EQ(r.ProtoMinor(), 0);
  EXPECT_TRUE(r.ProtoAtLeast(1, 1));
  EXPECT_TRUE(r.ProtoAtLeast(2, 0));
  EXPECT_FALSE(r.ProtoAtLeast(2, 1));
}

TEST(RequestTest, PathValues) {
  Request r;
  r.SetPathValue("a", "1");
  r.SetPathValue("b", "2");
  r.SetPathValue("a", "3");
  EXPECT_EQ(r.PathValue("a"), "3");
  EXPECT_EQ(r.PathValue("b"), "2");
  EXPECT_EQ(r.PathValue("c"), "");
  r.ClearPathValues();
  EXPECT_EQ(r.PathValue("a"), "");
  r.SetPathValue("b", "4");
  EXPECT_EQ(r.PathValue("a"), "");
  EXPECT_EQ(r.PathValue("b"), "4");
}

TEST(RequestTest, NoBody) {
  char byte;
  EXPECT_EQ(NoBody().Read({&byte, 0}), 0u);
  EXPECT_EQ(NoBody().Read({&byte, 1}).error(), Errc::kEof);
  EXPECT_EQ(NoBody().Read({&byte, 1}).error(), Errc::kEof);
}

}  // namespace
}  // namespace gale::http

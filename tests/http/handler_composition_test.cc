// Handlers made of handlers. Behaviour group 51.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gale/http/httptest/new_request.h"
#include "gale/http/httptest/response_recorder.h"
#include "gale/http/request.h"
#include "gale/http/strip_prefix.h"

namespace gale::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

// "path|raw path" as the inner handler sees them, or the status that it was refused with.
std::string Stripped(std::string_view prefix, std::string_view target) {
  std::string seen;
  HandlerFunc inner([&](ResponseWriter&, Request& r) { seen = r.URL().Path() + '|' + r.URL().RawPath(); });
  StripPrefix strip{std::string(prefix), inner};
  ResponseRecorder w;
  const auto r = NewRequest("GET", target);
  const std::string before = r->URL().String();
  strip.ServeHTTP(w, *r);
  EXPECT_EQ(r->URL().String(), before) << "the request is as it was";
  return seen.empty() ? std::to_string(w.Code()) : seen;
}

TEST(StripPrefixTest, Rows) {
  EXPECT_EQ(Stripped("/foo/bar", "/foo/bar/qux"), "/qux|");
  EXPECT_EQ(Stripped("/foo/bar", "/foo/bar%2Fqux"), "/qux|%2Fqux");
  EXPECT_EQ(Stripped("/foo/bar", "/foo%2Fbar/qux"), "404") << "only the same in another escaping";
  EXPECT_EQ(Stripped("/foo/bar", "/bar"), "404");
  EXPECT_EQ(Stripped("/foo", "/foo"), "|");
  EXPECT_EQ(Stripped("/foo", "/FOO/x"), "404");
  EXPECT_EQ(Stripped("", "/foo"), "/foo|");
  EXPECT_EQ(Stripped("/a b", "/a%20b/c"), "/c|");
}

TEST(StripPrefixTest, TheRequestIsRestoredWhenTheHandlerThrows) {
  HandlerFunc inner([](ResponseWriter&, Request&) { throw 1; });
  StripPrefix strip("/a", inner);
  ResponseRecorder w;
  const auto r = NewRequest("GET", "/a/b%2Fc");
  EXPECT_THROW(strip.ServeHTTP(w, *r), int);
  EXPECT_EQ(r->URL().EscapedPath(), "/a/b%2Fc");
}

TEST(AllowQuerySemicolonsTest, AreSeparators) {
  for (const auto& [query, a, b] :
       {std::tuple{"a=1;b=2", "1", "2"}, {"a=1&b=2", "1", "2"}, {"a=1;a=2;b=3", "1", "3"}}) {
    HandlerFunc inner([&, a = a, b = b](ResponseWriter&, Request& r) {
      EXPECT_EQ(r.FormValue("a"), a);
      EXPECT_EQ(r.FormValue("b"), b);
    });
    ResponseRecorder w;
    const auto r = NewRequest("GET", std::string("/?") + query);
    AllowQuerySemicolons(inner).ServeHTTP(w, *r);
    EXPECT_EQ(r->URL().RawQuery(), query);
  }
}

TEST(HandlersTest, RedirectAndNotFound) {
  const auto r = NewRequest("GET", "/x/y");
  ResponseRecorder redirected;
  RedirectHandler("../z", 301).ServeHTTP(redirected, *r);
  EXPECT_EQ(redirected.Code(), 301);
  EXPECT_EQ(redirected.ResultHeader().Get("Location"), "/z");
  EXPECT_EQ(redirected.Body(), "<a href=\"/z\">Moved Permanently</a>.\n\n");
  ResponseRecorder missing;
  NotFoundHandler().ServeHTTP(missing, *r);
  EXPECT_EQ(missing.Code(), 404);
  EXPECT_EQ(missing.Body(), "404 page not found\n");
}

TEST(HandlersTest, ARefSharesOrRefers) {
  ResponseRecorder w;
  Request r;
  auto shared = std::make_shared<HandlerFunc>([](ResponseWriter& out, Request&) { (void)out.Write("shared"); });
  std::weak_ptr<HandlerFunc> alive = shared;
  {
    StripPrefix strip("", std::move(shared));
    strip.ServeHTTP(w, r);
    EXPECT_EQ(w.Body(), "shared");
    EXPECT_FALSE(alive.expired());
  }
  EXPECT_TRUE(alive.expired());
}

}  // namespace
}  // namespace gale::http

#include <gtest/gtest.h>

#include <string>

#include "gale/http/httptest/new_request.h"
#include "gale/http/httptest/response_recorder.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/status.h"

namespace gale::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

// Behaviour group 34.
TEST(ErrorTest, AnswersPlainText) {
  ResponseRecorder w;
  w.Header().Set("Content-Length", "1");
  w.Header().Set("Content-Type", "application/json");
  w.Header().Set("X-Content-Type-Options", "scratch and sniff");
  w.Header().Set("Content-Encoding", "br");
  w.Header().Set("Other", "kept");
  Error(w, "oops", kStatusTeapot);
  EXPECT_EQ(w.Code(), 418);
  EXPECT_EQ(w.Body(), "oops\n");
  EXPECT_FALSE(w.Header().Has("Content-Length"));
  EXPECT_EQ(w.ResultHeader().Get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(w.ResultHeader().Get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(w.ResultHeader().Get("Content-Encoding"), "br");
  EXPECT_EQ(w.ResultHeader().Get("Other"), "kept");
}

TEST(NotFoundTest, Answers404) {
  ResponseRecorder w;
  Request r;
  NotFound(w, r);
  EXPECT_EQ(w.Code(), 404);
  EXPECT_EQ(w.Body(), "404 page not found\n");
}

TEST(RedirectTest, ResolvesTheUrl) {
  const struct {
    const char* target;
    const char* url;
    const char* location;
  } rows[] = {
      {"/qux/", "http://foobar.com/baz", "http://foobar.com/baz"},
      {"/qux/", "https://foobar.com/baz/../x", "https://foobar.com/baz/../x"},
      {"/qux/", "test://foobar.com/baz", "test://foobar.com/baz"},
      {"/qux/", "//foobar.com/baz", "//foobar.com/baz"},
      {"/qux/", "mailto:a@b.c", "mailto:a@b.c"},
      {"/qux/", "/foobar.com/baz", "/foobar.com/baz"},
      {"/qux/", "foobar.com/baz", "/qux/foobar.com/baz"},
      {"/qux/", "../quux/foobar.com/baz", "/quux/foobar.com/baz"},
      {"/qux/", "../../../up", "/up"},
      {"/qux/", "///foobar.com/baz", "/foobar.com/baz"},
      {"/qux/", "", "/qux/"},
      {"/qux/", ".", "/qux"},
      {"/qux/", "./", "/qux/"},
      {"/qux/a", "", "/qux/"},
      {"/qux/a", "b/", "/qux/b/"},
      {"/qux/a", "..", "/"},
      {"/qux/a?x=y", "b", "/qux/b"},
      {"/qux/", "?a=1", "/qux/?a=1"},
      {"/qux/", "/foo?next=http://bar.com/", "/foo?next=http://bar.com/"},
      {"/qux/", "/foo/..?a=/../b//", "/?a=/../b//"},
      {"/qux/", "/foo#a/../b", "/foo#a/../b"},
      {"/qux/", "http://localhost:8080/_ah/login?continue=http://localhost:8080/",
       "http://localhost:8080/_ah/login?continue=http://localhost:8080/"},
      {"/qux/", "/\xd1\x84\xd1\x83", "/%d1%84%d1%83"},
      {"/qux/", "http://foo.com/\xd1\x84", "http://foo.com/%d1%84"},
      {"/qux/", "/a b", "/a%20b"},
      {"/qux/", "/a\r\nSet-Cookie: x=y", "/a%0d%0aSet-Cookie:%20x=y"},
      {"/qux/", "/a%0D%0Ab", "/a%0D%0Ab"},
      // The request's path goes into the location as it was sent, not decoded.
      {"/a%3Fb/c", "d", "/a%3Fb/d"},
      {"/%0D%0Aa/c", "d", "/%0D%0Aa/d"},
      {"/%5Cevil.com/c", "d", "/%5Cevil.com/d"},
      {"//evil.com/c", "d", "/evil.com/d"},
      {"/a%2Fb/c", "../d", "/d"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.target) + " -> " + row.url);
    ResponseRecorder w;
    Redirect(w, *NewRequest("GET", row.target), row.url, kStatusFound);
    EXPECT_EQ(w.Code(), 302);
    EXPECT_EQ(w.ResultHeader().Get("Location"), row.location);
  }
}

TEST(RedirectTest, ResolvesAgainstTheRootWhereThereIsNoPath) {
  for (const char* path : {"", "*"}) {
    ResponseRecorder w;
    Request r;
    r.URL().SetPath(path);
    Redirect(w, r, "a", kStatusFound);
    EXPECT_EQ(w.ResultHeader().Get("Location"), "/a");
  }
}

TEST(RedirectTest, WritesANoteForGetUnlessThereIsAContentType) {
  const struct {
    const char* method;
    const char* had_type;
    const char* type;
    const char* body;
  } rows[] = {
      {"GET", "", "text/html; charset=utf-8", "<a href=\"/foo\">Found</a>.\n\n"},
      {"HEAD", "", "text/html; charset=utf-8", ""},
      {"POST", "", "", ""},
      {"PUT", "", "", ""},
      {"foo", "", "", ""},
      {"GET", "application/test", "application/test", ""},
      {"HEAD", "application/test", "application/test", ""},
      {"POST", "application/test", "application/test", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.method) + " " + row.had_type);
    ResponseRecorder w;
    if (*row.had_type != '\0') w.Header().Set("Content-Type", row.had_type);
    Redirect(w, *NewRequest(row.method, "/"), "/foo", kStatusFound);
    EXPECT_EQ(w.Code(), 302);
    EXPECT_EQ(w.ResultHeader().Get("Content-Type"), row.type);
    EXPECT_EQ(w.Body(), row.body);
  }
}

TEST(RedirectTest, EscapesTheNote) {
  ResponseRecorder w;
  Request r;
  Redirect(w, r, "/x?a=<b>&\"c'", kStatusMovedPermanently);
  EXPECT_EQ(w.Body(), "<a href=\"/x?a=&lt;b&gt;&amp;&#34;c&#39;\">Moved Permanently</a>.\n\n");
}

}  // namespace
}  // namespace gale::http

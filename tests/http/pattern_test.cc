#include "gale/http/internal/pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gale/http/internal/clean_path.h"
#include "gale/http/internal/quote.h"
#include "gale/tests/http/pattern_oracle.h"

namespace gale::http::internal {
namespace {

using gale::http::testing::MustParse;

PatternSegment Literal(std::string text) { return {SegmentKind::kLiteral, std::move(text)}; }
PatternSegment Wildcard(std::string name) { return {SegmentKind::kWildcard, std::move(name)}; }
PatternSegment Rest(std::string name = "") { return {SegmentKind::kRest, std::move(name)}; }
PatternSegment End() { return {SegmentKind::kEnd, ""}; }

TEST(PatternTest, Parses) {
  const struct {
    const char* text;
    const char* method;
    const char* host;
    std::vector<PatternSegment> segments;
  } rows[] = {
      {"/", "", "", {Rest()}},
      {"/a", "", "", {Literal("a")}},
      {"/a/", "", "", {Literal("a"), Rest()}},
      {"/a/b/c", "", "", {Literal("a"), Literal("b"), Literal("c")}},
      {"/{x}/fixed/{y}", "", "", {Wildcard("x"), Literal("fixed"), Wildcard("y")}},
      {"/{x}/fixed/{y}/", "", "", {Wildcard("x"), Literal("fixed"), Wildcard("y"), Rest()}},
      {"/{x}/{rest...}", "", "", {Wildcard("x"), Rest("rest")}},
      {"/{$}", "", "", {End()}},
      {"/a/{$}", "", "", {Literal("a"), End()}},
      {"example.com/", "", "example.com", {Rest()}},
      {"example.com:80/x", "", "example.com:80", {Literal("x")}},
      {"[::1]/x", "", "[::1]", {Literal("x")}},
      {"GET /", "GET", "", {Rest()}},
      {"get /", "get", "", {Rest()}},
      {"M-SEARCH* /x", "M-SEARCH*", "", {Literal("x")}},
      {"POST example.com/a/{w}", "POST", "example.com", {Literal("a"), Wildcard("w")}},
      {"DELETE example.com/a/{w12}/{$}", "DELETE", "example.com", {Literal("a"), Wildcard("w12"), End()}},
      {"GET   /spaces", "GET", "", {Literal("spaces")}},
      {"GET\t \texample.com/tabs", "GET", "example.com", {Literal("tabs")}},
      {" /blank/method", "", "", {Literal("blank"), Literal("method")}},
      {"//", "", "", {Literal(""), Rest()}},
      {"/a///./../b", "", "", {Literal("a"), Literal(""), Literal(""), Literal("."), Literal(".."), Literal("b")}},
      {"a.com/x//", "", "a.com", {Literal("x"), Literal(""), Rest()}},
      {"CONNECT /a//b", "CONNECT", "", {Literal("a"), Literal(""), Literal("b")}},
      {"/a%20b/%61", "", "", {Literal("a b"), Literal("a")}},
      {"/%2F", "", "", {Literal("/")}},
      {"/a%2fb/c", "", "", {Literal("a/b"), Literal("c")}},
      {"/%zz/%", "", "", {Literal("%zz"), Literal("%")}},
      {"/%7Bx%7D", "", "", {Literal("{x}")}},
      {"/}", "", "", {Literal("}")}},
      {"/{_}/{\xc3\xbc"
       "1}",
       "",
       "",
       {Wildcard("_"), Wildcard("\xc3\xbc"
                                "1")}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    const auto pattern = Pattern::Parse(row.text);
    ASSERT_TRUE(pattern.has_value()) << pattern.error();
    EXPECT_EQ(pattern->Text(), row.text);
    EXPECT_EQ(pattern->Method(), row.method);
    EXPECT_EQ(pattern->Host(), row.host);
    EXPECT_TRUE(pattern->Segments() == row.segments);
  }
}

TEST(PatternTest, RefusesWithGosWords) {
  const struct {
    const char* text;
    const char* error;
  } rows[] = {
      {"", "empty pattern"},
      {"A=B /", "at offset 0: invalid method \"A=B\""},
      {"G\"T /", "at offset 0: invalid method \"G\\\"T\""},
      {" ", "at offset 1: host/path missing /"},
      {"a", "at offset 0: host/path missing /"},
      {"GET a.com", "at offset 4: host/path missing /"},
      {"/{w}x", "at offset 1: bad wildcard segment (must end with '}')"},
      {"/x{w}", "at offset 1: bad wildcard segment (must start with '{')"},
      {"/{wx", "at offset 1: bad wildcard segment (must end with '}')"},
      {"/a/{wx/b}", "at offset 3: bad wildcard segment (must end with '}')"},
      {"/{a$}", "at offset 1: bad wildcard name \"a$\""},
      {"/{1a}", "at offset 1: bad wildcard name \"1a\""},
      {"/{a-b}", "at offset 1: bad wildcard name \"a-b\""},
      {"/{\xff}", "at offset 1: bad wildcard name \"\\xff\""},
      {"/{}", "at offset 1: empty wildcard"},
      {"GET /{...}", "at offset 5: empty wildcard"},
      {"/{$...}", "at offset 1: bad wildcard name \"$\""},
      {"/{$}/", "at offset 1: {$} not at end"},
      {"/a/{$}/x", "at offset 3: {$} not at end"},
      {"/{a...}/", "at offset 1: {...} wildcard not at end"},
      {"/{a...}/x", "at offset 1: {...} wildcard not at end"},
      {"{a}/b", "at offset 0: host contains '{' (missing initial '/'?)"},
      {"GET x{a}/b", "at offset 5: host contains '{' (missing initial '/'?)"},
      {"GET  {a}/b", "at offset 5: host contains '{' (missing initial '/'?)"},
      {"/a/{x}/b/{x...}", "at offset 9: duplicate wildcard name \"x\""},
      {"/{x}/{x}", "at offset 5: duplicate wildcard name \"x\""},
      {"GET //", "at offset 4: non-CONNECT pattern with unclean path can never match"},
      {"POST a.com/b/../c", "at offset 10: non-CONNECT pattern with unclean path can never match"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    const auto pattern = Pattern::Parse(row.text);
    ASSERT_FALSE(pattern.has_value());
    EXPECT_EQ(pattern.error(), row.error);
  }
}

TEST(PatternTest, FindsCaptures) {
  using Captures = std::vector<std::pair<std::string, std::string>>;
  const struct {
    const char* pattern;
    const char* path;
    Captures captures;
  } rows[] = {
      {"/a", "/a", {}},
      {"/", "/x/y", {}},
      {"/{a}", "/x", {{"a", "x"}}},
      {"/a/{b}/c/{d}", "/a/1/c/2", {{"b", "1"}, {"d", "2"}}},
      {"/a/{b}/{$}", "/a/1/", {{"b", "1"}}},
      {"/a/{b}/", "/a/1/2/3", {{"b", "1"}}},
      {"/a/{b...}", "/a/1/2/3", {{"b", "1/2/3"}}},
      {"/a/{b...}", "/a/", {{"b", ""}}},
      {"/{a}/{b...}", "//x//y/", {{"a", ""}, {"b", "x//y/"}}},
      {"/{a}", "/%2F%zz", {{"a", "%2F%zz"}}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.pattern) + " " + row.path);
    Captures captures;
    const Pattern pattern = MustParse(row.pattern);
    pattern.ForEachCapture(row.path,
                           [&](std::string_view name, std::string_view value) { captures.emplace_back(name, value); });
    EXPECT_EQ(captures, row.captures);
    EXPECT_EQ(pattern.HasNames(), !captures.empty());
  }
}

TEST(CleanPathTest, Cleans) {
  const struct {
    const char* path;
    const char* clean;
  } rows[] = {
      {"", "/"},
      {"/", "/"},
      {"//", "/"},
      {"///", "/"},
      {"a", "/a"},
      {"/a", "/a"},
      {"/a/", "/a/"},
      {"/a//", "/a/"},
      {"//a", "/a"},
      {"/a//b", "/a/b"},
      {"/.", "/"},
      {"/./", "/"},
      {"/a/.", "/a"},
      {"/a/./", "/a/"},
      {"/..", "/"},
      {"/../", "/"},
      {"/../../a", "/a"},
      {"/a/..", "/"},
      {"/a/../", "/"},
      {"/a/b/..", "/a"},
      {"/a/b/../", "/a/"},
      {"/a/../b", "/b"},
      {"/a/b/../../c", "/c"},
      {"/.a", "/.a"},
      {"/..a/", "/..a/"},
      {"/a./b", "/a./b"},
      {"/...", "/..."},
      {"/a/.../b", "/a/.../b"},
      {"/%2e%2e/a", "/%2e%2e/a"},
      {"/a%2F%2Fb", "/a%2F%2Fb"},
      {".", "/"},
      {"..", "/"},
      {"a/../../b/", "/b/"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.path);
    EXPECT_EQ(CleanPath(row.path), row.clean);
    EXPECT_EQ(IsCleanPath(row.path), std::string_view(row.path) == row.clean);
    EXPECT_TRUE(IsCleanPath(row.clean));
  }
}

TEST(QuoteTest, EscapesAsGoDoes) {
  EXPECT_EQ(Quote(""), R"("")");
  EXPECT_EQ(Quote("GET /a"), R"("GET /a")");
  EXPECT_EQ(Quote("\"\\\a\b\f\n\r\t\v"), R"("\"\\\a\b\f\n\r\t\v")");
  EXPECT_EQ(Quote(std::string_view("\0\x1f\x7f", 3)), R"("\x00\x1f\x7f")");
  EXPECT_EQ(Quote("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"");
  EXPECT_EQ(Quote("\xc3(\x80\xed\xa0\x80\xc0\xaf\xf5"), R"("\xc3(\x80\xed\xa0\x80\xc0\xaf\xf5")");
}

}  // namespace
}  // namespace gale::http::internal

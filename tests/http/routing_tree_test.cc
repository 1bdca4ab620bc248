#include "gale/http/internal/routing_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gale/http/internal/pattern_relation.h"
#include "gale/tests/http/pattern_oracle.h"

namespace gale::http::internal {
namespace {

using gale::http::testing::AllPaths;
using gale::http::testing::AllPatternPaths;
using gale::http::testing::MatchesHost;
using gale::http::testing::MatchesMethod;
using gale::http::testing::MatchesPath;
using gale::http::testing::MustParse;

void Add(RoutingTree& tree, std::string_view text) {
  Pattern pattern = MustParse(text);
  const Route* conflict = tree.FindConflict(pattern);
  ASSERT_EQ(conflict, nullptr) << text << " with " << conflict->pattern.Text();
  tree.Add({.pattern = std::move(pattern), .handler = {}, .location = {}});
}

void Build(RoutingTree& tree, const std::vector<const char*>& patterns) {
  for (const char* pattern : patterns) Add(tree, pattern);
}

std::string MatchedPattern(const RoutingTree& tree, const RouteQuery& query) {
  const RouteMatch match = tree.Match(query);
  return match.route == nullptr ? "" : match.route->pattern.Text();
}

std::string Methods(const RoutingTree& tree, const RouteQuery& query) {
  std::vector<std::string_view> methods;
  tree.MatchingMethods(query, methods);
  std::ranges::sort(methods);
  std::string joined;
  for (const auto method : methods) joined.append(method).append(" ");
  return joined;
}

struct Row {
  const char* method;
  const char* host;
  const char* path;
  const char* pattern;
};

void ExpectRoutes(const std::vector<const char*>& patterns, const std::vector<Row>& rows) {
  RoutingTree tree;
  Build(tree, patterns);
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.method) + " " + row.host + row.path);
    EXPECT_EQ(MatchedPattern(tree, {.host = row.host, .method = row.method, .path = row.path}), row.pattern);
  }
}

TEST(RoutingTreeTest, PrefersLiteralThenWildcardThenRest) {
  ExpectRoutes({"/a", "/a/b", "/a/{x}", "/g/h/i", "/g/{x}/j", "/a/b/{x...}", "/a/b/{y}", "/a/b/{$}"},
               {
                   {"GET", "", "/a", "/a"},
                   {"PUT", "", "/a", "/a"},
                   {"GET", "", "/b", ""},
                   {"GET", "", "/", ""},
                   {"GET", "", "", ""},
                   {"GET", "", "a", ""},
                   {"GET", "", "/a/", ""},
                   {"GET", "", "/a/b", "/a/b"},
                   {"GET", "", "/a/c", "/a/{x}"},
                   {"GET", "", "/a/b/", "/a/b/{$}"},
                   {"GET", "", "/a/b/c", "/a/b/{y}"},
                   {"GET", "", "/a/b/c/", "/a/b/{x...}"},
                   {"GET", "", "/a/b/c/d", "/a/b/{x...}"},
                   {"GET", "", "/g/h/i", "/g/h/i"},
                   {"GET", "", "/g/h/j", "/g/{x}/j"},
                   {"GET", "", "/g/x/i", ""},
                   {"GET", "", "/g/h", ""},
               });
}

TEST(RoutingTreeTest, StepsBackOutOfBranchesThatLeadNowhere) {
  ExpectRoutes({"/", "/{a}/b", "/x/y/z", "/{a}/{b}/{c}/d", "/x/{b}/{$}", "/x/{b}/{c}/{d}/{e...}"},
               {
                   {"GET", "", "/x/y/z", "/x/y/z"},
                   {"GET", "", "/x/b", "/{a}/b"},
                   {"GET", "", "/x/y", "/"},
                   {"GET", "", "/x/y/", "/x/{b}/{$}"},
                   {"GET", "", "/x/y/z/", "/"},
                   {"GET", "", "/w/y/z/d", "/{a}/{b}/{c}/d"},
                   {"GET", "", "/x/y/z/d", "/{a}/{b}/{c}/d"},
                   {"GET", "", "/x/y/z/e", "/"},
                   {"GET", "", "/x/y/z/e/", "/x/{b}/{c}/{d}/{e...}"},
                   {"GET", "", "/x/y/z/d/f", "/x/{b}/{c}/{d}/{e...}"},
               });
}

TEST(RoutingTreeTest, WildcardNeverMatchesTheTrailingSlash) {
  ExpectRoutes({"/a/{x}", "/b/{x...}", "/c/{x}/{y}"}, {
                                                          {"GET", "", "/a/", ""},
                                                          {"GET", "", "/a/1/", ""},
                                                          {"GET", "", "/b/", "/b/{x...}"},
                                                          {"GET", "", "/b", ""},
                                                          {"GET", "", "/c/1/", ""},
                                                          {"GET", "", "/c//1", "/c/{x}/{y}"},
                                                      });
}

TEST(RoutingTreeTest, PrefersTheMoreSpecificMethod) {
  ExpectRoutes({"/", "GET /get", "HEAD /get", "/get", "GET /item/{id}", "POST /item/{id}", "POST /item/new", "/item/",
                "GET /only", "get /lower"},
               {
                   {"GET", "", "/get", "GET /get"},
                   {"HEAD", "", "/get", "HEAD /get"},
                   {"PUT", "", "/get", "/get"},
                   {"GET", "", "/item/7", "GET /item/{id}"},
                   {"HEAD", "", "/item/7", "GET /item/{id}"},
                   {"POST", "", "/item/7", "POST /item/{id}"},
                   {"POST", "", "/item/new", "POST /item/new"},
                   {"GET", "", "/item/new", "GET /item/{id}"},
                   {"PUT", "", "/item/7", "/item/"},
                   {"PUT", "", "/item/new", "/item/"},
                   {"get", "", "/only", "/"},
                   {"GET", "", "/only", "GET /only"},
                   {"get", "", "/lower", "get /lower"},
                   {"GET", "", "/lower", "/"},
                   {"", "", "/get", "/get"},
               });
}

TEST(RoutingTreeTest, PrefersTheHost) {
  ExpectRoutes({"h.com/", "h.com/a", "GET h.com/{x}/b", "/a", "/a/b", "/{x}/c/", "PUT h.org/a", "h.org:80/a"},
               {
                   {"GET", "h.com", "/a", "h.com/a"},
                   {"GET", "", "/a", "/a"},
                   {"GET", "x.com", "/a", "/a"},
                   {"GET", "H.com", "/a", "/a"},
                   {"GET", "h.com", "/a/b", "GET h.com/{x}/b"},
                   {"POST", "h.com", "/a/b", "h.com/"},
                   {"POST", "x.com", "/a/b", "/a/b"},
                   {"GET", "h.com", "/1/c/", "h.com/"},
                   {"GET", "h.org", "/1/c/", "/{x}/c/"},
                   {"PUT", "h.org", "/a", "PUT h.org/a"},
                   {"GET", "h.org", "/a", "/a"},
                   {"GET", "h.org:80", "/a", "h.org:80/a"},
                   {"GET", "h.org", "/b", ""},
               });
}

TEST(RoutingTreeTest, TakesEscapedSlashesAsData) {
  const struct {
    const char* path;
    bool is_escaped;
    const char* pattern;
  } rows[] = {
      {"/%2F", true, "/%2F"},   {"/%2f", true, "/%2F"},     {"/", true, "/{$}"},       {"/a%2Fb", true, "/a%2Fb"},
      {"/a/b", true, "/a/{x}"}, {"/a/%2F", true, "/a/{x}"}, {"/a/", true, ""},         {"/%61/b", true, "/a/{x}"},
      {"/%61/b", false, ""},    {"/c%20d", true, "/c%20d"}, {"/c d", false, "/c%20d"}, {"/c+d", true, ""},
      {"/%zz", true, "/%zz"},   {"/%zz", false, "/%zz"},    {"/%25zz", true, "/%zz"},  {"/a//", true, ""},
      {"//", true, ""},         {"/a%2F", true, ""},
  };
  RoutingTree tree;
  Build(tree, {"/{$}", "/%2F", "/a%2Fb", "/a/{x}", "/c%20d", "/%zz"});
  for (const auto& row : rows) {
    SCOPED_TRACE(row.path);
    EXPECT_EQ(MatchedPattern(tree, {.method = "GET", .path = row.path, .path_is_escaped = row.is_escaped}),
              row.pattern);
  }
}

TEST(RoutingTreeTest, EmptyLiteralsAreNoWildcards) {
  ExpectRoutes({"//b", "/{x}/c", "/a//"}, {
                                              {"CONNECT", "", "//b", "//b"},
                                              {"CONNECT", "", "/a/b", ""},
                                              {"CONNECT", "", "//c", "/{x}/c"},
                                              {"CONNECT", "", "/a//", "/a//"},
                                              {"CONNECT", "", "/a//d", "/a//"},
                                              {"CONNECT", "", "/a/", ""},
                                          });
}

TEST(RoutingTreeTest, TellsExactMatches) {
  const struct {
    const char* path;
    bool add_slash;
    const char* pattern;
    bool is_exact;
  } rows[] = {
      {"/a", false, "/a", true},
      {"/b", false, "/", false},
      {"/", false, "/", true},
      {"/t", false, "/", false},
      {"/t", true, "/t/", true},
      {"/t/", false, "/t/", true},
      {"/t/x", false, "/t/", false},
      {"/t/x", true, "/t/", false},
      {"/n", true, "/n/{x...}", true},
      {"/n/", false, "/n/{x...}", true},
      {"/n/1", false, "/n/{x...}", false},
      {"/e", true, "/e/{$}", true},
      {"/e", false, "/", false},
      {"", true, "/", true},
      {"", false, "", false},
  };
  RoutingTree tree;
  Build(tree, {"/", "/a", "/t/", "/n/{x...}", "/e/{$}"});
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.path) + (row.add_slash ? " + slash" : ""));
    const RouteMatch match = tree.Match({.method = "GET", .path = row.path, .add_slash = row.add_slash});
    EXPECT_EQ(match.route == nullptr ? "" : match.route->pattern.Text(), row.pattern);
    EXPECT_EQ(match.IsExact(), row.is_exact);
  }
}

TEST(RoutingTreeTest, CollectsMatchingMethods) {
  RoutingTree tree;
  Build(tree, {"GET /", "POST /foo", "DELETE h.com/foo/{x}", "PUT /foo/{x}", "PATCH /foo/bar", "TRACE /foo/bar/{$}",
               "OPTIONS /foo/bar/{x...}", "LINK /foo/{x}/{y...}"});
  const struct {
    const char* host;
    const char* path;
    const char* methods;
  } rows[] = {
      {"", "/", "GET "},
      {"", "/x", "GET "},
      {"", "/foo", "GET POST "},
      {"", "/foo/", "GET "},
      {"", "/foo/x", "GET PUT "},
      {"h.com", "/foo/x", "DELETE GET PUT "},
      {"", "/foo/bar", "GET PATCH PUT "},
      {"", "/foo/bar/", "GET LINK OPTIONS TRACE "},
      {"", "/foo/bar/x", "GET LINK OPTIONS "},
      {"", "/foo/x/y", "GET LINK "},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.host) + row.path);
    EXPECT_EQ(Methods(tree, {.host = row.host, .path = row.path}), row.methods);
  }
}

TEST(RoutingTreeTest, FindsTheOldestConflict) {
  RoutingTree tree;
  Build(tree, {"/a/{x}", "/a/{x}/c", "POST /b", "h.com/a/{x}", "/d/{$}", "/d/{x}/{$}", "/d/e/f/", "PUT /f/{x}"});
  const struct {
    const char* pattern;
    const char* conflict;
  } rows[] = {
      {"/{y}/b", "/a/{x}"},
      {"/a/{y}", "/a/{x}"},
      {"GET /{y}/b", "/a/{x}"},
      {"GET /", "/a/{x}"},
      {"POST /b", "POST /b"},
      {"GET /b", ""},
      {"/b", ""},
      {"h.com/{y}/b", "h.com/a/{x}"},
      {"g.com/{y}/b", ""},
      {"/{y}/{$}", ""},
      {"/d/{$}", "/d/{$}"},
      {"/{y}/e/{$}", "/d/{x}/{$}"},
      {"/", ""},
      {"POST /d/{y...}", "/d/{$}"},
      {"/d/{y}/f/{z...}", ""},
      {"/d/{y}/f/g", "/d/e/f/"},
      {"GET /{y}", ""},
      {"/{y}/{z}/c", ""},
      {"/{y}/b/c", "/a/{x}/c"},
      {"GET /f/{y}", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.pattern);
    const Route* conflict = tree.FindConflict(MustParse(row.pattern));
    EXPECT_EQ(conflict == nullptr ? "" : conflict->pattern.Text(), row.conflict);
  }
}

TEST(RoutingTreeTest, FindsEachOfManyLiterals) {
  RoutingTree tree;
  std::vector<std::string> paths;
  for (int i = 0; i < 1000; ++i) {
    // Names of every length from 1 to 40 bytes, many of which differ in one byte only.
    paths.push_back("/" + std::to_string(i) + std::string(i % 38, 'x'));
    Add(tree, paths.back());
    Add(tree, "/sub" + paths.back() + "/{id}");
  }
  for (const std::string& path : paths) {
    ASSERT_EQ(MatchedPattern(tree, {.method = "GET", .path = path}), path);
    ASSERT_EQ(MatchedPattern(tree, {.method = "GET", .path = "/sub" + path + "/7"}), "/sub" + path + "/{id}");
    ASSERT_EQ(MatchedPattern(tree, {.method = "GET", .path = path + "y"}), "");
  }
}

// A set of patterns as a list, searched the slow and obvious way.
class PatternList {
 public:
  // Returns false, and adds nothing, where the pattern conflicts with one in the list.
  bool Add(const Pattern& pattern) {
    if (OldestConflict(pattern) != nullptr) return false;
    patterns_.push_back(pattern);
    return true;
  }

  const Pattern* OldestConflict(const Pattern& pattern) const {
    const auto found = std::ranges::find_if(patterns_, [&](const Pattern& other) { return Conflict(pattern, other); });
    return found == patterns_.end() ? nullptr : &*found;
  }

  // The text of the one matching pattern that is more specific than all the others that match.
  std::string MostSpecific(const RouteQuery& query) const {
    std::vector<const Pattern*> matching;
    for (const Pattern& pattern : patterns_) {
      const bool matches = MatchesHost(pattern, query.host) && MatchesMethod(pattern, query.method);
      if (matches && MatchesPath(pattern, query.path.Text())) matching.push_back(&pattern);
    }
    for (const Pattern* candidate : matching) {
      const auto is_beaten_or_same = [&](const Pattern* other) {
        if (other == candidate) return true;
        if (other->Host() != candidate->Host()) return !candidate->Host().empty();
        return CompareMethodsAndPaths(*candidate, *other) == PatternRelation::kMoreSpecific;
      };
      if (std::ranges::all_of(matching, is_beaten_or_same)) return candidate->Text();
    }
    EXPECT_TRUE(matching.empty()) << "no most specific pattern for " << query.path.Text();
    return "";
  }

  std::string MatchingMethods(const RouteQuery& query) const {
    std::multiset<std::string> methods;
    for (const Pattern& pattern : patterns_) {
      if (pattern.Method().empty() || !MatchesHost(pattern, query.host)) continue;
      if (MatchesPath(pattern, query.path.Text())) methods.insert(pattern.Method());
    }
    std::string joined;
    for (const std::string& method : methods) joined.append(method).append(" ");
    return joined;
  }

  std::string Describe() const {
    std::string description;
    for (const Pattern& pattern : patterns_) description.append("\n  ").append(pattern.Text());
    return description;
  }

 private:
  std::vector<Pattern> patterns_;
};

// Whether the pattern leaves nothing of the path to a rest: both have the same number of slashes.
bool IsExactFor(const Pattern& pattern, std::string_view path) {
  if (pattern.LastSegment().kind != SegmentKind::kRest) return true;
  return path.ends_with('/') && std::ranges::count(path, '/') == std::ssize(pattern.Segments());
}

void ExpectSameAnswers(const RoutingTree& tree, const PatternList& list, const RouteQuery& query) {
  const std::string expected = list.MostSpecific(query);
  ASSERT_EQ(MatchedPattern(tree, query), expected);
  if (!expected.empty()) {
    ASSERT_EQ(tree.Match(query).IsExact(), IsExactFor(MustParse(expected), query.path.Text()));
  }
  ASSERT_EQ(Methods(tree, query), list.MatchingMethods(query));
  const std::string_view path = query.path.Text();
  if (query.host == "other") {
    const Route* spelled_out = tree.FindSpelledOut(query.method, path);
    ASSERT_TRUE(spelled_out == nullptr || spelled_out->pattern.Text() == expected) << spelled_out->pattern.Text();
  }
  if (path == "/" || !path.ends_with('/')) return;
  const RouteQuery without_slash{
      .host = query.host, .method = query.method, .path = path.substr(0, path.size() - 1), .add_slash = true};
  ASSERT_EQ(MatchedPattern(tree, without_slash), expected);
  const RouteMatch as_it_is =
      tree.Match({.host = query.host, .method = query.method, .path = path.substr(0, path.size() - 1)});
  if (!as_it_is.IsExact() && !as_it_is.slash_may_match) {
    ASSERT_FALSE(tree.Match(without_slash).IsExact());
  }
  ASSERT_EQ(Methods(tree, without_slash), list.MatchingMethods(query));
}

TEST(RoutingTreeTest, AnswersAsASearchThroughAllPatterns) {
  std::mt19937 random(20240229);
  const auto pick = [&](const auto& choices) -> const std::string& { return choices[random() % choices.size()]; };
  const std::vector<std::string> methods = {"", "", "", "GET ", "HEAD ", "POST "};
  const std::vector<std::string> hosts = {"", "", "", "h", "g"};
  const std::vector<std::string> pattern_paths = AllPatternPaths({"a", "b"}, 3);
  const std::vector<std::string> paths = AllPaths({"a", "b", "c"}, 4);
  for (int round = 0; round < 300; ++round) {
    RoutingTree tree;
    PatternList list;
    for (int i = 0; i < 16; ++i) {
      const Pattern pattern = MustParse(pick(methods) + pick(hosts) + pick(pattern_paths));
      const Route* conflict = tree.FindConflict(pattern);
      const Pattern* expected = list.OldestConflict(pattern);
      ASSERT_EQ(conflict == nullptr ? "" : conflict->pattern.Text(), expected == nullptr ? "" : expected->Text())
          << pattern.Text() << list.Describe();
      if (list.Add(pattern)) tree.Add({.pattern = pattern, .handler = {}, .location = {}});
    }
    SCOPED_TRACE(list.Describe());
    for (const std::string& path : paths) {
      for (const char* method : {"GET", "HEAD", "POST", "PUT"}) {
        const char* host = std::array{"", "h", "g", "other"}[random() % 4];
        SCOPED_TRACE(std::string(method) + " " + host + path);
        ASSERT_NO_FATAL_FAILURE(ExpectSameAnswers(tree, list, {.host = host, .method = method, .path = path}));
      }
    }
  }
}

}  // namespace
}  // namespace gale::http::internal

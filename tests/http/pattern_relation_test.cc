#include "gale/http/internal/pattern_relation.h"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "gale/tests/http/pattern_oracle.h"

namespace gale::http::internal {

void PrintTo(PatternRelation relation, std::ostream* out) {
  constexpr const char* kNames[] = {"equivalent", "more general", "more specific", "disjoint", "overlaps"};
  *out << kNames[static_cast<int>(relation)];
}

namespace {

using enum PatternRelation;
using gale::http::testing::AllPaths;
using gale::http::testing::AllPatternPaths;
using gale::http::testing::MatchesPath;
using gale::http::testing::MustParse;

PatternRelation Inverse(PatternRelation relation) {
  if (relation == kMoreGeneral) return kMoreSpecific;
  return relation == kMoreSpecific ? kMoreGeneral : relation;
}

TEST(PatternRelationTest, ComparesMethods) {
  const struct {
    const char* a;
    const char* b;
    PatternRelation relation;
  } rows[] = {
      {"/", "/", kEquivalent},           {"GET /", "GET /", kEquivalent}, {"HEAD /", "HEAD /", kEquivalent},
      {"GET /", "POST /", kDisjoint},    {"GET /", "/", kMoreSpecific},   {"HEAD /", "/", kMoreSpecific},
      {"GET /", "HEAD /", kMoreGeneral}, {"GET /", "get /", kDisjoint},   {"HEAD /", "POST /", kDisjoint},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.a) + " ~ " + row.b);
    EXPECT_EQ(CompareMethods(MustParse(row.a), MustParse(row.b)), row.relation);
    EXPECT_EQ(CompareMethods(MustParse(row.b), MustParse(row.a)), Inverse(row.relation));
  }
}

TEST(PatternRelationTest, ComparesPaths) {
  const struct {
    const char* a;
    const char* b;
    PatternRelation relation;
  } rows[] = {
      // Literals.
      {"/a", "/a", kEquivalent},
      {"/a", "/b", kDisjoint},
      {"/a", "/a/b", kDisjoint},
      {"/a/b", "/a/c", kDisjoint},
      {"/a/", "/a/", kEquivalent},
      {"/a%20b", "/%61%20b", kEquivalent},
      {"/a/%2F", "/a/{$}", kDisjoint},
      {"/%2F", "/", kMoreSpecific},
      // A slash at the end against a literal.
      {"/", "/a", kMoreGeneral},
      {"/a", "/a/", kDisjoint},
      {"/a/b", "/a/", kMoreSpecific},
      {"/a/b/c", "/a/", kMoreSpecific},
      {"/a/", "/b/", kDisjoint},
      {"/a/b/", "/a/", kMoreSpecific},
      {"/a/", "/b", kDisjoint},
      {"//", "/", kMoreSpecific},
      {"//", "/a/", kDisjoint},
      // {$}.
      {"/{$}", "/{$}", kEquivalent},
      {"/{$}", "/", kMoreSpecific},
      {"/{$}", "/a", kDisjoint},
      {"/a/{$}", "/a/{$}", kEquivalent},
      {"/a/{$}", "/b/{$}", kDisjoint},
      {"/a/{$}", "/a/", kMoreSpecific},
      {"/a/{$}", "/a", kDisjoint},
      {"/a/{$}", "/a/{x...}", kMoreSpecific},
      {"/a/{$}", "/a/b/{x...}", kDisjoint},
      {"/{$}", "/{x}", kDisjoint},
      {"/a/b/{$}", "/a/", kMoreSpecific},
      {"/a/b/{$}", "/a/b/c", kDisjoint},
      {"/{x}/{$}", "/a/", kOverlaps},
      {"/{x}/{$}", "/a/{$}", kMoreGeneral},
      {"/{x}/{$}", "/a/{y...}", kOverlaps},
      // One wildcard.
      {"/{x}", "/{y}", kEquivalent},
      {"/{x}", "/a", kMoreGeneral},
      {"/{x}", "/", kMoreSpecific},
      {"/{x}", "/{y...}", kMoreSpecific},
      {"/{x}", "/a/", kDisjoint},
      {"/{x}", "/{y}/b", kDisjoint},
      {"/a/{x}", "/a", kDisjoint},
      {"/a/{x}", "/a/b", kMoreGeneral},
      {"/a/{x}", "/b/{x}", kDisjoint},
      {"/a/{x}", "/a/{y}", kEquivalent},
      {"/a/{x}", "/a/", kMoreSpecific},
      {"/a/{x}", "/a/{y...}", kMoreSpecific},
      {"/a/{x}", "/a/b/", kDisjoint},
      {"/a/{x}", "/a/{$}", kDisjoint},
      {"/a/{x}/b", "/a/{y}/b", kEquivalent},
      {"/a/{x}/b", "/a/{y}/c", kDisjoint},
      {"/a/{x}/b", "/a/c/b", kMoreGeneral},
      {"/a/{x}/b/", "/a/c/b", kDisjoint},
      {"/a/{x}/b/", "/a/c/b/", kMoreGeneral},
      // Several wildcards.
      {"/{x}/{y}", "/{a}/{b}", kEquivalent},
      {"/a/{x}", "/{y}/b", kOverlaps},
      {"/a/{x}", "/{y}/{z}", kMoreSpecific},
      {"/a/{x}/{y}", "/{x}/b/{y}", kOverlaps},
      {"/a/{x}/{y}", "/a/{x}/b", kMoreGeneral},
      {"/a/{x}/c", "/{y}/b/d", kDisjoint},
      {"/{x}/b/{y}", "/a/{z}/c", kOverlaps},
      {"/a/{x}/", "/{y}/b/", kOverlaps},
      {"/a/{x}/", "/{y}/b", kDisjoint},
      {"/{x}/", "/a/b", kMoreGeneral},
      {"/{x}/", "/a", kDisjoint},
      {"/{x}/", "/a/", kMoreGeneral},
      {"/{x}/b", "/a/", kOverlaps},
      // A named rest.
      {"/{x...}", "/", kEquivalent},
      {"/{x...}", "/{y...}", kEquivalent},
      {"/a/{x...}", "/a/{y...}", kEquivalent},
      {"/a/{x...}", "/b/{y...}", kDisjoint},
      {"/a/{x...}", "/a/b", kMoreGeneral},
      {"/a/{x...}", "/a", kDisjoint},
      {"/a/{x...}", "/a/b/{y...}", kMoreGeneral},
      {"/a/{x...}", "/{y}/b", kOverlaps},
      {"/a/{x...}", "/{y}/b/{z...}", kOverlaps},
      {"/a/{x...}", "/{y}/{z...}", kMoreSpecific},
      {"/a/{x}/{z...}", "/{y}/b/{z...}", kOverlaps},
      {"/a/{x}/{z...}", "/a/b", kDisjoint},
      {"/a/b/{z...}", "/{x}/c/d", kDisjoint},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.a) + " ~ " + row.b);
    EXPECT_EQ(ComparePaths(MustParse(row.a), MustParse(row.b)), row.relation);
    EXPECT_EQ(ComparePaths(MustParse(row.b), MustParse(row.a)), Inverse(row.relation));
  }
}

TEST(PatternRelationTest, FindsConflicts) {
  const struct {
    const char* a;
    const char* b;
    bool conflict;
  } rows[] = {
      {"/a", "/a", true},
      {"/a", "/ab", false},
      {"/a/b/cd", "/a/b/cd", true},
      {"/a/b/cd", "/a/b/c", false},
      {"/a/b/c", "/a/c/c", false},
      {"/{x}", "/{y}", true},
      {"/{x}", "/a", false},
      {"/{x}/{y}", "/{x}/a", false},
      {"/{x}/{y}", "/{x}/a/b", false},
      {"/{x}/a", "/{y}/b", false},
      {"/{x}/a/{y}", "/{x}/a/{z}", true},
      {"/a/{x}", "/{y}/b", true},
      {"/{x...}", "/a/{y...}", false},
      {"/{x}/a/{y...}", "/a/", true},
      {"/a/{x...}", "/b/{y}/{x...}", false},
      {"/a/{x}/{y}/{z...}", "/{w}/b/{c...}", true},
      {"/a/{x}/b/{z...}", "/a/{x}/c/{z...}", false},
      {"/a/{x}/b/{z...}", "/a/b/{x}/{z...}", true},
      {"/a/{x}/b/{z...}", "/a/b/c/{x}/{z...}", false},
      {"/", "/{$}", false},
      {"/", "/a", false},
      {"/", "/a/{x}", false},
      {"/", "/{x...}", true},
      {"GET /a", "/a", false},
      {"GET /a", "GET /a", true},
      {"GET /a", "POST /a", false},
      {"GET /", "/a", true},
      {"GET /a", "HEAD /", true},
      {"GET /", "HEAD /a", false},
      {"GET /a/{x}", "HEAD /{y}/b", true},
      {"GET /a/{x}", "POST /{y}/b", false},
      {"h/a", "h/a", true},
      {"h/a", "/a", false},
      {"h/", "g/", false},
      {"h/a/{x}", "/{y}/b", false},
      {"GET h/", "/a", false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.a) + " ~ " + row.b);
    EXPECT_EQ(Conflict(MustParse(row.a), MustParse(row.b)), row.conflict);
    EXPECT_EQ(Conflict(MustParse(row.b), MustParse(row.a)), row.conflict);
  }
}

TEST(PatternRelationTest, DescribesConflictsInGosWords) {
  const struct {
    const char* a;
    const char* b;
    const char* description;
  } rows[] = {
      {"/a/{x}", "/a/{y}", "/a/{x} matches the same requests as /a/{y}"},
      {"/", "/{rest...}", "/ matches the same requests as /{rest...}"},
      {"GET /a", "GET /a", "GET /a matches the same requests as GET /a"},
      {"/a/{x}", "/{y}/b",
       "/a/{x} and /{y}/b both match some paths, like \"/a/b\".\n"
       "But neither is more specific than the other.\n"
       "/a/{x} matches \"/a/x\", but /{y}/b doesn't.\n"
       "/{y}/b matches \"/y/b\", but /a/{x} doesn't."},
      {"GET /a/{x}", "HEAD /{y}/b",
       "GET /a/{x} and HEAD /{y}/b both match some paths, like \"/a/b\".\n"
       "But neither is more specific than the other.\n"
       "GET /a/{x} matches \"/a/x\", but HEAD /{y}/b doesn't.\n"
       "HEAD /{y}/b matches \"/y/b\", but GET /a/{x} doesn't."},
      {"/a", "GET /", "/a matches more methods than GET /, but has a more specific path pattern"},
      {"GET /{x...}", "/a/", "GET /{x...} matches fewer methods than /a/, but has a more general path pattern"},
      {"HEAD /", "GET /a", "HEAD / matches fewer methods than GET /a, but has a more general path pattern"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.a) + " ~ " + row.b);
    EXPECT_EQ(DescribeConflict(MustParse(row.a), MustParse(row.b)), row.description);
  }
}

TEST(PatternRelationTest, FindsExamplePaths) {
  const struct {
    const char* a;
    const char* b;
    const char* common;
    const char* only_a;
    const char* only_b;
  } rows[] = {
      {"/a/{x}", "/{x}/a", "/a/a", "/a/x", "/x/a"},
      {"/a/{z}/", "/{z}/a/", "/a/a/", "/a/z/", "/z/a/"},
      {"/{a}/a/", "/a/{z}/", "/a/a/", "/ax/a/", "/a/z/"},
      {"/a/{z}/{x...}", "/{z}/b/{y...}", "/a/b/", "/a/z/", "/z/b/"},
      {"/{z}/{$}", "/a/", "/a/", "/z/", "/a/x"},
      {"/{z}/{$}", "/a/{rest...}", "/a/", "/z/", "/a/rest"},
      {"/a/{z}/{$}", "/{z}/a/", "/a/a/", "/a/z/", "/z/a/x"},
      {"/a/{x}/b/{y...}", "/{x}/c/{y...}", "/a/c/b/", "/a/x/b/", "/x/c/"},
      {"/a/{c}/b/", "/{x}/c/{y...}", "/a/c/b/", "/a/cx/b/", "/x/c/"},
      {"/{y}/{x}/c", "/b/", "/b/x/c", "/y/x/c", "/b/"},
      {"/a%2Fb/{x}", "/{y}/c%20d", "/a%2Fb/c%20d", "/a%2Fb/x", "/y/c%20d"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.a) + " ~ " + row.b);
    const Pattern a = MustParse(row.a);
    const Pattern b = MustParse(row.b);
    EXPECT_EQ(CommonPath(a, b), row.common);
    EXPECT_EQ(CommonPath(b, a), row.common);
    EXPECT_EQ(DifferencePath(a, b), row.only_a);
    EXPECT_EQ(DifferencePath(b, a), row.only_b);
  }
}

// All patterns of a small world against all paths of a larger one: what the relation claims is what is there.
void ExpectRelationsHold(const std::vector<std::string>& literals, const std::vector<std::string>& words) {
  const std::vector<std::string> paths = AllPaths(words, 4);
  std::vector<Pattern> patterns;
  std::vector<std::vector<bool>> matched;
  for (const std::string& text : AllPatternPaths(literals, 2)) {
    patterns.push_back(MustParse(text));
    matched.emplace_back();
    for (const std::string& path : paths) matched.back().push_back(MatchesPath(patterns.back(), path));
  }
  for (std::size_t a = 0; a < patterns.size(); ++a) {
    for (std::size_t b = 0; b < patterns.size(); ++b) {
      bool both = false, only_a = false, only_b = false;
      for (std::size_t i = 0; i < paths.size(); ++i) {
        both |= matched[a][i] && matched[b][i];
        only_a |= matched[a][i] && !matched[b][i];
        only_b |= matched[b][i] && !matched[a][i];
      }
      const PatternRelation expected = !both              ? kDisjoint
                                       : only_a && only_b ? kOverlaps
                                       : only_a           ? kMoreGeneral
                                       : only_b           ? kMoreSpecific
                                                          : kEquivalent;
      SCOPED_TRACE(patterns[a].Text() + " ~ " + patterns[b].Text());
      ASSERT_EQ(ComparePaths(patterns[a], patterns[b]), expected);
      if (both) {
        const std::string path = CommonPath(patterns[a], patterns[b]);
        ASSERT_TRUE(MatchesPath(patterns[a], path) && MatchesPath(patterns[b], path)) << path;
      }
      if (both && only_a) {
        const std::string path = DifferencePath(patterns[a], patterns[b]);
        ASSERT_TRUE(MatchesPath(patterns[a], path) && !MatchesPath(patterns[b], path)) << path;
      }
    }
  }
}

TEST(PatternRelationTest, RelationsHoldForAllSmallPatterns) { ExpectRelationsHold({"a", "b"}, {"a", "b", "c"}); }

TEST(PatternRelationTest, RelationsHoldWithEmptySegments) { ExpectRelationsHold({"a", ""}, {"a", "", "c"}); }

TEST(PatternRelationTest, RelationsHoldWhereLiteralsAreNamedLikeWildcards) {
  ExpectRelationsHold({"w0", "w1"}, {"w0", "w1", "x"});
}

}  // namespace
}  // namespace gale::http::internal

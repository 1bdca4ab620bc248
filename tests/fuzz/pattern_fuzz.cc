// Patterns: the first line is a request ("GET host/path"), the others are patterns of one mux. The tree finds what a
// slow and obvious search finds, and of those the one that no other is more specific than.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gale/http/internal/pattern.h"
#include "gale/http/internal/pattern_relation.h"
#include "gale/http/internal/routing_tree.h"
#include "gale/tests/fuzz/fuzz.h"
#include "gale/tests/http/pattern_oracle.h"

namespace {

using namespace gale::http::internal;
using namespace gale::http::testing;
using gale::fuzz::Check;
using gale::fuzz::TakeLine;

constexpr std::size_t kMostPatterns = 12;

PatternRelation Opposite(PatternRelation relation) {
  if (relation == PatternRelation::kMoreGeneral) return PatternRelation::kMoreSpecific;
  if (relation == PatternRelation::kMoreSpecific) return PatternRelation::kMoreGeneral;
  return relation;
}

void CheckPair(const Pattern& a, const Pattern& b) {
  const PatternRelation relation = CompareMethodsAndPaths(a, b);
  Check(CompareMethodsAndPaths(b, a) == Opposite(relation), "a relation that depends on the order");
  Check(Conflict(a, b) == Conflict(b, a), "a conflict that depends on the order");
  if (Conflict(a, b)) Check(!DescribeConflict(a, b).empty(), "a conflict without a reason");
}

// Adds the patterns of the lines that conflict with none before, and returns copies of those that were added.
std::vector<Pattern> AddPatterns(RoutingTree& tree, std::string_view lines) {
  std::vector<Pattern> added;
  while (!lines.empty() && added.size() < kMostPatterns) {
    auto parsed = Pattern::Parse(TakeLine(lines));
    if (!parsed) {
      Check(!parsed.error().empty(), "an error without a reason");
      continue;
    }
    bool conflicts = false;
    for (const Pattern& other : added) {
      CheckPair(*parsed, other);
      conflicts |= Conflict(*parsed, other);
    }
    Check((tree.FindConflict(*parsed) != nullptr) == conflicts, "the tree sees other conflicts");
    if (conflicts) continue;
    added.push_back(*parsed);
    tree.Add({.pattern = *std::move(parsed), .handler = {}, .location = {}});
  }
  return added;
}

bool Matches(const Pattern& pattern, const RouteQuery& query, std::string_view path) {
  return MatchesMethod(pattern, query.method) && MatchesHost(pattern, query.host) && MatchesPath(pattern, path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = gale::fuzz::Input(data, size);
  std::string_view request = TakeLine(input);
  RoutingTree tree;
  const std::vector<Pattern> patterns = AddPatterns(tree, input);

  const std::size_t space = request.find(' ');
  if (space == std::string_view::npos) return 0;
  const std::string_view method = request.substr(0, space);
  request.remove_prefix(space + 1);
  const std::size_t slash = request.find('/');
  if (slash == std::string_view::npos || request.find('\0') != std::string_view::npos) return 0;
  const std::string_view path = request.substr(slash);
  const RouteQuery query{.host = request.substr(0, slash), .method = method, .path = path};

  const RouteMatch match = tree.Match(query);
  const Pattern* found = match.route == nullptr ? nullptr : &match.route->pattern;
  Check(found == nullptr || Matches(*found, query, path), "a route that does not match");
  for (const Pattern& pattern : patterns) {
    if (!Matches(pattern, query, path)) continue;
    Check(found != nullptr, "a route that is not found");
    if (pattern.Text() == found->Text()) continue;
    const bool has_host = !found->Host().empty() && pattern.Host().empty();
    Check(has_host || (found->Host() == pattern.Host() &&
                       CompareMethodsAndPaths(*found, pattern) == PatternRelation::kMoreSpecific),
          "a route that is not the most specific");
  }
  return 0;
}

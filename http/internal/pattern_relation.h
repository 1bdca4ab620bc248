// PatternRelation: how the requests that two patterns match lie to each other.
//
//   ComparePaths("/a/{x}", "/a/b")      // kMoreGeneral: it also matches /a/c
//   ComparePaths("/a/{x}", "/{y}/b")    // kOverlaps: both match /a/b, and each matches what the other does not
//
// The more specific of two patterns wins a request. Where neither is, nobody could tell which one a request goes to:
// the two conflict, and ServeMux refuses the second. Source: Go 1.22's precedence rules.
#pragma once

#include <string>

#include "gale/http/internal/pattern.h"

namespace gale::http::internal {

enum class PatternRelation {
  kEquivalent,    // both match the same
  kMoreGeneral,   // the first matches all that the second does, and more
  kMoreSpecific,  // the other way round
  kDisjoint,      // nothing is matched by both
  kOverlaps,      // something is matched by both, and something by either alone
};

// CompareMethods: "" is all methods, GET includes HEAD, any others are apart.
PatternRelation CompareMethods(const Pattern& a, const Pattern& b);

// ComparePaths looks at the segments only, not at method and host.
PatternRelation ComparePaths(const Pattern& a, const Pattern& b);

// CompareMethodsAndPaths is both together: that of a set of pairs.
PatternRelation CompareMethodsAndPaths(const Pattern& a, const Pattern& b);

// Conflict tells that some request would belong to both and precedence does not decide. Patterns with different
// hosts never conflict: the one with a host wins over the one without.
bool Conflict(const Pattern& a, const Pattern& b);

// DescribeConflict says in Go's words why two conflicting patterns conflict, with paths as examples.
std::string DescribeConflict(const Pattern& a, const Pattern& b);

// CommonPath is a path, escaped, that both patterns match. They must not be disjoint.
std::string CommonPath(const Pattern& a, const Pattern& b);

// DifferencePath is a path, escaped, that a matches and b does not. There must be one.
std::string DifferencePath(const Pattern& a, const Pattern& b);

}  // namespace gale::http::internal

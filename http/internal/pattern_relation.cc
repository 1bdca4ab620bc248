#include "gale/http/internal/pattern_relation.h"

#include <algorithm>
#include <cstddef>

#include "gale/http/internal/quote.h"
#include "gale/http/url.h"

namespace gale::http::internal {
namespace {

using enum PatternRelation;
using Segments = std::vector<PatternSegment>;

// The relation of two products of sets, from those of their factors.
PatternRelation Combine(PatternRelation a, PatternRelation b) {
  if (a == kDisjoint || b == kDisjoint) return kDisjoint;
  if (a == kEquivalent) return b;
  if (b == kEquivalent) return a;
  return a == b ? a : kOverlaps;
}

PatternRelation CompareSegments(const PatternSegment& a, const PatternSegment& b) {
  using enum SegmentKind;
  if (a.kind == b.kind) return a.kind != kLiteral || a.text == b.text ? kEquivalent : kDisjoint;
  if (a.kind == kRest) return kMoreGeneral;
  if (b.kind == kRest) return kMoreSpecific;
  if (a.kind == kEnd || b.kind == kEnd) return kDisjoint;
  return a.kind == kWildcard ? kMoreGeneral : kMoreSpecific;
}

// Appends the simplest thing that the segment matches.
void AppendSegment(std::string& path, const PatternSegment& segment) {
  path += '/';
  if (segment.kind != SegmentKind::kRest) path += PathEscape(segment.text);
}

void AppendSegmentsFrom(std::string& path, const Segments& segments, std::size_t first) {
  for (std::size_t i = first; i < segments.size(); ++i) AppendSegment(path, segments[i]);
}

// Appends something that wildcard a matches and literal b is not.
void AppendOtherThan(std::string& path, const PatternSegment& a, const PatternSegment& b) {
  path += '/';
  path += PathEscape(a.text == b.text ? b.text + "x" : a.text);
}

// Appends what rest a matches and whatever begins with b does not: nothing, except where b is that nothing.
void AppendRestOtherThan(std::string& path, const PatternSegment& a, const PatternSegment& b) {
  path += '/';
  if (b.kind == SegmentKind::kEnd) path += a.text.empty() ? "x" : PathEscape(a.text);
}

}  // namespace

PatternRelation CompareMethods(const Pattern& a, const Pattern& b) {
  if (a.Method() == b.Method()) return kEquivalent;
  if (a.Method().empty()) return kMoreGeneral;
  if (b.Method().empty()) return kMoreSpecific;
  if (a.Method() == "GET" && b.Method() == "HEAD") return kMoreGeneral;
  if (a.Method() == "HEAD" && b.Method() == "GET") return kMoreSpecific;
  return kDisjoint;
}

PatternRelation ComparePaths(const Pattern& a, const Pattern& b) {
  const Segments& segments_a = a.Segments();
  const Segments& segments_b = b.Segments();
  const std::size_t common = std::min(segments_a.size(), segments_b.size());
  PatternRelation relation = kEquivalent;
  for (std::size_t i = 0; i < common && relation != kDisjoint; ++i) {
    relation = Combine(relation, CompareSegments(segments_a[i], segments_b[i]));
  }
  if (segments_a.size() == segments_b.size()) return relation;
  // The shorter one matches longer paths only with a rest, which then holds all that the longer one still asks for.
  const bool a_is_shorter = segments_a.size() < segments_b.size();
  if ((a_is_shorter ? a : b).LastSegment().kind != SegmentKind::kRest) return kDisjoint;
  return Combine(relation, a_is_shorter ? kMoreGeneral : kMoreSpecific);
}

PatternRelation CompareMethodsAndPaths(const Pattern& a, const Pattern& b) {
  const PatternRelation methods = CompareMethods(a, b);
  return methods == kDisjoint ? kDisjoint : Combine(methods, ComparePaths(a, b));
}

bool Conflict(const Pattern& a, const Pattern& b) {
  if (a.Host() != b.Host()) return false;
  const PatternRelation relation = CompareMethodsAndPaths(a, b);
  return relation == kEquivalent || relation == kOverlaps;
}

std::string DescribeConflict(const Pattern& a, const Pattern& b) {
  const std::string& text_a = a.Text();
  const std::string& text_b = b.Text();
  const PatternRelation paths = ComparePaths(a, b);
  if (paths == kOverlaps) {
    return text_a + " and " + text_b + " both match some paths, like " + Quote(CommonPath(a, b)) +
           ".\nBut neither is more specific than the other.\n" + text_a + " matches " + Quote(DifferencePath(a, b)) +
           ", but " + text_b + " doesn't.\n" + text_b + " matches " + Quote(DifferencePath(b, a)) + ", but " + text_a +
           " doesn't.";
  }
  const PatternRelation methods = CompareMethods(a, b);
  if (methods == kEquivalent) return text_a + " matches the same requests as " + text_b;
  const bool more_methods = methods == kMoreGeneral;
  return text_a + " matches " + (more_methods ? "more" : "fewer") + " methods than " + text_b + ", but has a more " +
         (more_methods ? "specific" : "general") + " path pattern";
}

std::string CommonPath(const Pattern& a, const Pattern& b) {
  const Segments& segments_a = a.Segments();
  const Segments& segments_b = b.Segments();
  const std::size_t common = std::min(segments_a.size(), segments_b.size());
  std::string path;
  for (std::size_t i = 0; i < common; ++i) {
    const bool b_is_narrower = CompareSegments(segments_a[i], segments_b[i]) == kMoreGeneral;
    AppendSegment(path, b_is_narrower ? segments_b[i] : segments_a[i]);
  }
  AppendSegmentsFrom(path, segments_a.size() > common ? segments_a : segments_b, common);
  return path;
}

std::string DifferencePath(const Pattern& a, const Pattern& b) {
  const Segments& segments_a = a.Segments();
  const Segments& segments_b = b.Segments();
  const std::size_t common = std::min(segments_a.size(), segments_b.size());
  std::string path;
  for (std::size_t i = 0; i < common; ++i) {
    const PatternSegment& segment_a = segments_a[i];
    const PatternSegment& segment_b = segments_b[i];
    if (segment_a.kind == SegmentKind::kRest && segment_b.kind != SegmentKind::kRest) {
      AppendRestOtherThan(path, segment_a, segment_b);
      return path;
    }
    if (segment_a.kind == SegmentKind::kWildcard && segment_b.kind == SegmentKind::kLiteral) {
      AppendOtherThan(path, segment_a, segment_b);
    } else {
      AppendSegment(path, segment_a);
    }
  }
  AppendSegmentsFrom(path, segments_a, common);
  return path;
}

}  // namespace gale::http::internal

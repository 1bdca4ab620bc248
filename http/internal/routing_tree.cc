#include "gale/http/internal/routing_tree.h"

#include <span>
#include <string>
#include <utility>

#include "gale/http/internal/clean_path.h"
#include "gale/http/internal/pattern_relation.h"
#include "gale/http/url.h"

namespace gale::http::internal {
namespace {

// PathWalk goes down a tree along the query's path. A step is at the segment `index`, whose slash is at `slash`, or
// behind the last segment, where `slash` is the path's size.
class PathWalk {
 public:
  explicit PathWalk(const RouteQuery& query) : query_(query), path_(query.path.Text()) {}

  // A search for the path with a slash added goes the same way and no further than this one: what this one ends with,
  // a rest, it would take as well. So an exact match of it lies behind an end of the path that this one has seen.
  RouteMatch Match(const RouteNode& root) {
    RouteMatch match = Descend(root, 0, 0);
    match.slash_may_match = saw_routes_behind_slash_;
    return match;
  }

  // Visits all routes that match the path, of any method.
  template <typename Visit>
  void ForEachMatch(const RouteNode& node, Visit& visit, std::size_t index = 0, std::size_t slash = 0) const {
    if (slash == path_.size() && !query_.add_slash) return node.Here().ForEach(visit);
    node.Rest().ForEach(visit);
    if (IsLastSlash(slash)) return node.End().ForEach(visit);
    const std::size_t end = query_.path.SegmentEnd(index, slash + 1);
    if (const RouteNode* child = FindLiteral(node, path_.substr(slash + 1, end - slash - 1))) {
      ForEachMatch(*child, visit, index + 1, end);
    }
    if (const RouteNode* child = node.Wildcard()) ForEachMatch(*child, visit, index + 1, end);
  }

 private:
  RouteMatch Descend(const RouteNode& node, std::size_t index, std::size_t slash) {
    if (slash == path_.size() && !query_.add_slash) return MatchHere(node);
    if (IsLastSlash(slash)) {
      if (const Route* route = node.End().Find(query_.method)) return {route, true};
      return {node.Rest().Find(query_.method), true};
    }
    const std::size_t end = query_.path.SegmentEnd(index, slash + 1);
    if (const RouteNode* child = FindLiteral(node, path_.substr(slash + 1, end - slash - 1))) {
      if (RouteMatch match = Descend(*child, index + 1, end); match.route != nullptr) return match;
    }
    if (const RouteNode* child = node.Wildcard()) {
      if (RouteMatch match = Descend(*child, index + 1, end); match.route != nullptr) return match;
    }
    return {node.Rest().Find(query_.method), false};
  }

  RouteMatch MatchHere(const RouteNode& node) {
    const Route* route = node.Here().Find(query_.method);
    saw_routes_behind_slash_ |= route == nullptr && !(node.End().IsEmpty() && node.Rest().IsEmpty());
    return {route, true};
  }

  // With add_slash the last slash is behind the path's end, else it may be the last byte.
  bool IsLastSlash(std::size_t slash) const { return slash + (query_.add_slash ? 0 : 1) == path_.size(); }

  const RouteNode* FindLiteral(const RouteNode& node, std::string_view segment) const {
    if (!query_.path_is_escaped || segment.find('%') == segment.npos) return node.FindLiteral(segment);
    return node.FindLiteral(PathUnescape(segment).value_or(std::string(segment)));
  }

  const RouteQuery& query_;
  std::string_view path_;
  bool saw_routes_behind_slash_ = false;
};

bool HasRootedPath(const RouteQuery& query) {
  const std::string_view path = query.path.Text();
  return path.empty() ? query.add_slash : path[0] == '/';
}

// Calls visit with every route at or below the node.
template <typename Visit>
void ForEachRoute(const RouteNode& node, Visit& visit) {
  node.Here().ForEach(visit);
  node.End().ForEach(visit);
  node.Rest().ForEach(visit);
  node.ForEachChild([&](const RouteNode& child) { ForEachRoute(child, visit); });
}

// Calls visit with every route below the node whose path has something in common with the segments.
template <typename Visit>
void ForEachCommonRoute(const RouteNode& node, std::span<const PatternSegment> segments, Visit& visit) {
  if (segments.empty()) return node.Here().ForEach(visit);
  node.Rest().ForEach(visit);
  const auto visit_child = [&](const RouteNode& child) { ForEachCommonRoute(child, segments.subspan(1), visit); };
  switch (segments.front().kind) {
    case SegmentKind::kLiteral:
      if (const RouteNode* child = node.FindLiteral(segments.front().text)) visit_child(*child);
      if (const RouteNode* child = node.Wildcard()) visit_child(*child);
      return;
    case SegmentKind::kWildcard: node.ForEachChild(visit_child); return;
    case SegmentKind::kEnd: node.End().ForEach(visit); return;
    case SegmentKind::kRest:
      node.End().ForEach(visit);
      node.ForEachChild([&](const RouteNode& child) { ForEachRoute(child, visit); });
      return;
  }
}

// The routes of the patterns that end as this one does, with the nodes on the way made where they are missing.
RoutesByMethod& MakePlace(RouteNode& root, const Pattern& pattern) {
  RouteNode* node = &root;
  for (const PatternSegment& segment : pattern.Segments()) {
    switch (segment.kind) {
      case SegmentKind::kLiteral: node = &node->LiteralChild(segment.text); break;
      case SegmentKind::kWildcard: node = &node->WildcardChild(); break;
      case SegmentKind::kEnd: return node->End();
      case SegmentKind::kRest: return node->Rest();
    }
  }
  return node->Here();
}

// The only path that the pattern matches, or "" if there are more, or if it is not clean, or only escapes can spell it.
std::string SpelledOutPath(const Pattern& pattern) {
  std::string path;
  for (const PatternSegment& segment : pattern.Segments()) {
    const bool is_text = segment.kind == SegmentKind::kLiteral && segment.text.find('/') == std::string::npos;
    if (!is_text && segment.kind != SegmentKind::kEnd) return "";
    path += '/';
    path += segment.text;
  }
  return IsCleanPath(path) ? path : "";
}

}  // namespace

RouteMatch RoutingTree::Match(const RouteQuery& query) const {
  if (!HasRootedPath(query)) return {};
  PathWalk walk(query);
  if (const RouteNode* host = hosts_.FindLiteral(query.host)) {
    if (RouteMatch match = walk.Match(*host); match.route != nullptr) return match;
  }
  return walk.Match(every_host_);
}

void RoutingTree::MatchingMethods(const RouteQuery& query, std::vector<std::string_view>& methods) const {
  if (!HasRootedPath(query)) return;
  const PathWalk walk(query);
  auto append_method = [&](const Route& route) {
    if (!route.pattern.Method().empty()) methods.push_back(route.pattern.Method());
  };
  if (const RouteNode* host = hosts_.FindLiteral(query.host)) walk.ForEachMatch(*host, append_method);
  walk.ForEachMatch(every_host_, append_method);
}

const Route* RoutingTree::FindConflict(const Pattern& pattern) const {
  const RouteNode* root = pattern.Host().empty() ? &every_host_ : hosts_.FindLiteral(pattern.Host());
  if (root == nullptr) return nullptr;
  const Route* oldest = nullptr;
  auto keep_oldest = [&](const Route& route) {
    if ((oldest == nullptr || route.ordinal < oldest->ordinal) && Conflict(pattern, route.pattern)) oldest = &route;
  };
  ForEachCommonRoute(*root, pattern.Segments(), keep_oldest);
  return oldest;
}

void RoutingTree::Add(Route route) {
  Route& added = routes_.emplace_back(std::move(route));
  added.ordinal = routes_.size() - 1;
  const std::string& host = added.pattern.Host();
  RouteNode& root = host.empty() ? every_host_ : hosts_.LiteralChild(host);
  MakePlace(root, added.pattern).Add(added);
  const std::string path = host.empty() ? SpelledOutPath(added.pattern) : "";
  if (!path.empty()) spelled_out_.LiteralChild(path).Here().Add(added);
  version_.store(routes_.size(), std::memory_order_release);
}

}  // namespace gale::http::internal

// RoutingTree: finds the route of a request.
//
//   RoutingTree tree;
//   tree.Add(std::move(route));                              // "GET /items/{id}"
//   RouteMatch match = tree.Match({.method = "GET", .path = "/items/7"});
//   match.route->pattern.ForEachCapture("/items/7", ...);    // id = "7"
//
// The tree goes host -> segments -> method. At each segment the literal child is tried before the wildcard, the
// wildcard before the rest, with a step back where a branch leads nowhere. Because conflicting patterns are refused,
// the first route found that way is the most specific one: of two that match, one is more specific in its path (and
// lies on a branch that is tried earlier) or equal in its path and more specific in its method. So unlike Go's tree
// (host -> method -> segments), this one needs one walk for all methods, and a walk visits no node twice, since a
// node's depth fixes how much of the path is left.
//
// The tree is its own index of conflicts: the routes that can conflict with a new pattern are found by walking the
// tree with the pattern instead of a path.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "gale/http/internal/route_node.h"
#include "gale/http/internal/split_path.h"

namespace gale::http::internal {

// RouteQuery is a request as the tree sees it.
struct RouteQuery {
  std::string_view host = {};  // without port; "" if unknown
  std::string_view method = {};
  SplitPath path = {};
  bool path_is_escaped = false;  // segments are percent-decoded before they are compared
  bool add_slash = false;        // match path + "/"
};

// RouteMatch is a route that matches, or null. IsExact tells a route that spells the whole path out from one whose
// rest swallowed some of it.
struct RouteMatch {
  const Route* route = nullptr;  // owned by the tree
  bool at_path_end = false;
  bool slash_may_match = false;  // where it is false, there is no exact match for the path with a slash added
  bool IsExact() const { return route != nullptr && at_path_end; }
};

// RoutingTree only grows. The const functions never block and may run in parallel with everything, but FindConflict
// and Add exclude each other: the caller sees to that.
class RoutingTree {
 public:
  RoutingTree() = default;
  RoutingTree(const RoutingTree&) = delete;
  RoutingTree& operator=(const RoutingTree&) = delete;

  // Match is the most specific route for the query. Allocates nothing unless an escaped segment needs decoding.
  RouteMatch Match(const RouteQuery& query) const;

  // FindSpelledOut is the route for every host whose pattern is the path, literally, or null. Where it finds one for a
  // path that is not escaped, and HasHost is false, Match would find the same; it takes one look-up, whatever the
  // number of segments. The path it finds is clean.
  const Route* FindSpelledOut(std::string_view method, std::string_view path) const {
    const RouteNode* node = spelled_out_.FindLiteral(path);
    return node == nullptr ? nullptr : node->Here().Find(method);
  }

  // MatchingMethods appends the methods of the routes that match all of the query but its method.
  void MatchingMethods(const RouteQuery& query, std::vector<std::string_view>& methods) const;

  // HasHosts tells that some pattern names a host, HasHost that some names this one.
  bool HasHosts() const { return hosts_.HasLiterals(); }
  bool HasHost(std::string_view host) const { return hosts_.FindLiteral(host) != nullptr; }

  // Version counts the routes. A reader that saw the same number before and after has seen one consistent tree, not
  // a later route without an earlier one: what Add published before it raised the number (release) is visible to
  // whoever loads that number (acquire), and whoever sees a later route also sees the number of the earlier.
  std::uint64_t Version() const { return version_.load(std::memory_order_acquire); }

  // FindConflict is the oldest route that conflicts with the pattern, or null.
  const Route* FindConflict(const Pattern& pattern) const;

  // Add takes a route whose pattern conflicts with none in the tree.
  void Add(Route route);

 private:
  RouteNode hosts_{""};  // its literals are hosts
  RouteNode every_host_{""};
  RouteNode spelled_out_{""};  // its literals are whole paths
  std::deque<Route> routes_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace gale::http::internal

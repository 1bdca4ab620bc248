// RequestRouter: what becomes of a request, by the rules that lie between its head and the RoutingTree.
//
//   RouteDecision decision;
//   DecideRoute(tree, request, decision);
//   if (decision.outcome == RouteOutcome::kRoute) decision.route->handler->ServeHTTP(w, r);
//
// A request travels: host without port -> clean path, or a redirect to it -> the tree -> a redirect to the path with
// a slash, if that is what is registered -> else the methods that would have matched, or nothing.
#pragma once

#include <cstdint>
#include <string>

#include "gale/http/internal/routing_tree.h"
#include "gale/http/request.h"

namespace gale::http::internal {

enum class RouteOutcome : std::uint8_t { kRoute, kRedirect, kMethodNotAllowed, kNotFound };

// RouteDecision is filled by DecideRoute. Its views are of the request, the tree and itself, so it stays where it is.
struct RouteDecision {
  RouteDecision() = default;
  RouteDecision(const RouteDecision&) = delete;
  RouteDecision& operator=(const RouteDecision&) = delete;

  RouteOutcome outcome = RouteOutcome::kNotFound;
  const Route* route = nullptr;  // that of kRoute; at kRedirect the one behind it, or null
  RouteQuery query;              // with the path that was matched
  std::string path;              // the memory of query.path, where it is not the request's
  std::string text;              // the target of kRedirect, the Allow field of kMethodNotAllowed
};

// DecideRoute fills a decision that was just constructed. Allocates nothing for kRoute, unless the request's path
// has escapes that are not the canonical ones. May run in parallel with additions to the tree.
void DecideRoute(const RoutingTree& tree, const Request& request, RouteDecision& decision);

// SetPathValues gives the request the values of the wildcards of decision.route, for kRoute.
void SetPathValues(const RouteDecision& decision, Request& request);

// StripPort is host without its port, and "[::1]:80" without the brackets; what has no port stays as it is.
// Source: Go's stripHostPort and net.SplitHostPort.
std::string_view StripPort(std::string_view host);

}  // namespace gale::http::internal

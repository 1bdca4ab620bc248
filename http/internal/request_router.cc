#include "gale/http/internal/request_router.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/clean_path.h"
#include "gale/http/url.h"

namespace gale::http::internal {
namespace {

constexpr ByteSet kNoBrackets = ByteSet().AddRange(0, 255).Remove("[]");
constexpr ByteSet kNoBracketsOrColons = ByteSet(kNoBrackets).Remove(":");

// Router decides about one request, against one version of the tree.
class Router {
 public:
  Router(const RoutingTree& tree, const Request& request, RouteDecision& decision)
      : tree_(tree), request_(request), decision_(decision), query_(decision.query) {}

  void Decide() {
    query_.method = request_.Method();
    const URL& url = request_.URL();
    // Without a percent sign in the raw path its escaping is either the canonical one, in which the decoded path has
    // the same segments as the received one, or there is none.
    const bool is_plain = url.RawPath().find('%') == std::string::npos;
    if (query_.method == "CONNECT") return DecideConnect(is_plain);
    query_.host = tree_.HasHosts() ? StripPort(request_.Host()) : std::string_view();
    if (is_plain && !tree_.HasHost(query_.host)) {
      if (const Route* route = tree_.FindSpelledOut(query_.method, url.Path())) return Finish(route);
    }
    UsePath(is_plain);
    if (!query_.path.IsClean()) return RedirectToCleanPath();
    const RouteMatch match = tree_.Match(query_);
    if (const Route* route = RouteWithSlash(match)) return RedirectTo(url.EscapedPath() + "/", route);
    Finish(match.route);
  }

 private:
  void UsePath(bool is_plain) {
    if (!is_plain) return UseOwnPath(request_.URL().EscapedPath());
    query_.path.Assign(request_.URL().Path());
    query_.path_is_escaped = false;
  }

  void UseOwnPath(std::string escaped_path) {
    decision_.path = std::move(escaped_path);
    query_.path.Assign(decision_.path);
    query_.path_is_escaped = true;
  }

  // Paths of CONNECT are not cleaned and hosts keep their port, as in Go; the redirect to the slash remains.
  void DecideConnect(bool is_plain) {
    UsePath(is_plain);
    query_.host = request_.URL().Host();
    if (const Route* route = RouteWithSlash(tree_.Match(query_))) {
      std::string target = CleanPath(request_.URL().EscapedPath());
      if (!target.ends_with('/')) target += '/';
      return RedirectTo(std::move(target), route);
    }
    query_.host = request_.Host();
    Finish(tree_.Match(query_).route);
  }

  void RedirectToCleanPath() {
    UseOwnPath(CleanPath(request_.URL().EscapedPath()));
    const RouteMatch match = tree_.Match(query_);
    if (const Route* route = RouteWithSlash(match)) return RedirectTo(decision_.path + "/", route);
    RedirectTo(decision_.path, match.route);
  }

  // The route that spells out the path with a slash added, or null; also null if the path as it is was matched exactly.
  const Route* RouteWithSlash(const RouteMatch& as_it_is) {
    if (as_it_is.IsExact() || !as_it_is.slash_may_match || !CanAddSlash()) return nullptr;
    query_.add_slash = true;
    const RouteMatch match = tree_.Match(query_);
    query_.add_slash = false;
    return match.IsExact() ? match.route : nullptr;
  }

  bool CanAddSlash() const { return !query_.path.Text().empty() && !query_.path.Text().ends_with('/'); }

  void RedirectTo(std::string target, const Route* route) {
    const std::string& query = request_.URL().RawQuery();
    if (!query.empty()) target.append("?").append(query);
    decision_.outcome = RouteOutcome::kRedirect;
    decision_.text = std::move(target);
    decision_.route = route;
  }

  void Finish(const Route* route) {
    decision_.route = route;
    if (route != nullptr) {
      decision_.outcome = RouteOutcome::kRoute;
      return;
    }
    decision_.text = AllowedMethods();
    decision_.outcome = decision_.text.empty() ? RouteOutcome::kNotFound : RouteOutcome::kMethodNotAllowed;
  }

  // The methods that have a route, for the path and for that with a slash, as an Allow field.
  std::string AllowedMethods() {
    std::vector<std::string_view> methods;
    tree_.MatchingMethods(query_, methods);
    if (CanAddSlash()) {
      query_.add_slash = true;
      tree_.MatchingMethods(query_, methods);
      query_.add_slash = false;
    }
    if (std::ranges::find(methods, "GET") != methods.end()) methods.push_back("HEAD");
    std::ranges::sort(methods);
    methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
    std::string allow;
    for (const std::string_view method : methods) {
      if (!allow.empty()) allow += ", ";
      allow += method;
    }
    return allow;
  }

  const RoutingTree& tree_;
  const Request& request_;
  RouteDecision& decision_;
  RouteQuery& query_;
};

}  // namespace

void DecideRoute(const RoutingTree& tree, const Request& request, RouteDecision& decision) {
  // Registrations are few and short, so that a second turn is rare; each further one means that another got done.
  for (;;) {
    const std::uint64_t version = tree.Version();
    Router(tree, request, decision).Decide();
    if (tree.Version() == version) return;
  }
}

void SetPathValues(const RouteDecision& decision, Request& request) {
  if (!decision.route->pattern.HasNames()) return;
  const bool is_escaped = decision.query.path_is_escaped;
  decision.route->pattern.ForEachCapture(decision.query.path, [&](std::string_view name, std::string_view value) {
    if (is_escaped && value.find('%') != value.npos) {
      request.SetPathValue(name, PathUnescape(value).value_or(std::string(value)));
    } else {
      request.SetPathValue(name, value);
    }
  });
}

std::string_view StripPort(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == host.npos) return host;
  std::string_view name = host.substr(0, colon);
  const bool has_brackets = name.starts_with('[') && name.ends_with(']');
  if (has_brackets) name = name.substr(1, name.size() - 2);
  const bool is_well_formed =
      (has_brackets ? kNoBrackets : kNoBracketsOrColons).HasAll(name) && kNoBrackets.HasAll(host.substr(colon));
  return is_well_formed ? name : host;
}

}  // namespace gale::http::internal

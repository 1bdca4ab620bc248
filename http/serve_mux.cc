#include "gale/http/serve_mux.h"

#include <string>
#include <utility>

#include "gale/http/internal/pattern_relation.h"
#include "gale/http/internal/quote.h"
#include "gale/http/internal/request_router.h"
#include "gale/http/internal/routing_tree.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/status.h"
#include "gale/runtime/panic.h"

namespace gale::http {

using internal::RouteDecision;
using internal::RouteOutcome;

namespace {

void AnswerMethodNotAllowed(ResponseWriter& w, std::string_view allow) {
  w.Header().Set("Allow", allow);
  Error(w, StatusText(kStatusMethodNotAllowed), kStatusMethodNotAllowed);
}

// The target "*" is no path; "OPTIONS *" the server mostly answers before it comes here.
void AnswerAsterisk(ResponseWriter& w, const Request& r) {
  if (r.ProtoMajor() == 1 && r.ProtoMinor() >= 1) w.Header().Set("Connection", "close");
  w.WriteHeader(kStatusBadRequest);
}

void ServeRoute(const RouteDecision& decision, ResponseWriter& w, Request& r) {
  SetPathValues(decision, r);
  decision.route->handler->ServeHTTP(w, r);
}

std::string DescribeRegistration(const internal::Pattern& pattern, std::string_view location) {
  std::string description = "pattern " + internal::Quote(pattern.Text()) + " (registered at ";
  return description.append(location).append(")");
}

}  // namespace

ServeMux::ServeMux() : tree_(std::make_unique<internal::RoutingTree>()) {}
ServeMux::~ServeMux() = default;

void ServeMux::Handle(std::string_view pattern, HandlerRef handler, std::source_location location) {
  if (pattern.empty()) throw Panic("http: invalid pattern");
  if (handler == nullptr) throw Panic("http: nil handler");
  auto parsed = internal::Pattern::Parse(pattern);
  if (!parsed) throw Panic("parsing " + internal::Quote(pattern) + ": " + parsed.error());
  std::string where = location.file_name() + (":" + std::to_string(location.line()));

  const std::lock_guard lock(registration_);
  if (const internal::Route* other = tree_->FindConflict(*parsed)) {
    throw Panic(DescribeRegistration(*parsed, where) + " conflicts with " +
                DescribeRegistration(other->pattern, other->location) + ":\n" +
                internal::DescribeConflict(*parsed, other->pattern));
  }
  tree_->Add({.pattern = std::move(*parsed), .handler = handler.Shared(), .location = std::move(where)});
}

void ServeMux::ServeHTTP(ResponseWriter& w, Request& r) {
  if (r.RequestURI() == "*") return AnswerAsterisk(w, r);
  RouteDecision decision;
  DecideRoute(*tree_, r, decision);
  r.SetPattern(decision.route == nullptr ? std::string_view() : decision.route->pattern.Text());
  switch (decision.outcome) {
    case RouteOutcome::kRoute: return ServeRoute(decision, w, r);
    case RouteOutcome::kRedirect: return Redirect(w, r, decision.text, kStatusTemporaryRedirect);
    case RouteOutcome::kMethodNotAllowed: return AnswerMethodNotAllowed(w, decision.text);
    case RouteOutcome::kNotFound: return NotFound(w, r);
  }
}

RoutedHandler ServeMux::Handler(const Request& r) const {
  RouteDecision decision;
  DecideRoute(*tree_, r, decision);
  const std::string_view pattern = decision.route == nullptr ? std::string_view() : decision.route->pattern.Text();
  switch (decision.outcome) {
    case RouteOutcome::kRoute: return {decision.route->handler, pattern};
    case RouteOutcome::kRedirect: {
      auto redirect = [target = std::move(decision.text)](ResponseWriter& w, Request& request) {
        Redirect(w, request, target, kStatusTemporaryRedirect);
      };
      return {internal::MakeFunctionHandler(std::move(redirect)), pattern};
    }
    case RouteOutcome::kMethodNotAllowed: {
      auto refuse = [allow = std::move(decision.text)](ResponseWriter& w, Request&) {
        AnswerMethodNotAllowed(w, allow);
      };
      return {internal::MakeFunctionHandler(std::move(refuse)), ""};
    }
    case RouteOutcome::kNotFound: break;
  }
  return {internal::MakeFunctionHandler(NotFound), ""};
}

}  // namespace gale::http

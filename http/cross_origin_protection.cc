#include "gale/http/cross_origin_protection.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gale/http/internal/failure.h"
#include "gale/http/internal/quote.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/serve_mux.h"
#include "gale/http/status.h"

namespace gale::http {

struct CrossOriginProtection::State {
  bool IsExempt(const Request& r) const;
  std::optional<HandlerRef> DenyHandler() const {
    std::lock_guard guard(mutex);
    return deny_handler;
  }

  mutable std::mutex mutex;  // of the next two
  std::vector<std::string> trusted_origins;
  std::optional<HandlerRef> deny_handler;

  // Who bypasses is who the mux has this handler for. A pattern alone does not tell: the mux also redirects requests to
  // where a pattern would match them.
  const std::shared_ptr<http::Handler> bypass =
      std::make_shared<HandlerFunc>([](ResponseWriter&, Request&) { /* only its identity matters */ });
  ServeMux bypass_mux;
};

bool CrossOriginProtection::State::IsExempt(const Request& r) const {
  if (bypass_mux.Handler(r).handler == bypass) return true;
  const std::string_view origin = r.Header().Get("Origin");
  std::lock_guard guard(mutex);
  return std::find(trusted_origins.begin(), trusted_origins.end(), origin) != trusted_origins.end();
}

class CrossOriginProtection::CheckedHandler : public http::Handler {
 public:
  CheckedHandler(std::shared_ptr<State> state, HandlerRef handler)
      : protection_(std::move(state)), handler_(std::move(handler)) {}

  void ServeHTTP(ResponseWriter& w, Request& r) override {
    const gale::Error error = protection_.Check(r);
    if (!error) return handler_.ServeHTTP(w, r);
    if (const auto deny = protection_.state_->DenyHandler()) return deny->ServeHTTP(w, r);
    http::Error(w, error.Message(), kStatusForbidden);
  }

 private:
  const CrossOriginProtection protection_;
  const HandlerRef handler_;
};

CrossOriginProtection::CrossOriginProtection() : state_(std::make_shared<State>()) {}
CrossOriginProtection::CrossOriginProtection(std::shared_ptr<State> state) : state_(std::move(state)) {}

gale::Error CrossOriginProtection::AddTrustedOrigin(std::string_view origin) {
  const std::string context = "invalid origin " + internal::Quote(origin);
  const auto url = URL::Parse(origin);
  if (!url) return gale::Error(url.error().Code(), context);
  if (url->Scheme().empty()) return gale::Error(MessageErrc::kOriginWithoutScheme, context);
  if (url->Host().empty()) return gale::Error(MessageErrc::kOriginWithoutHost, context);
  if (!url->Path().empty() || !url->RawQuery().empty() || !url->Fragment().empty() || !url->UserInfo().empty()) {
    return gale::Error(MessageErrc::kOriginWithMore, context);
  }
  std::lock_guard guard(state_->mutex);
  state_->trusted_origins.emplace_back(origin);
  return {};
}

void CrossOriginProtection::AddInsecureBypassPattern(std::string_view pattern) {
  state_->bypass_mux.Handle(pattern, state_->bypass);
}

void CrossOriginProtection::SetDenyHandler(HandlerRef handler) {
  std::lock_guard guard(state_->mutex);
  state_->deny_handler = std::move(handler);
}

gale::Error CrossOriginProtection::Check(const Request& r) const {
  if (r.Method() == "GET" || r.Method() == "HEAD" || r.Method() == "OPTIONS") return {};
  const std::string_view site = r.Header().Get("Sec-Fetch-Site");
  if (site == "same-origin" || site == "none") return {};
  if (!site.empty()) return state_->IsExempt(r) ? gale::Error() : internal::Fault(MessageErrc::kCrossOrigin);

  const std::string_view origin = r.Header().Get("Origin");
  if (origin.empty()) return {};
  // The scheme of the request is not known behind a proxy, so it does not count.
  const auto url = URL::Parse(origin);
  if (url && !url->Host().empty() && url->Host() == r.Host()) return {};
  return state_->IsExempt(r) ? gale::Error() : internal::Fault(MessageErrc::kCrossOriginOldBrowser);
}

std::shared_ptr<http::Handler> CrossOriginProtection::Handler(HandlerRef handler) const {
  return std::make_shared<CheckedHandler>(state_, std::move(handler));
}

}  // namespace gale::http

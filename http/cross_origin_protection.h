// CrossOriginProtection: refuses what other sites make a user's browser send (CSRF), without tokens.
//
//   http::CrossOriginProtection protection;
//   (void)protection.AddTrustedOrigin("https://login.example.com");
//   http::ListenAndServe(":8080", *protection.Handler(mux));
//
// Browsers say with Sec-Fetch-Site where a request comes from, and older ones with Origin. GET, HEAD and OPTIONS pass,
// so they must not change anything. What has neither field passes, since no browser has sent it.
//
// Source: Go 1.25's net/http.CrossOriginProtection.
#pragma once

#include <memory>
#include <string_view>

#include "gale/http/handler_ref.h"
#include "gale/runtime/error.h"

namespace gale::http {

class Request;

// CrossOriginProtection is a handle: copies share their configuration. All methods may be called at once, from
// goroutines and plain threads.
class CrossOriginProtection {
 public:
  CrossOriginProtection();

  // AddTrustedOrigin lets all requests with this Origin pass: "scheme://host" or "scheme://host:port", compared byte by
  // byte. Fails if it is something else.
  gale::Error AddTrustedOrigin(std::string_view origin);
  // AddInsecureBypassPattern lets all requests pass that match a ServeMux pattern. Throws gale::Panic as
  // ServeMux::Handle does.
  void AddInsecureBypassPattern(std::string_view pattern);
  // SetDenyHandler sets who answers refused requests, instead of 403 with Check's message.
  void SetDenyHandler(HandlerRef handler);

  // Check is no error for a request that may pass, else MessageErrc::kCrossOrigin or kCrossOriginOldBrowser, which
  // equal std::errc::permission_denied.
  gale::Error Check(const Request& r) const;

  // Handler passes the requests that Check lets pass on to another handler.
  std::shared_ptr<http::Handler> Handler(HandlerRef handler) const;

 private:
  struct State;
  class CheckedHandler;

  explicit CrossOriginProtection(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace gale::http

// StripPrefix, AllowQuerySemicolons, RedirectHandler and NotFoundHandler: handlers made of other handlers, or of
// nothing.
//
//   http::StripPrefix files("/static", file_server);       // sees "/a.css" for "/static/a.css"
//   mux.Handle("/static/", files);
//   http::RedirectHandler moved("https://example.com/", http::kStatusMovedPermanently);
//   mux.Handle("/old", moved);
//
// What they change in a request is as before again when they return.
#pragma once

#include <string>
#include <utility>

#include "gale/http/handler_ref.h"

namespace gale::http {

// StripPrefix passes requests on with the prefix taken off their URL's path, escaped and not, and answers 404 if the
// path does not start with it, or only in another escaping. Source: Go's net/http.StripPrefix.
class StripPrefix : public Handler {
 public:
  StripPrefix(std::string prefix, HandlerRef handler) : prefix_(std::move(prefix)), handler_(std::move(handler)) {}
  void ServeHTTP(ResponseWriter& w, Request& r) override;

 private:
  const std::string prefix_;
  const HandlerRef handler_;
};

// AllowQuerySemicolons passes requests on with each ";" of the query replaced by "&": the old way, which proxies in
// front may not share. To be called before a form is parsed. Source: Go's net/http.AllowQuerySemicolons.
class AllowQuerySemicolons : public Handler {
 public:
  explicit AllowQuerySemicolons(HandlerRef handler) : handler_(std::move(handler)) {}
  void ServeHTTP(ResponseWriter& w, Request& r) override;

 private:
  const HandlerRef handler_;
};

// RedirectHandler answers every request with Redirect(w, r, url, status). Source: Go's net/http.RedirectHandler.
class RedirectHandler : public Handler {
 public:
  RedirectHandler(std::string url, int status) : url_(std::move(url)), status_(status) {}
  void ServeHTTP(ResponseWriter& w, Request& r) override;

 private:
  const std::string url_;
  const int status_;
};

// NotFoundHandler answers every request with NotFound(w, r). Source: Go's net/http.NotFoundHandler.
class NotFoundHandler : public Handler {
 public:
  void ServeHTTP(ResponseWriter& w, Request& r) override;
};

}  // namespace gale::http

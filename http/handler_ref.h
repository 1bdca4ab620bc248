// HandlerRef: how a Handler that passes requests on holds the next one.
//
//   http::StripPrefix files("/static/", file_server);                          // refers to it: it must live longer
//   mux.Handle("/static/", std::make_shared<http::StripPrefix>("/static", std::make_shared<Files>()));   // shares it
#pragma once

#include <memory>
#include <utility>

#include "gale/http/handler.h"

namespace gale::http {

// HandlerRef is a value; copies refer to the same Handler.
class HandlerRef {
 public:
  HandlerRef(Handler& handler) : handler_(std::shared_ptr<Handler>(), &handler) {}
  template <typename T>
  HandlerRef(std::shared_ptr<T> handler) : handler_(std::move(handler)) {}

  void ServeHTTP(ResponseWriter& w, Request& r) const { handler_->ServeHTTP(w, r); }
  Handler& operator*() const { return *handler_; }

 private:
  std::shared_ptr<Handler> handler_;
};

}  // namespace gale::http

// HandlerRef: how whoever passes requests on holds the next Handler, and in what forms it takes one.
//
//   http::StripPrefix files("/static", file_server);                    // refers to it: it must live longer
//   mux.Handle("/a/", std::make_shared<Files>());                       // shares it
//   mux.Handle("/b/", http::StripPrefix("/b", http::FileServer("b")));  // owns it: a temporary is moved in
//
// So a function that wraps handlers takes a HandlerRef and returns an object, and calls of such functions nest:
//
//   http::HandlerFunc Logging(http::HandlerRef next) {
//     return http::HandlerFunc([next](http::ResponseWriter& w, http::Request& r) {
//       std::printf("%s\n", std::string(r.RequestURI()).c_str());
//       next.ServeHTTP(w, r);
//     });
//   }
//   http::ListenAndServe(":8080", Logging(http::MaxBytesHandler(mux, 1 << 20)));
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "gale/http/handler.h"
#include "gale/http/internal/function_handler.h"

namespace gale::http {

namespace internal {

template <typename T>
concept TemporaryHandler = std::derived_from<T, Handler> && !std::is_const_v<T>;

// A function that is no Handler itself, and nothing that a HandlerRef is made from otherwise.
template <typename T>
concept HandlerFunction = !std::derived_from<std::remove_cvref_t<T>, Handler> &&
                          std::is_invocable_v<std::decay_t<T>&, ResponseWriter&, Request&>;

}  // namespace internal

// HandlerRef is a value; copies refer to the same Handler. A default-constructed one refers to none.
class HandlerRef {
 public:
  HandlerRef() = default;
  // Not owned: the handler must live longer.
  HandlerRef(Handler& handler) : handler_(std::shared_ptr<Handler>(), &handler) {}
  HandlerRef(Handler* handler) : handler_(std::shared_ptr<Handler>(), handler) {}
  // Shared.
  template <std::derived_from<Handler> T>
  HandlerRef(std::shared_ptr<T> handler) : handler_(std::move(handler)) {}
  // Owned, with all copies of this HandlerRef.
  template <internal::TemporaryHandler T>
  HandlerRef(T&& handler) {
    static_assert(std::move_constructible<T>,
                  "This handler cannot be moved: name it, and let it outlive the server, or use std::make_shared");
    if constexpr (std::move_constructible<T>) handler_ = std::make_shared<T>(std::move(handler));
  }
  template <internal::HandlerFunction Function>
  HandlerRef(Function&& function)
      : handler_(internal::MakeFunctionHandler<std::decay_t<Function>>(std::forward<Function>(function))) {}

  void ServeHTTP(ResponseWriter& w, Request& r) const { handler_->ServeHTTP(w, r); }
  Handler& operator*() const { return *handler_; }

  explicit operator bool() const { return handler_ != nullptr; }
  friend bool operator==(const HandlerRef& handler, std::nullptr_t) { return handler.handler_ == nullptr; }
  const std::shared_ptr<Handler>& Shared() const { return handler_; }

 private:
  std::shared_ptr<Handler> handler_;
};

}  // namespace gale::http

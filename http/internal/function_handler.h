// FunctionHandler: a callable as a Handler.
#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "gale/http/handler.h"

namespace gale::http::internal {

// FunctionHandler makes a Handler of a callable, also of one that can only be moved.
template <typename Function>
class FunctionHandler final : public Handler {
 public:
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  void ServeHTTP(ResponseWriter& w, Request& r) override { std::invoke(function_, w, r); }

 private:
  Function function_;
};

// MakeFunctionHandler returns null for a null pointer and for an empty std::function.
template <typename Function>
std::shared_ptr<Handler> MakeFunctionHandler(Function function) {
  if constexpr (std::is_pointer_v<Function>) {
    if (function == nullptr) return nullptr;
  } else if constexpr (requires { function.operator bool(); }) {
    if (!function) return nullptr;
  }
  return std::make_shared<FunctionHandler<Function>>(std::move(function));
}

}  // namespace gale::http::internal

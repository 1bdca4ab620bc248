// DefaultServeMux: the ServeMux that ListenAndServe uses where it is given no handler.
//
//   http::HandleFunc("/hello", Hello);
//   http::ListenAndServe(":8080");
//
// It is one for the whole process: any library can register on it, so a program that faces the outside makes its own.
#pragma once

#include <source_location>
#include <string_view>
#include <utility>

#include "gale/http/serve_mux.h"

namespace gale::http {

// DefaultServeMux is made at the first call and never destroyed: goroutines may still serve while the process ends.
ServeMux& DefaultServeMux();

// Handle and HandleFunc register on DefaultServeMux; see ServeMux::Handle and ServeMux::HandleFunc.
void Handle(std::string_view pattern, HandlerRef handler,
            std::source_location location = std::source_location::current());

template <typename Function>
void HandleFunc(std::string_view pattern, Function&& function,
                std::source_location location = std::source_location::current()) {
  DefaultServeMux().HandleFunc(pattern, std::forward<Function>(function), location);
}

}  // namespace gale::http

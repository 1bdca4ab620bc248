// ServeMux: picks the handler for a request by the patterns that were registered.
//
//   http::ServeMux mux;
//   mux.HandleFunc("GET /items/{id}", [](http::ResponseWriter& w, http::Request& r) {
//     gale::Fprintf(w, "item %s\n", r.PathValue("id"));
//   });
//   mux.Handle("/static/", files);           // everything below /static/
//   mux.HandleFunc("/{$}", Home);            // "/" alone; "/" would be everything
//   mux.HandleFunc("example.com/", Example); // one host; wins over patterns without a host
//
// A pattern is "[METHOD ][HOST]/[PATH]". Without a method it matches all; GET also matches HEAD. {name} is one
// segment of the path, {name...} at the end is all that follows, a trailing slash is the same without a name, {$} at
// the end is the place behind a trailing slash. The more specific of two patterns wins, in whatever order they were
// registered; two patterns of which neither is more specific cannot both be registered.
//
// A request whose path is not clean ("//", ".", "..") is redirected (307) to the clean path, and one for /tree to
// /tree/ if only that is registered. Matching works on the segments of the path as it was sent: %2F is part of a
// segment, and never a separator.
#pragma once

#include <concepts>
#include <memory>
#include <mutex>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

#include "gale/http/handler.h"
#include "gale/http/handler_ref.h"

namespace gale::http {

namespace internal {
class RoutingTree;
}  // namespace internal

// RoutedHandler is what ServeMux::Handler found.
struct RoutedHandler {
  std::shared_ptr<Handler> handler;  // never null
  std::string_view pattern;          // "" if none matched; valid as long as the mux
};

// ServeMux is a Handler, so that one mux can serve a part of another. All functions may be called from any number of
// threads and goroutines at once, registration too: a request sees each pattern once its registration has returned.
// No lock is held while a handler runs, and finding it takes none. Patterns are never removed.
// Source: Go 1.22's net/http.ServeMux; redirects are 307, as since Go 1.26.
class ServeMux : public Handler {
 public:
  ServeMux();
  ~ServeMux() override;
  ServeMux(const ServeMux&) = delete;
  ServeMux& operator=(const ServeMux&) = delete;

  // Handle registers a handler: a named one, which must live as long as the mux serves, a shared one, or a temporary,
  // which is moved. Throws gale::Panic if the pattern is empty or malformed, the handler is null, or the pattern
  // conflicts with another. The location is for that last message.
  void Handle(std::string_view pattern, HandlerRef handler,
              std::source_location location = std::source_location::current());

  // HandleFunc registers a callable, which is called from many goroutines at once.
  template <typename Function>
  void HandleFunc(std::string_view pattern, Function&& function,
                  std::source_location location = std::source_location::current()) {
    constexpr bool kIsHandler = std::invocable<std::decay_t<Function>&, ResponseWriter&, Request&>;
    static_assert(kIsHandler, "A handler's parameters are (http::ResponseWriter& w, http::Request& r)");
    if constexpr (kIsHandler) Handle(pattern, HandlerRef(std::forward<Function>(function)), location);
  }

  // ServeHTTP passes the request to the handler of the most specific matching pattern, with Request::Pattern and
  // PathValue set. Path values that were set before, by middleware or an outer mux, stay unless the pattern has the
  // same name. Answers itself with 404, 405 (and Allow), 307, or 400 for the target "*".
  void ServeHTTP(ResponseWriter& w, Request& r) override;

  // Handler tells who would answer the request, and for which pattern; the mux's own answers come as handlers too.
  // The request is not changed.
  RoutedHandler Handler(const Request& r) const;

 private:
  std::mutex registration_;  // taken by Handle only
  std::unique_ptr<internal::RoutingTree> tree_;
};

}  // namespace gale::http

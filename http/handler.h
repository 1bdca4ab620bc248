// Handler: the one interface that everything which answers a request implements.
//
// A function of the right shape is a Handler through HandlerFunc; ServeMux is a Handler that picks another one:
//
//   http::HandlerFunc hello([](http::ResponseWriter& w, http::Request& r) { gale::Fprintln(w, "hello"); });
//   http::ListenAndServe(":8080", hello);
#pragma once

#include <functional>
#include <utility>

namespace gale::http {

class Request;
class ResponseWriter;

// Handler answers requests. ServeHTTP is called from many goroutines at once, one per request; it may block, and
// it may throw (the server answers 500 or cuts the connection, logs that and lives on; see also abort_handler.h).
// The writer and the request are valid until it returns.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void ServeHTTP(ResponseWriter& w, Request& r) = 0;
};

// HandlerFunc makes a Handler of a function. The function is called from many goroutines at once.
class HandlerFunc : public Handler {
 public:
  using Function = std::function<void(ResponseWriter&, Request&)>;
  explicit HandlerFunc(Function function) : function_(std::move(function)) {}
  void ServeHTTP(ResponseWriter& w, Request& r) override { function_(w, r); }

 private:
  Function function_;
};

}  // namespace gale::http

// ResponseWriter: where a handler puts its answer.
//
//   void Handler(http::ResponseWriter& w, http::Request& r) {
//     w.Header().Set("Content-Type", "application/json");
//     w.WriteHeader(http::kStatusCreated);          // optional: the first Write implies 200
//     gale::Fprintln(w, R"({"id": 7})");
//   }
#pragma once

#include <string>
#include <string_view>

#include "gale/http/header.h"
#include "gale/net/io.h"

namespace gale::http {

class Request;

// ResponseWriter builds one response. Valid until the handler returns; for one goroutine at a time.
// Source: Go's net/http.ResponseWriter.
class ResponseWriter : public Writer {
 public:
  // Header is what WriteHeader will send. Changing it after WriteHeader (or the first Write) has no effect.
  virtual http::Header& Header() = 0;

  // WriteHeader sends the status and the headers; once. A second call is logged and ignored. A status outside
  // 100..999 throws gale::Panic.
  virtual void WriteHeader(int status) = 0;

  // Write sends data as part of the body, after WriteHeader(200) if no status was sent yet. A body of up to
  // 2 KiB gets a Content-Length by itself, a longer one is chunked (HTTP/1.1) or ends with the connection
  // (HTTP/1.0). Fails where the status or method allows no body, and where more is written than the handler's
  // own Content-Length says.
  std::expected<std::size_t, gale::Error> Write(std::string_view data) override = 0;
};

// Error answers with a plain-text message and a newline, as Go's http.Error: Content-Length is dropped,
// Content-Type is "text/plain; charset=utf-8" and X-Content-Type-Options is "nosniff".
void Error(ResponseWriter& w, std::string_view message, int status);

// NotFound answers 404 with "404 page not found".
void NotFound(ResponseWriter& w, Request& r);

// Redirect answers with a redirection to url, which may be relative to the request's path. GET and HEAD also get
// a Content-Type, GET a short HTML note, unless the handler set a Content-Type. Non-ASCII bytes of url are
// percent-encoded. The status should be 3xx.
void Redirect(ResponseWriter& w, Request& r, std::string_view url, int status);

}  // namespace gale::http

// ResponseWriter: where a handler puts its answer.
//
//   void Handler(http::ResponseWriter& w, http::Request& r) {
//     w.Header().Set("Content-Type", "application/json");
//     w.WriteHeader(http::kStatusCreated);          // optional: the first Write implies 200
//     gale::Fprintln(w, R"({"id": 7})");
//   }
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "gale/http/header.h"
#include "gale/http/internal/trailer_names.h"
#include "gale/net/conn.h"
#include "gale/net/io.h"

namespace gale::http {

class Request;

// A field with this prefix to its name is sent behind the body, without it: w.Header().Set(std::string(kTrailerPrefix)
// + "Digest", value) at any time before the handler returns. Whoever knows the names beforehand announces them in a
// field "Trailer", and sets them after the body. Source: Go's net/http.TrailerPrefix.
inline constexpr std::string_view kTrailerPrefix = internal::kTrailerPrefix;

// Hijacked is a connection that a handler has taken over from the server: it has no deadlines, and whoever has it
// closes it.
struct Hijacked {
  std::shared_ptr<net::Conn> conn;
  std::string received;  // what the client has sent already, and nobody has read
};

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

  // What follows is what not every ResponseWriter can do. One that wraps another returns it from Unwrap, and then can
  // do what that can; else they fail with std::errc::not_supported. Source: Go's net/http.ResponseController.
  virtual ResponseWriter* Unwrap() { return nullptr; }

  // Flush sends what was written so far, with the head if that is still to be sent. A body that was not announced by
  // Content-Length is chunked then, however small.
  virtual gale::Error Flush();

  // Hijack takes the connection away from the server, which sends what was written and then knows it no more; the body
  // of the request can no longer be read, and every write fails. Not for HTTP/2.
  virtual std::expected<Hijacked, gale::Error> Hijack();

  // The deadlines are for reading the rest of this request's body, and for sending the rest of the response. They
  // replace the server's timeouts until the response ends; a default one means none.
  using TimePoint = std::chrono::steady_clock::time_point;
  virtual gale::Error SetReadDeadline(TimePoint deadline);
  virtual gale::Error SetWriteDeadline(TimePoint deadline);

  // EnableFullDuplex allows to read the body after the response has begun. Gale's server always does.
  virtual gale::Error EnableFullDuplex();

  // SendFile writes `count` bytes of an open file from `offset` on, as Write would; where it can, the kernel sends them
  // without copying. Returns how many, which are fewer if the file ends. The file's own position is not touched.
  virtual std::expected<std::int64_t, gale::Error> SendFile(int file, std::int64_t offset, std::int64_t count);
};

// ResponseController is Go's way to the optional parts of a ResponseWriter.
class ResponseController {
 public:
  explicit ResponseController(ResponseWriter& w) : w_(w) {}
  gale::Error Flush() { return w_.Flush(); }
  std::expected<Hijacked, gale::Error> Hijack() { return w_.Hijack(); }
  gale::Error SetReadDeadline(ResponseWriter::TimePoint deadline) { return w_.SetReadDeadline(deadline); }
  gale::Error SetWriteDeadline(ResponseWriter::TimePoint deadline) { return w_.SetWriteDeadline(deadline); }
  gale::Error EnableFullDuplex() { return w_.EnableFullDuplex(); }

 private:
  ResponseWriter& w_;
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

// MaxBytesReader and MaxBytesHandler: how much of a request's body a handler is willing to read.
//
//   void Upload(http::ResponseWriter& w, http::Request& r) {
//     http::MaxBytesReader body(w, r.Body(), 1 << 20);
//     auto text = gale::ReadAll(body);
//     if (!text) return http::Error(w, text.error().Message(), http::StatusForBodyError(text.error()));   // 413
//     ...
//
// or, for all that a handler reads, forms and uploads too:
//
//   http::MaxBytesHandler limited(mux, 1 << 20);
//
// ServerOptions::max_body_bytes is the same for a whole server, and refuses what announces too much before any handler
// sees it.
#pragma once

#include <cstdint>

#include "gale/http/handler_ref.h"
#include "gale/net/io.h"

namespace gale::http {

class ResponseWriter;

// MaxBytesReader passes on `limit` bytes. Where there are more, Read fails with MessageErrc::kBodyTooLarge (which
// equals std::errc::message_size), now and at each later call, and the response gets "Connection: close", if its header
// is not yet written, for the rest of the body is not worth reading. One goroutine at a time. Source: Go's
// net/http.MaxBytesReader.
class MaxBytesReader : public Reader {
 public:
  // w and reader must outlive it. A negative limit is 0.
  MaxBytesReader(ResponseWriter& w, Reader& reader, std::int64_t limit);

  std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override;

 private:
  std::expected<std::size_t, gale::Error> Exceeded();

  ResponseWriter& w_;
  Reader& reader_;
  std::int64_t remaining_;
  gale::Error error_;  // what every Read from now on reports
};

// MaxBytesHandler has another handler see its requests with their bodies behind a MaxBytesReader.
// Source: Go's net/http.MaxBytesHandler.
class MaxBytesHandler : public Handler {
 public:
  MaxBytesHandler(HandlerRef handler, std::int64_t limit);
  void ServeHTTP(ResponseWriter& w, Request& r) override;

 private:
  HandlerRef handler_;
  std::int64_t limit_;
};

}  // namespace gale::http

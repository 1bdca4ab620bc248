// What the server of the wire cases does with a request, and its limits.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/server.h"
#include "gale/http/status.h"
#include "gale/net/io.h"
#include "gale/runtime/time.h"
#include "gale/tests/conformance/web_socket.h"

namespace gale::http::testing {

inline ServerOptions ConformanceOptions() {
  using namespace std::chrono_literals;
  ServerOptions options;
  options.read_header_timeout = 2s;
  options.body_idle_timeout = 2s;
  options.min_body_rate = 0;
  options.idle_timeout = 2s;
  options.max_request_line = 8192;
  options.max_header_bytes = 16 * 1024;
  options.max_body_bytes = 1 << 20;
  return options;
}

// MethodIsServed answers methods other than those that a plain resource has, and returns false then. Which methods
// there are is the handler's business: the server passes every token. One that nobody knows may well be the rest of
// a body that somebody in front of the server understood differently: it ends the connection.
inline bool MethodIsServed(ResponseWriter& w, Request& r) {
  constexpr std::array<std::string_view, 7> kServed = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
  for (std::string_view method : kServed) {
    if (r.Method() == method) return true;
  }
  if (r.Method() == "TRACE" || r.Method() == "CONNECT") {
    w.Header().Set("Allow", "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS");
    Error(w, StatusText(kStatusMethodNotAllowed), kStatusMethodNotAllowed);
  } else {
    w.Header().Set("Connection", "close");
    Error(w, "unknown method", kStatusBadRequest);
  }
  return false;
}

// EchoBody answers with the request's body, or says what is wrong with it.
inline void EchoBody(ResponseWriter& w, Request& r) {
  const auto body = gale::ReadAll(r.Body());
  if (body) {
    w.Header().Set("Content-Type", "application/octet-stream");
    // Of an empty body, too, in the answer to HEAD.
    w.Header().Set("Content-Length", std::to_string(body->size()));
    (void)w.Write(*body);
    return;
  }
  int status = kStatusBadRequest;
  if (body.error() == std::errc::message_size) status = kStatusRequestEntityTooLarge;
  if (body.error() == Errc::kTimeout) status = kStatusRequestTimeout;
  Error(w, body.error().Message(), status);
}

inline void ServeConformance(ResponseWriter& w, Request& r) {
  w.Header().Set("X-Request-URI", r.RequestURI());
  w.Header().Set("X-Authority", r.Host());
  if (!MethodIsServed(w, r)) return;
  if (r.URL().Path() == "/slow") gale::Sleep(std::chrono::milliseconds(300));
  if (r.URL().Path() == "/ws") return ServeWebSocket(w, r);
  EchoBody(w, r);
}

}  // namespace gale::http::testing

// AbortHandler: the exception by which a handler gives up its response, and nobody is told but the client.
//
//   if (!upstream.Copy(w)) throw http::AbortHandler();   // half of it has been sent
//
// Any other exception does the same, but is logged, and the client gets a 500 if it has got nothing yet.
#pragma once

#include <exception>

namespace gale::http {

// AbortHandler, thrown by a handler, closes the connection: what was flushed has been sent, what follows is missing.
// Answers to earlier requests are complete. Source: Go's net/http.ErrAbortHandler.
class AbortHandler : public std::exception {
 public:
  const char* what() const noexcept override { return "net/http: abort Handler"; }
};

}  // namespace gale::http

// What a parser of HTTP/1 syntax comes to.
#pragma once

#include <cstdint>
#include <string_view>

namespace gale::http::internal {

enum class ParseState : std::uint8_t {
  kIncomplete,  // everything so far is valid, more bytes are needed
  kComplete,
  kError,
};

// ParseError is the answer that a malformed message gets before the connection is closed. With a text, Go's server
// puts it behind the reason phrase in the status line and in the body: "400 Bad Request: missing required Host
// header"; for 501 it is the body. Small enough to be returned in registers; the text is a literal.
struct ParseError {
  int status = 0;
  const char* text = "";

  explicit operator bool() const { return status != 0; }
  std::string_view Text() const { return text; }
};

}  // namespace gale::http::internal

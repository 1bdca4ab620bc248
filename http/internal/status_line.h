// Status lines, the common ones ready to be copied.
#pragma once

#include <string>

#include "gale/http/internal/output_buffer.h"
#include "gale/http/status.h"

namespace gale::http::internal {

// AppendStatusLine appends "HTTP/1.1 200 OK\r\n". The version is the request's: 1.0 gets 1.0, all others 1.1. A
// status without a registered text gets "status code N", as in Go.
inline void AppendStatusLine(OutputBuffer& out, int minor_version, int status) {
  if (status == kStatusOK && minor_version >= 1) return out.Append("HTTP/1.1 200 OK\r\n");
  out.Append(minor_version == 0 ? "HTTP/1.0 " : "HTTP/1.1 ");
  std::string_view text = StatusText(status);
  std::string code = std::to_string(status);
  out.Append(code);
  out.Append(' ');
  if (text.empty()) {
    out.Append("status code ");
    out.Append(code);
  } else {
    out.Append(text);
  }
  out.Append("\r\n");
}

}  // namespace gale::http::internal

#include "gale/http/internal/trailer_names.h"

#include <algorithm>

#include "gale/http/internal/ascii.h"

namespace gale::http::internal {
namespace {

constexpr std::string_view kForbidden[] = {
    // Framing and the connection.
    "Connection",
    "Content-Length",
    "HTTP2-Settings",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    // Routing, and what proxies say about it.
    "Forwarded",
    "Host",
    "Max-Forwards",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    // Modifiers of the request; conditions are told by their prefix.
    "Cache-Control",
    "Expect",
    "Pragma",
    "Range",
    // Authentication and state.
    "Authorization",
    "Cookie",
    "Origin",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Set-Cookie",
    "WWW-Authenticate",
    // Control data of responses.
    "Age",
    "Date",
    "Expires",
    "Location",
    "Retry-After",
    "Vary",
    // The format of the content.
    "Content-Encoding",
    "Content-Range",
    "Content-Type",
};

}  // namespace

bool IsTrailerName(std::string_view name) {
  if (EqualFold(name.substr(0, 3), "If-")) return false;
  return std::none_of(std::begin(kForbidden), std::end(kForbidden),
                      [name](std::string_view forbidden) { return EqualFold(name, forbidden); });
}

}  // namespace gale::http::internal

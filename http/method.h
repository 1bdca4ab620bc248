// The methods of HTTP, under Go's names.
//
//   if (r.Method() != http::kMethodPost) return http::Error(w, "POST it", http::kStatusMethodNotAllowed);
//
// Source: RFC 9110 section 9, RFC 5789 (PATCH); names as Go's net/http has them.
#pragma once

#include <string_view>

namespace gale::http {

inline constexpr std::string_view kMethodGet = "GET";
inline constexpr std::string_view kMethodHead = "HEAD";
inline constexpr std::string_view kMethodPost = "POST";
inline constexpr std::string_view kMethodPut = "PUT";
inline constexpr std::string_view kMethodPatch = "PATCH";
inline constexpr std::string_view kMethodDelete = "DELETE";
inline constexpr std::string_view kMethodConnect = "CONNECT";
inline constexpr std::string_view kMethodOptions = "OPTIONS";
inline constexpr std::string_view kMethodTrace = "TRACE";

}  // namespace gale::http

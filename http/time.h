// ParseTime and FormatTime: times as fields of a message have them.
//
//   w.Header().Set("Expires", http::FormatTime(gale::Now() + 24h));   // Sun, 06 Nov 1994 08:49:37 GMT
//   auto since = http::ParseTime(r.Header().Get("If-Modified-Since"));
//
// Source: RFC 9110 section 5.6.7; Go's net/http.ParseTime and TimeFormat.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gale::http {

// ParseTime reads each of the three forms in which a date may come. Empty if it is none of them.
std::optional<std::chrono::sys_seconds> ParseTime(std::string_view text);

// FormatTime writes the one form that is sent, in whole seconds.
std::string FormatTime(std::chrono::system_clock::time_point time);

}  // namespace gale::http

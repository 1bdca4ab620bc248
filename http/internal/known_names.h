// KnownName: the field names that responses mostly have, in their canonical spelling, as constants.
//
//   std::string_view name = KnownName("Content-Type");   // a constant; "" for a name that is not among them
//
// A handler that spells a name so, as nearly all do, needs no check of its bytes, no spelling and no copy of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gale::http::internal {

// In the order of their lengths.
inline constexpr std::array<std::string_view, 29> kKnownNames = {"Age",
                                                                 "Via",
                                                                 "Date",
                                                                 "Etag",
                                                                 "Link",
                                                                 "Vary",
                                                                 "Allow",
                                                                 "Server",
                                                                 "Expires",
                                                                 "Trailer",
                                                                 "Upgrade",
                                                                 "Location",
                                                                 "Connection",
                                                                 "Set-Cookie",
                                                                 "Retry-After",
                                                                 "Content-Type",
                                                                 "Accept-Ranges",
                                                                 "Cache-Control",
                                                                 "Content-Range",
                                                                 "Last-Modified",
                                                                 "Content-Length",
                                                                 "X-Frame-Options",
                                                                 "Content-Encoding",
                                                                 "Content-Language",
                                                                 "Www-Authenticate",
                                                                 "Transfer-Encoding",
                                                                 "Content-Disposition",
                                                                 "X-Content-Type-Options",
                                                                 "Strict-Transport-Security"};

// KnownNamesOfLength[n] is where the names of n bytes begin in kKnownNames; they end where those of n + 1 begin.
inline constexpr auto kKnownNamesOfLength = [] {
  std::array<std::uint8_t, 27> begins{};
  for (std::size_t length = 0; length < begins.size(); ++length) {
    std::size_t index = 0;
    while (index < kKnownNames.size() && kKnownNames[index].size() < length) ++index;
    begins[length] = static_cast<std::uint8_t>(index);
  }
  return begins;
}();

inline std::string_view KnownName(std::string_view name) {
  if (name.size() + 1 >= kKnownNamesOfLength.size()) return {};
  for (std::size_t i = kKnownNamesOfLength[name.size()]; i < kKnownNamesOfLength[name.size() + 1]; ++i) {
    if (kKnownNames[i] == name) return kKnownNames[i];
  }
  return {};
}

}  // namespace gale::http::internal

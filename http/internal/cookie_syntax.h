// The grammar of cookies: which bytes their parts may consist of, and how a value is unwrapped.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gale/http/internal/ascii.h"

namespace gale::http::internal {

// Wider than RFC 6265's cookie-octet by space and comma, which are common and which quotes make safe.
inline constexpr ByteSet kCookieValueBytes = ByteSet().AddRange(0x20, 0x7e).Remove("\";\\");
inline constexpr ByteSet kCookiePathBytes = ByteSet().AddRange(0x20, 0x7e).Remove(";");

// CookieValue is a value as it was received.
struct CookieValue {
  std::string_view text;
  bool quoted = false;
};

enum class CookieQuotes : bool { kKeep, kStrip };

// ParseCookieValue returns nothing if the value has a byte that it must not have.
inline std::optional<CookieValue> ParseCookieValue(std::string_view raw, CookieQuotes quotes) {
  CookieValue value{.text = raw};
  if (quotes == CookieQuotes::kStrip && raw.size() > 1 && raw.front() == '"' && raw.back() == '"') {
    value = {.text = raw.substr(1, raw.size() - 2), .quoted = true};
  }
  if (!kCookieValueBytes.HasAll(value.text)) return std::nullopt;
  return value;
}

// TakeCookiePart cuts the first part off a list that semicolons separate, and returns it without whitespace around it.
inline std::string_view TakeCookiePart(std::string_view& list) {
  const std::size_t end = list.find(';');
  const std::string_view part = TrimOws(list.substr(0, end));
  list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  return part;
}

// AppendCookieValue writes quotes around a value that wants or needs them.
void AppendCookieValue(std::string& out, std::string_view value, bool quoted);

// IsCookieDomain: a host name, which may start with a dot, or an IPv4 address.
bool IsCookieDomain(std::string_view domain);

}  // namespace gale::http::internal

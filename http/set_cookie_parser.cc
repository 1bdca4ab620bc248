// ParseSetCookie of cookie.h: the side of it that clients need.
#include <algorithm>
#include <charconv>

#include "gale/http/cookie.h"
#include "gale/http/internal/ascii.h"
#include "gale/http/internal/cookie_date.h"
#include "gale/http/internal/cookie_syntax.h"
#include "gale/http/internal/failure.h"

namespace gale::http {
namespace {

using internal::EqualFold;
using internal::Failure;

bool TakeMaxAge(std::string_view value, Cookie& cookie) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size() || (seconds != 0 && value.front() == '0'))
    return false;
  cookie.max_age = std::chrono::seconds(std::max<std::int64_t>(seconds, 0));
  return true;
}

bool TakeExpires(std::string_view value, Cookie& cookie) {
  cookie.raw_expires = value;
  cookie.expires = internal::ParseCookieDate(value);
  return cookie.expires.has_value();
}

// What browsers do not know they take for Lax, so it is not wrong.
bool TakeSameSite(std::string_view value, Cookie& cookie) {
  cookie.same_site = EqualFold(value, "lax")      ? SameSite::kLax
                     : EqualFold(value, "strict") ? SameSite::kStrict
                     : EqualFold(value, "none")   ? SameSite::kNone
                                                  : SameSite::kUnset;
  return true;
}

// Returns false for an attribute that is unknown or wrong.
bool TakeAttribute(std::string_view attribute, Cookie& cookie) {
  const std::size_t equals = std::min(attribute.find('='), attribute.size());
  const std::string_view name = attribute.substr(0, equals);
  const std::string_view value = attribute.substr(std::min(equals + 1, attribute.size()));
  if (!internal::ParseCookieValue(value, internal::CookieQuotes::kKeep)) return false;
  if (EqualFold(name, "path")) return cookie.path = value, true;
  if (EqualFold(name, "domain")) return cookie.domain = value, true;
  if (EqualFold(name, "secure")) return cookie.secure = true;
  if (EqualFold(name, "httponly")) return cookie.http_only = true;
  if (EqualFold(name, "partitioned")) return cookie.partitioned = true;
  if (EqualFold(name, "samesite")) return TakeSameSite(value, cookie);
  if (EqualFold(name, "max-age")) return TakeMaxAge(value, cookie);
  if (EqualFold(name, "expires")) return TakeExpires(value, cookie);
  return false;
}

}  // namespace

std::expected<Cookie, gale::Error> ParseSetCookie(std::string_view line) {
  std::string_view rest = internal::TrimOws(line);
  if (rest.empty()) return Failure(MessageErrc::kBlankCookie);
  const std::string_view pair = internal::TakeCookiePart(rest);
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return Failure(MessageErrc::kNoEqualsInCookie);
  const std::string_view name = internal::TrimOws(pair.substr(0, equals));
  if (!internal::IsToken(name)) return Failure(MessageErrc::kInvalidCookieName);
  const auto value = internal::ParseCookieValue(pair.substr(equals + 1), internal::CookieQuotes::kStrip);
  if (!value) return Failure(MessageErrc::kInvalidCookieValue);

  Cookie cookie{
      .name = std::string(name), .value = std::string(value->text), .quoted = value->quoted, .raw = std::string(line)};
  while (!rest.empty()) {
    const std::string_view attribute = internal::TakeCookiePart(rest);
    if (!attribute.empty() && !TakeAttribute(attribute, cookie)) cookie.unparsed.emplace_back(attribute);
  }
  return cookie;
}

}  // namespace gale::http

#include "gale/http/cookie.h"

#include <algorithm>

#include "gale/http/header.h"
#include "gale/http/internal/ascii.h"
#include "gale/http/internal/cookie_syntax.h"
#include "gale/http/internal/date.h"
#include "gale/http/internal/failure.h"
#include "gale/http/response_writer.h"
#include "gale/runtime/panic.h"

namespace gale::http {

using internal::EqualFold;
using internal::Failure;
using internal::Fault;

namespace internal {

namespace {

// A label of a host name: letters, digits, and hyphens that are not at its ends.
bool IsLabel(std::string_view label) {
  static constexpr ByteSet kBytes = ByteSet("-").AddRange('0', '9').AddRange('A', 'Z').AddRange('a', 'z');
  return !label.empty() && label.size() <= 63 && kBytes.HasAll(label) && label.front() != '-' && label.back() != '-';
}

}  // namespace

bool IsCookieDomain(std::string_view domain) {
  if (domain.empty() || domain.size() > 255) return false;
  if (domain.front() == '.') domain.remove_prefix(1);
  for (;;) {
    const std::size_t dot = domain.find('.');
    if (!IsLabel(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

void AppendCookieValue(std::string& out, std::string_view value, bool quoted) {
  const bool quotes = quoted || value.find_first_of(" ,") != std::string_view::npos;
  if (quotes) out += '"';
  out += value;
  if (quotes) out += '"';
}

}  // namespace internal

namespace {

bool HasPrefix(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && EqualFold(name.substr(0, prefix.size()), prefix);
}

// Browsers compare the prefixes without regard to case.
bool KeepsPrefix(const Cookie& cookie) {
  if (HasPrefix(cookie.name, "__Secure-")) return cookie.secure;
  if (HasPrefix(cookie.name, "__Host-")) return cookie.secure && cookie.path == "/" && cookie.domain.empty();
  return true;
}

bool IsPossibleExpires(std::chrono::sys_seconds time) {
  const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year();
  return year >= std::chrono::year(1601) && year <= std::chrono::year(9999);
}

void AppendExpires(std::string& out, std::chrono::sys_seconds time) {
  char date[internal::kDateLength];
  internal::FormatDate(time.time_since_epoch().count(), date);
  out.append("; Expires=").append(date, sizeof date);
}

void AppendMaxAge(std::string& out, std::chrono::seconds age) {
  const auto seconds = std::clamp(age, std::chrono::seconds::zero(), kMaxCookieAge).count();
  out.append("; Max-Age=").append(std::to_string(seconds));
}

void AppendSameSite(std::string& out, SameSite same_site) {
  switch (same_site) {
    case SameSite::kUnset: return;
    case SameSite::kLax: out += "; SameSite=Lax"; return;
    case SameSite::kStrict: out += "; SameSite=Strict"; return;
    case SameSite::kNone: out += "; SameSite=None"; return;
  }
}

// Visits name and value of each well-formed cookie until visit returns false.
template <typename Visit>
void ForEachCookie(const Header& header, Visit visit) {
  for (const auto& [field, line] : header) {
    if (!internal::TokenEquals(field, "cookie")) continue;
    for (std::string_view rest = line; !rest.empty();) {
      const std::string_view pair = internal::TakeCookiePart(rest);
      const std::size_t equals = std::min(pair.find('='), pair.size());
      const std::string_view name = internal::TrimOws(pair.substr(0, equals));
      if (!internal::IsToken(name)) continue;
      const auto value =
          internal::ParseCookieValue(pair.substr(std::min(equals + 1, pair.size())), internal::CookieQuotes::kStrip);
      if (value && !visit(name, *value)) return;
    }
  }
}

bool HasTooManyCookies(const Header& header) {
  std::size_t count = 0;
  for (const auto& [field, line] : header) {
    if (!internal::TokenEquals(field, "cookie")) continue;
    count += 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), ';'));
  }
  return count > kMaxCookies;
}

Cookie MakeCookie(std::string_view name, const internal::CookieValue& value) {
  return {.name = std::string(name), .value = std::string(value.text), .quoted = value.quoted};
}

}  // namespace

gale::Error Cookie::Valid() const {
  if (!internal::IsToken(name)) return Fault(MessageErrc::kCookieName);
  if (!internal::kCookieValueBytes.HasAll(value)) return Fault(MessageErrc::kCookieValue);
  if (!internal::kCookiePathBytes.HasAll(path)) return Fault(MessageErrc::kCookiePath);
  if (!domain.empty() && !internal::IsCookieDomain(domain)) return Fault(MessageErrc::kCookieDomain);
  if (expires && !IsPossibleExpires(*expires)) return Fault(MessageErrc::kCookieExpires);
  if (partitioned && !secure) return Fault(MessageErrc::kCookiePartitioned);
  if (same_site == SameSite::kNone && !secure) return Fault(MessageErrc::kCookieSameSite);
  if (!KeepsPrefix(*this)) return Fault(MessageErrc::kCookiePrefix);
  if (name.size() + value.size() > kMaxCookieBytes || path.size() > kMaxCookieAttributeBytes) {
    return Fault(MessageErrc::kCookieTooLarge);
  }
  return {};
}

std::string Cookie::String() const {
  if (Valid()) return {};
  std::string out = name + '=';
  internal::AppendCookieValue(out, value, quoted);
  if (!path.empty()) out.append("; Path=").append(path);
  if (!domain.empty()) out.append("; Domain=").append(domain, domain.front() == '.' ? 1 : 0);
  if (expires) AppendExpires(out, *expires);
  if (max_age) AppendMaxAge(out, *max_age);
  if (http_only) out += "; HttpOnly";
  if (secure) out += "; Secure";
  AppendSameSite(out, same_site);
  if (partitioned) out += "; Partitioned";
  return out;
}

void SetCookie(ResponseWriter& w, const Cookie& cookie) {
  if (gale::Error error = cookie.Valid()) throw Panic(error.Message());
  w.Header().Add("Set-Cookie", cookie.String());
}

std::expected<std::vector<Cookie>, gale::Error> ParseCookie(std::string_view line) {
  std::string_view rest = internal::TrimOws(line);
  if (rest.empty()) return Failure(MessageErrc::kBlankCookie);
  const auto parts = 1 + static_cast<std::size_t>(std::count(rest.begin(), rest.end(), ';'));
  if (parts > kMaxCookies) return Failure(MessageErrc::kTooManyCookies);
  std::vector<Cookie> cookies;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::string_view pair = internal::TakeCookiePart(rest);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return Failure(MessageErrc::kNoEqualsInCookie);
    const std::string_view name = pair.substr(0, equals);
    if (!internal::IsToken(name)) return Failure(MessageErrc::kInvalidCookieName);
    const auto value = internal::ParseCookieValue(pair.substr(equals + 1), internal::CookieQuotes::kStrip);
    if (!value) return Failure(MessageErrc::kInvalidCookieValue);
    cookies.push_back(MakeCookie(name, *value));
  }
  return cookies;
}

std::vector<Cookie> CookiesOf(const Header& header) {
  std::vector<Cookie> cookies;
  if (HasTooManyCookies(header)) return cookies;
  ForEachCookie(header, [&](std::string_view name, const internal::CookieValue& value) {
    cookies.push_back(MakeCookie(name, value));
    return true;
  });
  return cookies;
}

std::optional<Cookie> CookieNamed(const Header& header, std::string_view name) {
  std::optional<Cookie> found;
  if (HasTooManyCookies(header)) return found;
  ForEachCookie(header, [&](std::string_view candidate, const internal::CookieValue& value) {
    if (candidate == name) found = MakeCookie(candidate, value);
    return !found;
  });
  return found;
}

}  // namespace gale::http

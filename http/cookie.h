// Cookie: what a server lets a browser keep and gets back with every request.
//
//   http::SetCookie(w, {.name = "__Host-session", .value = id, .path = "/", .max_age = 24h,
//                       .secure = true, .http_only = true, .same_site = http::SameSite::kLax});
//   ...
//   if (auto session = r.Cookie("__Host-session")) Use(session->value);
//
// Source: Go's net/http.Cookie; RFC 6265bis (draft-ietf-httpbis-rfc6265bis) for what has come since: the prefixes
// __Host- and __Secure-, SameSite, the limits. Partitioned is CHIPS.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gale/http/message_errc.h"
#include "gale/runtime/error.h"

namespace gale::http {

class Header;
class ResponseWriter;

// SameSite tells with which requests of other sites the browser sends the cookie.
enum class SameSite {
  kUnset,  // the attribute is not written; browsers then do as with kLax
  kLax,    // with top-level navigations
  kStrict,
  kNone,  // with all; demands secure
};

// The most cookies that one parsing accepts, of all fields together.
inline constexpr std::size_t kMaxCookies = 3000;
// What browsers keep: a name with its value, an attribute's value (bytes), the longest life.
inline constexpr std::size_t kMaxCookieBytes = 4096;
inline constexpr std::size_t kMaxCookieAttributeBytes = 1024;
inline constexpr std::chrono::seconds kMaxCookieAge = std::chrono::days(400);

// Cookie is a value. Those of a request have a name and a value only.
struct Cookie {
  std::string name = {};
  std::string value = {};  // without quotes
  bool quoted = false;     // the value was, or shall be, between double quotes

  std::string path = {};
  std::string domain = {};  // a leading dot is not written
  std::optional<std::chrono::sys_seconds> expires = {};
  std::string raw_expires = {};  // as received
  // Unset: until the browser ends. Zero or negative: the browser shall delete the cookie now.
  std::optional<std::chrono::seconds> max_age = {};
  bool secure = false;
  bool http_only = false;
  SameSite same_site = SameSite::kUnset;
  bool partitioned = false;  // demands secure

  std::string raw = {};                    // the whole Set-Cookie field that was parsed
  std::vector<std::string> unparsed = {};  // attributes that nobody knows or that are wrong

  // Valid is no error if browsers take the cookie, else why they would not: a name that is no token, a control
  // character, quote, semicolon or backslash in the value, a domain that is none, a year before 1601, more than
  // kMaxCookieBytes, a __Host- or __Secure- cookie without what the prefix promises, SameSite=None or Partitioned
  // without secure.
  gale::Error Valid() const;

  // String is the Set-Cookie field of a valid cookie: "a=b; Path=/; Max-Age=60". A value with a space or a comma
  // gets quotes; max_age is cut at kMaxCookieAge. "" if the cookie is not valid.
  std::string String() const;
};

// SetCookie adds a Set-Cookie field to the response's header. Throws gale::Panic if the cookie is not valid, as setting
// any header field that is not does: what comes from users has to be encoded first.
void SetCookie(ResponseWriter& w, const Cookie& cookie);

// ParseCookie reads a Cookie field, "a=b; c=d". One malformed cookie makes it fail; Request::Cookies is the lenient
// way.
std::expected<std::vector<Cookie>, gale::Error> ParseCookie(std::string_view line);

// ParseSetCookie reads a Set-Cookie field. Attributes that are unknown or wrong are in `unparsed`.
std::expected<Cookie, gale::Error> ParseSetCookie(std::string_view line);

// CookiesOf reads all Cookie fields of a request's header, as Request::Cookies does; CookieNamed the first of a name.
// Malformed ones are skipped. Empty if there are more than kMaxCookies.
std::vector<Cookie> CookiesOf(const Header& header);
std::optional<Cookie> CookieNamed(const Header& header, std::string_view name);

}  // namespace gale::http

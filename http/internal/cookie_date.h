// ParseCookieDate: the Expires attribute, which servers have written in every form there is.
//
//   ParseCookieDate("Wed, 21 Oct 2015 07:28:00 GMT")
//   ParseCookieDate("Wednesday, 21-Oct-15 07:28:00 GMT")
//
// Source: RFC 6265bis section 5.1.1, which looks for a time, a day, a month and a year in any order and ignores the
// rest.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace gale::http::internal {

// ParseCookieDate returns nothing where one of the four is missing or impossible, and for years before 1601.
std::optional<std::chrono::sys_seconds> ParseCookieDate(std::string_view text);

}  // namespace gale::http::internal

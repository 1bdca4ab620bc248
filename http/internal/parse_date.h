// ParseDate: a date in a field of a request, in the three forms that RFC 9110 section 5.6.7 has recipients accept.
//
//   ParseDate("Sun, 06 Nov 1994 08:49:37 GMT")    // what senders should write; FormatDate does
//   ParseDate("Sunday, 06-Nov-94 08:49:37 GMT")   // RFC 850
//   ParseDate("Sun Nov  6 08:49:37 1994")         // asctime
//
// Cookies, whose dates come in every form there is, have a reader of their own.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace gale::http::internal {

// ParseDate returns nothing for what is no date in one of the forms. Years of two digits are 1969 to 2068, as Go reads
// them. The day of the week has to be one, but not the right one.
std::optional<std::chrono::sys_seconds> ParseDate(std::string_view text);

}  // namespace gale::http::internal

// The names of the months in dates: their first three letters, in English.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "gale/http/internal/ascii.h"

namespace gale::http::internal {

inline constexpr std::string_view kMonthNames = "JanFebMarAprMayJunJulAugSepOctNovDec";

// MonthName is "Jan" for 1, and so on to 12.
constexpr std::string_view MonthName(unsigned month) { return kMonthNames.substr(std::size_t{3} * (month - 1), 3); }

// MonthNumber is 1 to 12 for a text that begins with the month's name, in any case; else nothing.
constexpr std::optional<unsigned> MonthNumber(std::string_view text) {
  for (unsigned month = 1; month <= 12; ++month) {
    if (EqualFold(text.substr(0, 3), MonthName(month))) return month;
  }
  return std::nullopt;
}

}  // namespace gale::http::internal

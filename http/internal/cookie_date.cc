#include "gale/http/internal/cookie_date.h"

#include <cstddef>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/month_names.h"

namespace gale::http::internal {
namespace {

constexpr ByteSet kDelimiters =
    ByteSet("\t").AddRange(0x20, 0x2f).AddRange(0x3b, 0x40).AddRange(0x5b, 0x60).AddRange(0x7b, 0x7e);

// Number takes min to max digits off the front of text. Nothing if there are fewer, or more follow.
std::optional<unsigned> Number(std::string_view& text, std::size_t min, std::size_t max) {
  std::size_t count = 0;
  unsigned value = 0;
  while (count < text.size() && kDigits.Has(text[count])) {
    if (count == max) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[count] - '0');
    ++count;
  }
  if (count < min) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

struct Parts {
  std::optional<std::chrono::seconds> time;
  std::optional<unsigned> day;
  std::optional<unsigned> month;
  std::optional<unsigned> year;
};

// hh:mm:ss; what follows it in its token does not matter.
std::optional<std::chrono::seconds> Time(std::string_view token) {
  unsigned values[3];
  for (int i = 0; i < 3; ++i) {
    if (i > 0) {
      if (!token.starts_with(':')) return std::nullopt;
      token.remove_prefix(1);
    }
    const std::optional<unsigned> value = Number(token, 1, 2);
    if (!value) return std::nullopt;
    values[i] = *value;
  }
  if (values[0] > 23 || values[1] > 59 || values[2] > 59) return std::nullopt;
  return std::chrono::seconds(values[0] * 3600 + values[1] * 60 + values[2]);
}

std::optional<unsigned> Year(std::string_view token) {
  const std::optional<unsigned> year = Number(token, 2, 4);
  if (!year || *year >= 100) return year;
  return *year + (*year >= 70 ? 1900 : 2000);
}

// Each token is the first of the four that is still missing and that it can be.
void Take(std::string_view token, Parts& parts) {
  if (!parts.time && (parts.time = Time(token))) return;
  std::string_view rest = token;
  if (!parts.day && (parts.day = Number(rest, 1, 2))) return;
  if (!parts.month && (parts.month = MonthNumber(token))) return;
  if (!parts.year) parts.year = Year(token);
}

}  // namespace

std::optional<std::chrono::sys_seconds> ParseCookieDate(std::string_view text) {
  Parts parts;
  while (!text.empty()) {
    std::size_t end = 0;
    while (end < text.size() && !kDelimiters.Has(text[end])) ++end;
    if (end > 0) Take(text.substr(0, end), parts);
    text.remove_prefix(end == text.size() ? end : end + 1);
  }
  if (!parts.time || !parts.day || !parts.month || !parts.year || *parts.year < 1601) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*parts.year)),
                                         std::chrono::month(*parts.month), std::chrono::day(*parts.day));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + *parts.time;
}

}  // namespace gale::http::internal

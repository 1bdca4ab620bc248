#include "gale/http/internal/parse_date.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/month_names.h"

namespace gale::http::internal {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

// DateScanner takes a date apart from left to right. After something unexpected it never is AtEnd, and what it
// returned is of no use.
class DateScanner {
 public:
  explicit DateScanner(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return good_ && rest_.empty(); }

  void Expect(std::string_view text) {
    good_ &= EqualFold(rest_.substr(0, text.size()), text);
    Skip(text.size());
  }

  int Digits(std::size_t count) {
    const std::string_view digits = rest_.substr(0, count);
    good_ &= digits.size() == count && kDigits.HasAll(digits);
    int value = 0;
    for (const char c : digits) value = 10 * value + (c - '0');
    Skip(count);
    return value;
  }

  // Asctime's day is " 6" or "16".
  int PaddedDigits() {
    if (!rest_.starts_with(' ')) return Digits(2);
    Skip(1);
    return Digits(1);
  }

  unsigned Month() {
    const std::optional<unsigned> month = MonthNumber(rest_);
    good_ &= month.has_value();
    Skip(3);
    return month.value_or(1);
  }

  std::chrono::seconds Time() {
    const int hour = Digits(2);
    Expect(":");
    const int minute = Digits(2);
    Expect(":");
    const int second = Digits(2);
    good_ &= hour <= 23 && minute <= 59 && second <= 60;
    // The clock does not know leap seconds.
    return std::chrono::seconds(hour * 3600 + minute * 60 + std::min(second, 59));
  }

 private:
  void Skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

  std::string_view rest_;
  bool good_ = true;
};

std::optional<std::chrono::sys_seconds> Combined(const DateScanner& scanner, int year, unsigned month, int day,
                                                 std::chrono::seconds time) {
  if (!scanner.AtEnd()) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + time;
}

// What follows the day of the week in each of the forms. Two of them differ in a separator and in the year's digits.
std::optional<std::chrono::sys_seconds> ParseDayFirst(std::string_view text, std::string_view separator,
                                                      std::size_t year_digits) {
  DateScanner scanner(text);
  scanner.Expect(", ");
  const int day = scanner.Digits(2);
  scanner.Expect(separator);
  const unsigned month = scanner.Month();
  scanner.Expect(separator);
  int year = scanner.Digits(year_digits);
  if (year_digits == 2) year += year >= 69 ? 1900 : 2000;
  scanner.Expect(" ");
  const std::chrono::seconds time = scanner.Time();
  scanner.Expect(" GMT");
  return Combined(scanner, year, month, day, time);
}

std::optional<std::chrono::sys_seconds> ParseAsctime(std::string_view text) {
  DateScanner scanner(text);
  scanner.Expect(" ");
  const unsigned month = scanner.Month();
  scanner.Expect(" ");
  const int day = scanner.PaddedDigits();
  scanner.Expect(" ");
  const std::chrono::seconds time = scanner.Time();
  scanner.Expect(" ");
  const int year = scanner.Digits(4);
  return Combined(scanner, year, month, day, time);
}

}  // namespace

std::optional<std::chrono::sys_seconds> ParseDate(std::string_view text) {
  std::size_t word = 0;
  while (word < text.size() && kLetters.Has(text[word])) ++word;
  const std::string_view name = text.substr(0, word);
  text.remove_prefix(word);
  for (const std::string_view weekday : kWeekdays) {
    if (EqualFold(name, weekday)) return ParseDayFirst(text, "-", 2);
    if (!EqualFold(name, weekday.substr(0, 3))) continue;
    return text.starts_with(',') ? ParseDayFirst(text, " ", 4) : ParseAsctime(text);
  }
  return std::nullopt;
}

}  // namespace gale::http::internal

#include "gale/http/internal/date.h"

#include <chrono>

#include "gale/http/internal/month_names.h"

namespace gale::http::internal {
namespace {

constexpr std::string_view kWeekdays = "SunMonTueWedThuFriSat";

char* Append(char* out, std::string_view text) {
  for (char c : text) *out++ = c;
  return out;
}

// Two digits and what follows them.
char* AppendTwo(char* out, unsigned value, char after) {
  *out++ = static_cast<char>('0' + value / 10);
  *out++ = static_cast<char>('0' + value % 10);
  *out++ = after;
  return out;
}

}  // namespace

void FormatDate(std::int64_t unix_seconds, char* destination) {
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto second_of_day = static_cast<unsigned>((time - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

  char* out = destination;
  out = Append(out, kWeekdays.substr(3 * std::chrono::weekday(day).c_encoding(), 3));
  out = Append(out, ", ");
  out = AppendTwo(out, static_cast<unsigned>(date.day()), ' ');
  out = Append(out, MonthName(static_cast<unsigned>(date.month())));
  *out++ = ' ';
  *out++ = static_cast<char>('0' + year / 1000);
  *out++ = static_cast<char>('0' + year / 100 % 10);
  out = AppendTwo(out, year % 100, ' ');
  out = AppendTwo(out, second_of_day / 3600, ':');
  out = AppendTwo(out, second_of_day / 60 % 60, ':');
  out = AppendTwo(out, second_of_day % 60, ' ');
  Append(out, "GMT");
}

}  // namespace gale::http::internal

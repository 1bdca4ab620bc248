#include "gale/http/time.h"

#include "gale/http/internal/date.h"
#include "gale/http/internal/parse_date.h"

namespace gale::http {

std::optional<std::chrono::sys_seconds> ParseTime(std::string_view text) { return internal::ParseDate(text); }

std::string FormatTime(std::chrono::system_clock::time_point time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  std::string text(internal::kDateLength, ' ');
  internal::FormatDate(second.time_since_epoch().count(), text.data());
  return text;
}

}  // namespace gale::http

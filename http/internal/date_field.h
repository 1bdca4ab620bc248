// DateField: the time of a file's last change, as the Last-Modified field has it.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "gale/http/internal/date.h"

namespace gale::http::internal {

// DateField is no date for the epoch, which means that the time is not known, for what is before it, and for years that
// dates cannot have.
class DateField {
 public:
  explicit DateField(std::chrono::system_clock::time_point time) {
    constexpr std::chrono::sys_seconds kEnd = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    if (second <= std::chrono::sys_seconds() || second >= kEnd) return;
    second_ = second;
    FormatDate(second.time_since_epoch().count(), text_.data());
  }

  std::optional<std::chrono::sys_seconds> Second() const { return second_; }
  // Text is valid as long as the DateField. Only where there is a Second.
  std::string_view Text() const { return {text_.data(), text_.size()}; }

 private:
  std::optional<std::chrono::sys_seconds> second_;
  std::array<char, kDateLength> text_{};
};

}  // namespace gale::http::internal

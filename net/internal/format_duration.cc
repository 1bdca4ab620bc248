#include "gale/net/internal/format_duration.h"

#include <array>
#include <charconv>
#include <string_view>

namespace gale::internal {
namespace {

constexpr std::uint64_t kMicrosecond = 1'000;
constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;

void AppendNumber(FormatBuffer& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.Append(std::string_view(digits.data(), end));
}

// value / unit as a decimal fraction without trailing zeros; unit is a power of ten.
void AppendFraction(FormatBuffer& out, std::uint64_t value, std::uint64_t unit) {
  AppendNumber(out, value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return;
  out.Append('.');
  for (; rest != 0; rest %= unit) {
    unit /= 10;
    out.Append(static_cast<char>('0' + rest / unit));
  }
}

}  // namespace

void AppendDuration(FormatBuffer& out, std::int64_t nanoseconds) {
  const auto bits = static_cast<std::uint64_t>(nanoseconds);
  const std::uint64_t value = nanoseconds < 0 ? 0 - bits : bits;
  if (nanoseconds < 0) out.Append('-');
  if (value >= kSecond) {
    const std::uint64_t minutes = value / (60 * kSecond);
    if (minutes >= 60) {
      AppendNumber(out, minutes / 60);
      out.Append('h');
    }
    if (minutes > 0) {
      AppendNumber(out, minutes % 60);
      out.Append('m');
    }
    AppendFraction(out, value % (60 * kSecond), kSecond);
    out.Append('s');
  } else if (value >= kMillisecond) {
    AppendFraction(out, value, kMillisecond);
    out.Append("ms");
  } else if (value >= kMicrosecond) {
    AppendFraction(out, value, kMicrosecond);
    out.Append("\u00B5s");
  } else {
    AppendNumber(out, value);
    out.Append(value == 0 ? "s" : "ns");
  }
}

}  // namespace gale::internal

#include "gale/http/internal/byte_range.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "gale/http/internal/ascii.h"

namespace gale::http::internal {
namespace {

// What Number says of text that is too large for it is as good as infinite: no content has so many bytes.
constexpr std::int64_t kInfinite = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> Number(std::string_view text) {
  if (text.empty() || !kDigits.HasAll(text)) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    const std::int64_t digit = c - '0';
    if (value > (kInfinite - digit) / 10) return kInfinite;
    value = 10 * value + digit;
  }
  return value;
}

// ParseOne reads "first-last", "first-" or "-count".
std::expected<ByteRange, RangeFault> ParseOne(std::string_view spec, std::int64_t size) {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::unexpected(RangeFault::kInvalid);
  const std::string_view first_text = TrimOws(spec.substr(0, dash));
  const std::string_view last_text = TrimOws(spec.substr(dash + 1));
  if (first_text.empty()) {
    const std::optional<std::int64_t> count = Number(last_text);
    if (!count) return std::unexpected(RangeFault::kInvalid);
    const std::int64_t length = std::min(*count, size);
    if (length == 0) return std::unexpected(RangeFault::kNoOverlap);
    return ByteRange{size - length, length};
  }
  const std::optional<std::int64_t> first = Number(first_text);
  const std::optional<std::int64_t> last = last_text.empty() ? kInfinite : Number(last_text);
  if (!first || !last || *first > *last) return std::unexpected(RangeFault::kInvalid);
  if (*first >= size) return std::unexpected(RangeFault::kNoOverlap);
  return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

bool LongerThanContent(const std::vector<ByteRange>& ranges, std::int64_t size) {
  std::int64_t left = size;
  for (const ByteRange& range : ranges) {
    if (range.length > left) return true;
    left -= range.length;
  }
  return false;
}

}  // namespace

std::expected<std::vector<ByteRange>, RangeFault> ParseRange(std::string_view field, std::int64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!EqualFold(field.substr(0, kUnit.size()), kUnit)) {
    // RFC 9110 section 14.2: a unit that is not understood is ignored. Without one it is no range at all.
    const std::size_t equals = field.find('=');
    const bool has_unit = equals != std::string_view::npos && IsToken(field.substr(0, equals));
    if (field.empty() || has_unit) return std::vector<ByteRange>();
    return std::unexpected(RangeFault::kInvalid);
  }
  std::vector<ByteRange> ranges;
  bool is_valid = true;
  std::size_t count = 0;
  ForEachListItem(field.substr(kUnit.size()), [&](std::string_view spec) {
    ++count;
    const auto range = ParseOne(spec, size);
    if (range && count <= kMostRanges) ranges.push_back(*range);
    is_valid &= range || range.error() == RangeFault::kNoOverlap;
  });
  if (!is_valid || count == 0) return std::unexpected(RangeFault::kInvalid);
  if (ranges.empty()) return std::unexpected(RangeFault::kNoOverlap);
  if (count > kMostRanges || LongerThanContent(ranges, size)) ranges.clear();
  return ranges;
}

std::string ContentRange(const ByteRange& range, std::int64_t size) {
  return "bytes " + std::to_string(range.start) + '-' + std::to_string(range.start + range.length - 1) + '/' +
         std::to_string(size);
}

}  // namespace gale::http::internal

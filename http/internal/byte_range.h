// ParseRange: which bytes a Range field asks for.
//
//   ParseRange("bytes=0-4,-2", 10)->ranges;   // {0, 5} and {8, 2}
//   ParseRange("bytes=10-", 10).error();      // RangeFault::kNoOverlap
//
// Source: RFC 9110 section 14; Go's net/http.parseRange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace gale::http::internal {

// ByteRange is a part of some content that is not empty and lies inside of it.
struct ByteRange {
  std::int64_t start = 0;
  std::int64_t length = 0;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeFault {
  kInvalid,    // "invalid range": malformed, or ends before it begins
  kNoOverlap,  // "invalid range: failed to overlap": no byte of any of the ranges is there
};

// A request for more ranges than this is a request for the whole: nobody who reads a file does that.
inline constexpr std::size_t kMostRanges = 16;

// ParseRange returns the ranges that overlap with content of `size` bytes, in the order in which they were asked for.
// None means the whole: no field, another unit than bytes, too many ranges, or ranges that together are longer than the
// content.
std::expected<std::vector<ByteRange>, RangeFault> ParseRange(std::string_view field, std::int64_t size);

// ContentRange is the value of the field of that name for a part: "bytes 0-4/10".
std::string ContentRange(const ByteRange& range, std::int64_t size);

}  // namespace gale::http::internal

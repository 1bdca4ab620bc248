#include "gale/http/internal/multipart_ranges.h"

#include <sys/random.h>

#include <array>
#include <utility>

namespace gale::http::internal {
namespace {

// Nobody who writes the content can know the boundary, and put it there.
std::string RandomBoundary() {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::array<unsigned char, 20> bytes{};
  // Up to 256 bytes come at once, whatever signals there are.
  (void)!::getrandom(bytes.data(), bytes.size(), 0);
  std::string boundary;
  for (const unsigned char byte : bytes) {
    boundary += kHexDigits[byte >> 4];
    boundary += kHexDigits[byte & 15];
  }
  return boundary;
}

}  // namespace

MultipartRanges::MultipartRanges(const std::vector<ByteRange>& ranges, std::string_view content_type, std::int64_t size)
    : boundary_(RandomBoundary()), length_(static_cast<std::int64_t>(End().size())) {
  for (const ByteRange& range : ranges) {
    std::string head = heads_.empty() ? "--" : "\r\n--";
    head.append(boundary_).append("\r\nContent-Range: ").append(ContentRange(range, size));
    if (!content_type.empty()) head.append("\r\nContent-Type: ").append(content_type);
    head += "\r\n\r\n";
    length_ += static_cast<std::int64_t>(head.size()) + range.length;
    heads_.push_back(std::move(head));
  }
}

}  // namespace gale::http::internal

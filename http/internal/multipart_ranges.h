// MultipartRanges: the framing of several ranges in one response, multipart/byteranges.
//
//   const MultipartRanges parts(ranges, "text/plain", 1000);
//   parts.ContentType();   // "multipart/byteranges; boundary=..."
//   for each of them: parts.Head(i), and the bytes; then parts.End()
//
// Source: RFC 9110 section 14.6.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gale/http/internal/byte_range.h"

namespace gale::http::internal {

class MultipartRanges {
 public:
  // content_type is that of each part, or "" for none; size is that of the whole.
  MultipartRanges(const std::vector<ByteRange>& ranges, std::string_view content_type, std::int64_t size);

  std::string ContentType() const { return "multipart/byteranges; boundary=" + boundary_; }
  // Head is what stands before the bytes of a range, End what stands behind those of the last.
  const std::string& Head(std::size_t index) const { return heads_[index]; }
  std::string End() const { return "\r\n--" + boundary_ + "--\r\n"; }
  // Length is that of everything: heads, ranges and end.
  std::int64_t Length() const { return length_; }

 private:
  std::string boundary_;
  std::vector<std::string> heads_;
  std::int64_t length_;
};

}  // namespace gale::http::internal

// SplitPath: a path with its segments found, in one pass.
//
//   SplitPath path("/items/7");
//   path.IsClean();             // true: no redirect needed
//   path.SegmentEnd(0, 1);      // 6: segment 0, which begins at 1, ends before the slash at 6
//
// A request's path is looked at three times: is it clean, where does it lead, what did the wildcards match. The first
// look notes where the segments end, for the others.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gale::http::internal {

// SplitPath is a view of a path that must outlive it. Allocates nothing.
class SplitPath {
 public:
  SplitPath() = default;
  // Not explicit: what has a text can be asked for its segments.
  template <std::convertible_to<std::string_view> Text>
  SplitPath(const Text& path) {
    Assign(path);
  }
  SplitPath(const SplitPath&) = delete;
  SplitPath& operator=(const SplitPath&) = delete;

  void Assign(std::string_view path) {
    text_ = path;
    noted_ = 0;
    is_clean_ = path.starts_with('/');
    if (!is_clean_) return;
    std::size_t begin = 1;
    std::size_t i = 1;
    for (; i + 8 <= path.size(); i += 8) {
      for (std::uint64_t slashes = FindSlashes(path.data() + i); slashes != 0; slashes &= slashes - 1) {
        const std::size_t end = i + static_cast<std::size_t>(std::countr_zero(slashes)) / 8;
        NoteSegment(begin, end);
        begin = end + 1;
      }
    }
    for (; i <= path.size(); ++i) {
      if (i != path.size() && path[i] != '/') continue;
      NoteSegment(begin, i);
      begin = i + 1;
    }
  }

  std::string_view Text() const { return text_; }

  // IsClean tells that CleanPath would change nothing.
  bool IsClean() const { return is_clean_; }

  // SegmentEnd is where the segment `index` ends, which begins at `begin`: at the next slash or the end of the path.
  std::size_t SegmentEnd(std::size_t index, std::size_t begin) const {
    return index < noted_ ? ends_[index] : std::min(text_.find('/', begin), text_.size());
  }

 private:
  // The highest bit of each of 8 bytes that is a slash.
  static std::uint64_t FindSlashes(const char* data) {
    static_assert(std::endian::native == std::endian::little);
    constexpr std::uint64_t kLow7 = 0x7f7f7f7f7f7f7f7f;
    std::uint64_t bytes;
    std::memcpy(&bytes, data, 8);
    bytes ^= 0x2f2f2f2f2f2f2f2f;  // a slash becomes 0
    return ~(((bytes & kLow7) + kLow7) | bytes | kLow7);
  }

  void NoteSegment(std::size_t begin, std::size_t end) {
    if (noted_ < ends_.size()) ends_[noted_++] = static_cast<std::uint32_t>(end);
    if (end - begin <= 2 && IsDirtySegment(begin, end)) is_clean_ = false;
  }

  // Empty, "." or "..". The nothing behind a trailing slash is none of these.
  bool IsDirtySegment(std::size_t begin, std::size_t end) const {
    if (begin == end) return end != text_.size();
    return text_[begin] == '.' && (end - begin == 1 || text_[begin + 1] == '.');
  }

  std::string_view text_;
  bool is_clean_ = false;
  std::uint32_t noted_ = 0;
  std::array<std::uint32_t, 12> ends_;  // of the first segments; hardly a path has more
};

}  // namespace gale::http::internal

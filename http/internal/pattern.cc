#include "gale/http/internal/pattern.h"

#include <algorithm>
#include <utility>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/clean_path.h"
#include "gale/http/internal/quote.h"
#include "gale/http/url.h"

namespace gale::http::internal {
namespace {

bool IsWildcardName(std::string_view name) {
  for (bool first = true; !name.empty(); first = false) {
    const std::size_t length = Utf8SequenceLength(name);
    if (length == 0) return false;
    const char c = name[0];
    if (length == 1 && !kLetters.Has(c) && c != '_' && (first || !kDigits.Has(c))) return false;
    name.remove_prefix(length);
  }
  return true;
}

}  // namespace

// PatternParser reads one pattern from left to right. Each step returns false once error_ is set.
class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text) { pattern_.text_ = text; }

  std::expected<Pattern, std::string> Run() {
    if (text_.empty()) return std::unexpected("empty pattern");
    if (!ReadMethod() || !ReadHost() || !ReadPath()) return std::unexpected(std::move(error_));
    return std::move(pattern_);
  }

 private:
  bool Fail(std::size_t offset, std::string_view why) {
    error_ = "at offset " + std::to_string(offset) + ": ";
    error_ += why;
    return false;
  }

  bool ReadMethod() {
    const std::size_t blank = text_.find_first_of(" \t");
    if (blank == text_.npos) return true;
    pattern_.method_ = text_.substr(0, blank);
    if (blank != 0 && !IsToken(pattern_.method_)) return Fail(0, "invalid method " + Quote(pattern_.method_));
    offset_ = std::min(text_.find_first_not_of(" \t", blank), text_.size());
    return true;
  }

  bool ReadHost() {
    const std::size_t slash = text_.find('/', offset_);
    if (slash == text_.npos) return Fail(offset_, "host/path missing /");
    pattern_.host_ = text_.substr(offset_, slash - offset_);
    if (const std::size_t brace = pattern_.host_.find('{'); brace != std::string::npos) {
      return Fail(offset_ + brace, "host contains '{' (missing initial '/'?)");
    }
    offset_ = slash;
    return true;
  }

  bool ReadPath() {
    const bool is_matched_unclean = pattern_.method_.empty() || pattern_.method_ == "CONNECT";
    if (!is_matched_unclean && !IsCleanPath(text_.substr(offset_))) {
      return Fail(offset_, "non-CONNECT pattern with unclean path can never match");
    }
    while (offset_ < text_.size()) {
      const std::size_t begin = offset_ + 1;
      offset_ = std::min(text_.find('/', begin), text_.size());
      if (!ReadSegment(begin, text_.substr(begin, offset_ - begin))) return false;
    }
    return true;
  }

  bool ReadSegment(std::size_t begin, std::string_view segment) {
    if (begin == text_.size()) return Add(SegmentKind::kRest, "");
    const std::size_t brace = segment.find('{');
    if (brace == segment.npos) return Add(SegmentKind::kLiteral, PathUnescape(segment).value_or(std::string(segment)));
    if (brace != 0) return Fail(begin, "bad wildcard segment (must start with '{')");
    if (!segment.ends_with('}')) return Fail(begin, "bad wildcard segment (must end with '}')");
    return ReadWildcard(begin, segment.substr(1, segment.size() - 2));
  }

  bool ReadWildcard(std::size_t begin, std::string_view name) {
    const bool is_last = offset_ == text_.size();
    if (name == "$") return is_last ? Add(SegmentKind::kEnd, "") : Fail(begin, "{$} not at end");
    const bool is_rest = name.ends_with("...");
    if (is_rest) name.remove_suffix(3);
    if (is_rest && !is_last) return Fail(begin, "{...} wildcard not at end");
    if (name.empty()) return Fail(begin, "empty wildcard");
    if (!IsWildcardName(name)) return Fail(begin, "bad wildcard name " + Quote(name));
    if (IsNameTaken(name)) return Fail(begin, "duplicate wildcard name " + Quote(name));
    pattern_.has_names_ = true;
    return Add(is_rest ? SegmentKind::kRest : SegmentKind::kWildcard, name);
  }

  bool IsNameTaken(std::string_view name) const {
    return std::ranges::any_of(pattern_.segments_, [&](const PatternSegment& segment) {
      return segment.kind == SegmentKind::kWildcard && segment.text == name;
    });
  }

  bool Add(SegmentKind kind, std::string_view text) {
    pattern_.segments_.push_back({kind, std::string(text)});
    return true;
  }

  std::string_view text_;
  std::size_t offset_ = 0;  // where the next part begins
  Pattern pattern_;
  std::string error_;
};

std::expected<Pattern, std::string> Pattern::Parse(std::string_view text) { return PatternParser(text).Run(); }

}  // namespace gale::http::internal

// Pattern: what ServeMux::Handle is given, taken apart.
//
//   auto pattern = Pattern::Parse("GET example.com/items/{id}/files/{path...}");
//   pattern->Method();                  // "GET"
//   pattern->Host();                    // "example.com"
//   pattern->Segments()[0];             // the literal "items"
//   pattern->Segments()[3];             // the rest of the path, named "path"
//
// A pattern is "[METHOD ][HOST]/[PATH]". A path that ends with a slash ends in a nameless rest, so that "/a/" is
// "/a/{...}" for everything that follows. Source: Go 1.22's net/http patterns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "gale/http/internal/split_path.h"

namespace gale::http::internal {

// SegmentKind is what a segment of a pattern matches.
enum class SegmentKind : std::uint8_t {
  kLiteral,   // one segment, equal to the text
  kWildcard,  // {name}: any one segment, but never the nothing behind a trailing slash
  kRest,      // {name...} or a trailing slash: everything from here on, also nothing; always last
  kEnd,       // {$}: the nothing behind a trailing slash; always last
};

// PatternSegment is what stands between two slashes. The text is the percent-decoded literal or the wildcard's
// name; it is empty for kEnd and for the rest that a trailing slash stands for. A literal may contain "/" (%2F).
struct PatternSegment {
  SegmentKind kind = SegmentKind::kLiteral;
  std::string text;
  friend bool operator==(const PatternSegment&, const PatternSegment&) = default;
};

// Pattern is a value, immutable after Parse; any number of threads may read it.
class Pattern {
 public:
  // Parse takes the text apart, or says "at offset N: why not" in Go's words; "empty pattern" has no offset.
  // Names of wildcards are Go identifiers; beyond ASCII every well-formed UTF-8 counts as a letter.
  static std::expected<Pattern, std::string> Parse(std::string_view text);

  const std::string& Text() const { return text_; }                          // as given to Parse
  const std::string& Method() const { return method_; }                      // "" matches every method
  const std::string& Host() const { return host_; }                          // "" matches every host
  const std::vector<PatternSegment>& Segments() const { return segments_; }  // never empty
  const PatternSegment& LastSegment() const { return segments_.back(); }
  bool HasNames() const { return has_names_; }

  // ForEachCapture calls visit(name, value) for each named wildcard, from left to right. The path must be one that
  // this pattern matches; the values are views of it, escaped as the path is. Allocates nothing: which segments
  // were captured follows from the pattern, so matching need not record it.
  template <typename Visit>
  void ForEachCapture(const SplitPath& path, Visit&& visit) const {
    std::size_t begin = 1;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const PatternSegment& segment = segments_[i];
      if (segment.kind == SegmentKind::kEnd) return;
      const std::size_t end = segment.kind == SegmentKind::kRest ? path.Text().size() : path.SegmentEnd(i, begin);
      if (segment.kind != SegmentKind::kLiteral && !segment.text.empty()) {
        visit(std::string_view(segment.text), path.Text().substr(begin, end - begin));
      }
      begin = end + 1;
    }
  }

 private:
  friend class PatternParser;
  Pattern() = default;

  std::string text_;
  std::string method_;
  std::string host_;
  std::vector<PatternSegment> segments_;
  bool has_names_ = false;
};

}  // namespace gale::http::internal

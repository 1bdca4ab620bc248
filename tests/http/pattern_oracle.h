// An oracle for pattern tests: what a pattern matches, found the slow and obvious way, and small worlds of patterns
// and paths to try everything in.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gale/http/internal/pattern.h"

namespace gale::http::testing {

inline internal::Pattern MustParse(std::string_view text) {
  auto pattern = internal::Pattern::Parse(text);
  if (!pattern) throw std::runtime_error(std::string(text) + ": " + pattern.error());
  return *std::move(pattern);
}

// Whether the segments from `index` on match what is left of the path, which is empty or begins with a slash.
inline bool MatchesFrom(const internal::Pattern& pattern, std::size_t index, std::string_view path) {
  using enum internal::SegmentKind;
  const auto& segments = pattern.Segments();
  if (index == segments.size()) return path.empty();
  if (path.empty()) return false;
  const internal::PatternSegment& segment = segments[index];
  if (segment.kind == kRest) return true;
  if (segment.kind == kEnd) return path == "/";
  if (path == "/") return false;
  path.remove_prefix(1);
  const std::string_view first = path.substr(0, path.find('/'));
  if (segment.kind == kLiteral && segment.text != first) return false;
  return MatchesFrom(pattern, index + 1, path.substr(first.size()));
}

inline bool MatchesPath(const internal::Pattern& pattern, std::string_view path) {
  return MatchesFrom(pattern, 0, path);
}

inline bool MatchesMethod(const internal::Pattern& pattern, std::string_view method) {
  return pattern.Method().empty() || pattern.Method() == method || (pattern.Method() == "GET" && method == "HEAD");
}

inline bool MatchesHost(const internal::Pattern& pattern, std::string_view host) {
  return pattern.Host().empty() || pattern.Host() == host;
}

// All paths of up to `depth` segments from the words, with and without a slash at the end.
inline std::vector<std::string> AllPaths(const std::vector<std::string>& words, int depth) {
  std::vector<std::string> paths = {"/"};
  std::vector<std::string> level = {""};
  for (int i = 0; i < depth; ++i) {
    std::vector<std::string> deeper;
    for (const std::string& path : level) {
      for (const std::string& word : words) {
        deeper.push_back(path + "/" + word);
        paths.push_back(deeper.back() + "/");
        // A path that ends in an empty word is one with a slash at the end, and there already.
        if (!word.empty()) paths.push_back(deeper.back());
      }
    }
    level = std::move(deeper);
  }
  return paths;
}

// All paths of patterns of up to `depth` segments from the literals and a wildcard, with each kind of end. Wildcards
// are named w0, w1, ... by their depth.
inline std::vector<std::string> AllPatternPaths(const std::vector<std::string>& literals, int depth) {
  std::vector<std::string> paths = {"/", "/{$}", "/{r...}"};
  std::vector<std::string> level = {""};
  for (int i = 0; i < depth; ++i) {
    std::vector<std::string> words = literals;
    words.push_back("{w" + std::to_string(i) + "}");
    std::vector<std::string> deeper;
    for (const std::string& path : level) {
      for (const std::string& word : words) {
        deeper.push_back(path + "/" + word);
        for (const std::string end : {"/", "/{$}", "/{r...}"}) paths.push_back(deeper.back() + end);
        if (!word.empty()) paths.push_back(deeper.back());
      }
    }
    level = std::move(deeper);
  }
  return paths;
}

}  // namespace gale::http::testing

#include "gale/http/internal/clean_path.h"

#include <algorithm>
#include <cstddef>

#include "gale/http/internal/split_path.h"

namespace gale::http::internal {
bool IsCleanPath(std::string_view path) { return SplitPath(path).IsClean(); }

std::string CleanPath(std::string_view path) {
  std::string clean;
  clean.reserve(path.size() + 1);
  for (std::size_t begin = 0; begin < path.size();) {
    if (path[begin] == '/') {
      ++begin;
      continue;
    }
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    begin = end;
    if (segment == ".") continue;
    if (segment == "..") {
      if (!clean.empty()) clean.resize(clean.rfind('/'));
      continue;
    }
    clean += '/';
    clean += segment;
  }
  if (clean.empty() || path.back() == '/') clean += '/';
  return clean;
}

}  // namespace gale::http::internal

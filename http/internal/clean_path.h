// CleanPath: a URL path without ".", ".." and empty segments.
//
//   CleanPath("/a//b/../c/")   // "/a/c/"
//   IsCleanPath("/a/c/")       // true
//
// ServeMux redirects a request to its clean path, so that one resource has one name and "/public/../admin" cannot
// walk around a pattern.
#pragma once

#include <string>
#include <string_view>

namespace gale::http::internal {

// IsCleanPath tells that CleanPath would change nothing. One pass; allocates nothing.
bool IsCleanPath(std::string_view path);

// CleanPath is path, rooted, with "." and empty segments dropped and each ".." taking the segment before it along;
// above the root there is nothing to take. A trailing slash stays. Percent-escapes are data: "%2e%2e" stays.
std::string CleanPath(std::string_view path);

}  // namespace gale::http::internal

// Entity tags: what names one state of a resource, RFC 9110 section 8.8.3.
//
//   ListHasTag("\"a\", W/\"b\"", "\"b\"", TagComparison::kWeak);     // true
//   ListHasTag("\"a\", W/\"b\"", "\"b\"", TagComparison::kStrong);   // false
#pragma once

#include <string_view>

namespace gale::http::internal {

enum class TagComparison {
  kStrong,  // the bytes are the same: neither tag is weak
  kWeak,    // it means the same: W/ does not matter
};

// FirstTag is the entity tag that text begins with, behind whitespace, or "" where it begins with something else.
std::string_view FirstTag(std::string_view text);

bool SameTag(std::string_view a, std::string_view b, TagComparison comparison);

// ListHasTag tells whether the tag, which may be "", is in the list, or the list is "*". What follows something
// malformed does not count.
bool ListHasTag(std::string_view list, std::string_view tag, TagComparison comparison);

}  // namespace gale::http::internal

// ParseMediaType: the value of Content-Type and of Content-Disposition, a name with parameters.
//
//   auto type = ParseMediaType("multipart/form-data; boundary=\"a b\"");
//   type->name;                 // "multipart/form-data"
//   *type->Find("boundary");    // "a b"
//
// Source: RFC 9110 section 8.3.1, RFC 2183; Go's mime.ParseMediaType.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gale/runtime/error.h"

namespace gale::http::internal {

// MediaType's names, its own and those of the parameters, are in lower case.
struct MediaType {
  std::string name;
  std::vector<std::pair<std::string, std::string>> parameters;

  // Find is null where there is no such parameter.
  const std::string* Find(std::string_view parameter) const;
};

// ParseMediaType fails with a MessageErrc: no name, a malformed parameter, or one that is there twice, since not all
// readers would take the same one. In a quoted value a backslash that escapes nothing is data, as it is in the paths
// that old browsers send as file names.
std::expected<MediaType, gale::Error> ParseMediaType(std::string_view text);

}  // namespace gale::http::internal

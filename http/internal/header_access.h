// HeaderAccess: a Header's fields without copies and checks.
//
// For parsers, which have checked the bytes and whose buffer outlives the message. Everybody else has Set and Add, so
// that nothing unchecked can get into a response.
#pragma once

#include <string_view>

#include "gale/http/header.h"

namespace gale::http::internal {

struct HeaderAccess {
  static void AddView(Header& header, std::string_view name, std::string_view value) { header.AddView(name, value); }
};

}  // namespace gale::http::internal

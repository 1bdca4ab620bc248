// EscapeHtml: text that shows as itself in HTML, also inside of an attribute in quotes.
#pragma once

#include <string>
#include <string_view>

namespace gale::http::internal {

std::string EscapeHtml(std::string_view text);

}  // namespace gale::http::internal

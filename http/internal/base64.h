// Base64 with padding, RFC 4648 section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gale::http::internal {

std::string EncodeBase64(std::string_view bytes);

// DecodeBase64 takes only what EncodeBase64 would write: nothing for missing padding, other bytes, or bits left over.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace gale::http::internal

#include "gale/http/internal/percent.h"

#include <cstddef>

namespace gale::http::internal {
namespace {

void AppendByte(std::string& out, char c, const ByteSet& plain) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  if (plain.Has(c)) {
    out += c;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  const char escape[] = {'%', kHex[byte >> 4], kHex[byte & 15]};
  out.append(escape, sizeof escape);
}

}  // namespace

void AppendEscaped(std::string& out, std::string_view text, const ByteSet& plain) {
  for (char c : text) AppendByte(out, c, plain);
}

void AppendQueryEscaped(std::string& out, std::string_view text) {
  for (char c : text) {
    if (c == ' ') {
      out += '+';
    } else {
      AppendByte(out, c, kQueryBytes);
    }
  }
}

bool AppendUnescaped(std::string& out, std::string_view text, Plus plus) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kIsSpace) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (text.size() - i < 3 || HexValue(text[i + 1]) < 0 || HexValue(text[i + 2]) < 0) return false;
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    }
  }
  return true;
}

}  // namespace gale::http::internal

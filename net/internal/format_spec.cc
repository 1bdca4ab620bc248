#include "gale/net/internal/format_spec.h"

#include <cstring>

#include "gale/net/internal/utf8.h"

namespace gale::internal {

void PadToWidth(FormatBuffer& out, std::size_t start, const FormatSpec& spec, char fill) {
  const auto width = static_cast<std::size_t>(spec.width);
  const std::string_view text = out.View().substr(start);
  const std::size_t runes = RuneCount(text);
  if (runes >= width) return;
  const std::size_t missing = width - runes;
  if (spec.minus) {
    out.Append(missing, ' ');
    return;
  }
  const std::size_t size = text.size();
  char* const end = out.Extend(missing);  // the text may have moved
  char* const begin = end - size;
  std::memmove(begin + missing, begin, size);
  std::memset(begin, fill, missing);
}

}  // namespace gale::internal

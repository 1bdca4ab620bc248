#include "gale/net/string_reader.h"

namespace gale {

std::expected<std::size_t, Error> StringReader::Read(std::span<char> buffer) {
  if (buffer.empty()) return 0;
  if (Len() == 0) return std::unexpected(Error(Errc::kEof));
  const std::size_t count = text_.copy(buffer.data(), buffer.size(), read_);
  read_ += count;
  return count;
}

}  // namespace gale

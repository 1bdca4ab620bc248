#include "gale/net/copy_file.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include "gale/net/internal/syscalls.h"

namespace gale::net {
std::expected<std::int64_t, Error> CopyFile(Writer& writer, int file, std::int64_t offset, std::int64_t count) {
  if (count < 0) return std::unexpected(Error::FromErrno(EINVAL, "read file"));
  constexpr std::int64_t kPieceSize = 32 * 1024;
  const auto piece = std::make_unique_for_overwrite<char[]>(static_cast<std::size_t>(std::min(count, kPieceSize)));
  std::int64_t copied = 0;
  while (copied < count) {
    const auto wanted = static_cast<std::size_t>(std::min(count - copied, kPieceSize));
    const ssize_t n = internal::ReadAt(file, {piece.get(), wanted}, offset + copied);
    if (n == 0) break;
    if (n < 0) return std::unexpected(Error::FromErrno(static_cast<int>(-n), "read file"));
    if (auto written = writer.Write({piece.get(), static_cast<std::size_t>(n)}); !written) {
      return std::unexpected(written.error());
    }
    copied += n;
  }
  return copied;
}

}  // namespace gale::net

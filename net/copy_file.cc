#include "gale/net/copy_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace gale::net {
namespace {

// Returns a negative errno where it fails. Not inlined: compilers take the address of errno for a constant, but it is
// another one after a Write that has waited.
[[gnu::noinline]] std::int64_t ReadSome(int file, char* buffer, std::size_t size, std::int64_t offset) {
  while (true) {
    const ssize_t count = ::pread(file, buffer, size, offset);
    if (count >= 0) return count;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

std::expected<std::int64_t, Error> CopyFile(Writer& writer, int file, std::int64_t offset, std::int64_t count) {
  constexpr std::int64_t kPieceSize = 32 * 1024;
  const auto piece = std::make_unique_for_overwrite<char[]>(static_cast<std::size_t>(std::min(count, kPieceSize)));
  std::int64_t copied = 0;
  while (copied < count) {
    const auto wanted = static_cast<std::size_t>(std::min(count - copied, kPieceSize));
    const std::int64_t n = ReadSome(file, piece.get(), wanted, offset + copied);
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

#include "gale/net/conn.h"

#include "gale/net/copy_file.h"

namespace gale::net {

std::expected<std::size_t, Error> Conn::Writev(std::span<const std::string_view> pieces) {
  std::size_t written = 0;
  for (const std::string_view piece : pieces) {
    const std::expected<std::size_t, Error> n = Write(piece);
    if (!n) return n;
    written += *n;
  }
  return written;
}

std::expected<std::int64_t, Error> Conn::SendFile(int file, std::int64_t offset, std::int64_t count) {
  return CopyFile(*this, file, offset, count);
}

bool Conn::GoWhenReadable(std::function<void(Error)>) { return false; }

void Conn::CancelOnPeerClosed(const CancelFunc&) {}

}  // namespace gale::net

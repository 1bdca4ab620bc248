#include "gale/net/conn.h"

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

void Conn::CancelOnPeerClosed(const CancelFunc&) {}

}  // namespace gale::net

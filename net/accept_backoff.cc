#include "gale/net/accept_backoff.h"

#include <algorithm>
#include <cerrno>

namespace gale::net {

bool IsTemporary(const Error& error) {
  if (error.Code().category() != std::system_category()) return false;
  switch (error.Code().value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:  // too many descriptors in epolls: fs.epoll.max_user_watches
      return true;
    default: return false;
  }
}

std::chrono::milliseconds AcceptBackoff::Next() {
  const std::chrono::milliseconds now = next_;
  next_ = std::min(next_ * 2, kLongest);
  return now;
}

}  // namespace gale::net

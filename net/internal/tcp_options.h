// The options that every TCP connection of Gale has.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "gale/net/internal/syscalls.h"

namespace gale::net::internal {

// SetTcpDefaults turns Nagle's algorithm off and keep-alive probes on: after 15 s of silence, 15 s apart, 9 of them,
// as Go does. On a listener it holds for the connections that it accepts. Returns 0 or -errno.
inline int SetTcpDefaults(int fd) {
  constexpr int kKeepAliveSeconds = 15;
  constexpr int kKeepAliveProbes = 9;
  int result = SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (result == 0) result = SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (result == 0) result = SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveSeconds);
  if (result == 0) result = SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveSeconds);
  if (result == 0) result = SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  return result;
}

}  // namespace gale::net::internal

// SocketAddress: an Addr in the form that the kernel takes.
#pragma once

#include <sys/socket.h>

#include <expected>
#include <system_error>

#include "gale/net/addr.h"

namespace gale::net::internal {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* Pointer() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* Pointer() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int Family() const { return storage.ss_family; }
};

// ToSocketAddress fails with EINVAL for a Unix path that is too long (107 bytes) or contains a NUL, and for no address.
std::expected<SocketAddress, std::error_code> ToSocketAddress(const Addr& addr);

// FromSocketAddress reads what the kernel has written. An unknown family becomes no address.
Addr FromSocketAddress(const sockaddr_storage& storage, socklen_t size);

}  // namespace gale::net::internal

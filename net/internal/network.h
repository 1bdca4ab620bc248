// Network: the first argument of Listen and Dial, and what this machine's kernel has of it.
#pragma once

#include <optional>
#include <string_view>

namespace gale::net::internal {

enum class Network {
  kTcp,   // IPv4 and IPv6
  kTcp4,  // IPv4 only
  kTcp6,  // IPv6 only
  kUnix,
};

// ParseNetwork knows "tcp", "tcp4", "tcp6" and "unix".
std::optional<Network> ParseNetwork(std::string_view name);

// HasIpv6 and HasDualStack tell whether this machine can bind IPv6 sockets at all, and such that take IPv4
// connections too. Found out once, by trying.
bool HasIpv6();
bool HasDualStack();

// ListenBacklog is the longest queue of unaccepted connections that the kernel allows (net.core.somaxconn).
int ListenBacklog();

}  // namespace gale::net::internal

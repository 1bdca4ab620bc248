#include "gale/net/internal/network.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "gale/net/addr.h"
#include "gale/net/internal/syscalls.h"
#include "gale/net/internal/unique_fd.h"

namespace gale::net::internal {
namespace {

bool CanBind(const Addr::Ipv6Bytes& ip, bool ipv6_only) {
  const UniqueFd socket(Socket(AF_INET6, SOCK_STREAM));
  if (socket.Get() < 0) return false;
  if (SetOption(socket.Get(), IPPROTO_IPV6, IPV6_V6ONLY, ipv6_only ? 1 : 0) < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  std::copy(ip.begin(), ip.end(), std::begin(address.sin6_addr.s6_addr));
  return Bind(socket.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

int ReadBacklog() {
  constexpr int kDefault = 4096;  // the kernel's since Linux 5.4
  const UniqueFd file(::open("/proc/sys/net/core/somaxconn", O_RDONLY | O_CLOEXEC));
  if (file.Get() < 0) return kDefault;
  std::array<char, 16> text;
  const ssize_t n = ::read(file.Get(), text.data(), text.size());
  int backlog = 0;
  if (n <= 0 || std::from_chars(text.data(), text.data() + n, backlog).ec != std::errc()) return kDefault;
  return backlog > 0 ? backlog : kDefault;
}

}  // namespace

std::optional<Network> ParseNetwork(std::string_view name) {
  if (name == "tcp") return Network::kTcp;
  if (name == "tcp4") return Network::kTcp4;
  if (name == "tcp6") return Network::kTcp6;
  if (name == "unix") return Network::kUnix;
  return std::nullopt;
}

bool HasIpv6() {
  static const bool has = CanBind({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, true);  // ::1
  return has;
}

bool HasDualStack() {
  static const bool has = HasIpv6() && CanBind({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1}, false);
  return has;
}

int ListenBacklog() {
  static const int backlog = ReadBacklog();
  return backlog;
}

}  // namespace gale::net::internal

#include "gale/net/internal/socket_address.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace gale::net::internal {
namespace {

constexpr std::size_t kPathOffset = offsetof(sockaddr_un, sun_path);
constexpr std::size_t kPathRoom = sizeof(sockaddr_un) - kPathOffset;

template <typename T>
SocketAddress Wrap(const T& address, std::size_t size = sizeof(T)) {
  SocketAddress result;
  std::memcpy(&result.storage, &address, size);
  result.size = static_cast<socklen_t>(size);
  return result;
}

template <typename T>
T Unwrap(const sockaddr_storage& storage) {
  T result;
  std::memcpy(&result, &storage, sizeof(T));
  return result;
}

SocketAddress FromIpv4(const Addr& addr) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(addr.Port());
  std::memcpy(&address.sin_addr, addr.IpBytes().data(), sizeof(address.sin_addr));
  return Wrap(address);
}

SocketAddress FromIpv6(const Addr& addr) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(addr.Port());
  address.sin6_scope_id = addr.Zone();
  std::memcpy(&address.sin6_addr, addr.IpBytes().data(), sizeof(address.sin6_addr));
  return Wrap(address);
}

std::expected<SocketAddress, std::error_code> FromPath(std::string_view path) {
  // A path ends with a NUL; an abstract name begins with one instead, and its length counts.
  const bool is_abstract = path.starts_with('@');
  const bool fits = path.size() < kPathRoom || (is_abstract && path.size() == kPathRoom);
  if (!fits || path.find('\0') != std::string_view::npos) {
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  if (is_abstract) address.sun_path[0] = '\0';
  const bool has_terminator = !path.empty() && !is_abstract;  // an empty path asks the kernel for an abstract name
  return Wrap(address, kPathOffset + path.size() + (has_terminator ? 1 : 0));
}

Addr PathOf(const sockaddr_un& address, socklen_t size) {
  if (size <= kPathOffset) return Addr::Unix("");
  std::string path(address.sun_path, std::min<std::size_t>(size - kPathOffset, kPathRoom));
  if (path[0] == '\0') {
    path[0] = '@';
  } else {
    path.resize(std::min(path.find('\0'), path.size()));
  }
  return Addr::Unix(std::move(path));
}

}  // namespace

std::expected<SocketAddress, std::error_code> ToSocketAddress(const Addr& addr) {
  switch (addr.kind()) {
    case Addr::Kind::kIpv4: return FromIpv4(addr);
    case Addr::Kind::kIpv6: return FromIpv6(addr);
    case Addr::Kind::kUnix: return FromPath(addr.Path());
    case Addr::Kind::kNone: break;
  }
  return std::unexpected(std::make_error_code(std::errc::invalid_argument));
}

Addr FromSocketAddress(const sockaddr_storage& storage, socklen_t size) {
  switch (storage.ss_family) {
    case AF_INET: {
      const auto address = Unwrap<sockaddr_in>(storage);
      Addr::Ipv4Bytes ip;
      std::memcpy(ip.data(), &address.sin_addr, ip.size());
      return Addr::Ipv4(ip, ntohs(address.sin_port));
    }
    case AF_INET6: {
      const auto address = Unwrap<sockaddr_in6>(storage);
      Addr::Ipv6Bytes ip;
      std::memcpy(ip.data(), &address.sin6_addr, ip.size());
      return Addr::Ipv6(ip, ntohs(address.sin6_port), address.sin6_scope_id);
    }
    case AF_UNIX: return PathOf(Unwrap<sockaddr_un>(storage), size);
    default: return Addr();
  }
}

}  // namespace gale::net::internal

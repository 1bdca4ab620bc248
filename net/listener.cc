#include "gale/net/listener.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <string>

#include "gale/net/internal/network.h"
#include "gale/net/internal/resolver.h"
#include "gale/net/internal/socket_address.h"
#include "gale/net/internal/socket_listener.h"
#include "gale/net/internal/syscalls.h"
#include "gale/net/internal/tcp_options.h"

namespace gale::net {
namespace {

using internal::Network;
using internal::SocketAddress;
using internal::UniqueFd;

using Socket = std::expected<UniqueFd, std::error_code>;

std::unexpected<std::error_code> ErrnoCode(int result) {
  return std::unexpected(std::error_code(-result, std::system_category()));
}

// Target is where to listen, and how error messages call it.
struct Target {
  Addr addr;
  bool ipv6_only = false;
  std::string name;
};

// Who else may listen on the same port. The kernel asks both sides, at the time of bind.
enum class Sharing {
  kNone,    // nobody
  kOpened,  // nobody when binding, so that a port in use is found; then those that are kJoined
  kJoined,  // those that are kOpened or kJoined
};

std::unexpected<Error> ListenError(const std::string& network, const Error& error) {
  return std::unexpected(
      Error(error.Code(), "listen " + network + (error.Context().empty() ? "" : ": ") + error.Context()));
}

Addr Wildcard(Network network, std::uint16_t port) {
  const bool use_ipv6 = network == Network::kTcp6 || (network == Network::kTcp && internal::HasDualStack());
  return use_ipv6 ? Addr::Ipv6({}, port) : Addr::Ipv4({}, port);
}

std::expected<Target, Error> TcpTarget(Network network, std::string_view address) {
  std::expected<internal::Endpoint, Error> endpoint = internal::ResolveTcp(network, address);
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  Target target{.addr = {}, .ipv6_only = network == Network::kTcp6, .name = {}};
  if (endpoint->addrs.empty()) {
    target.addr = Wildcard(network, endpoint->port);
    target.name = JoinHostPort("", std::to_string(endpoint->port));
  } else {
    const auto ipv4 = std::find_if(endpoint->addrs.begin(), endpoint->addrs.end(),
                                   [](const Addr& addr) { return addr.kind() == Addr::Kind::kIpv4; });
    target.addr = ipv4 != endpoint->addrs.end() ? *ipv4 : endpoint->addrs.front();
    target.name = target.addr.String();
  }
  return target;
}

std::expected<Target, Error> FindTarget(std::string_view network, std::string_view address) {
  const std::optional<Network> known = internal::ParseNetwork(network);
  if (!known) return std::unexpected(Error(Errc::kUnknownNetwork));
  if (*known == Network::kUnix) return Target{.addr = Addr::Unix(std::string(address)), .name = std::string(address)};
  return TcpTarget(*known, address);
}

// Options that must be set before bind.
int Prepare(int fd, const SocketAddress& address, bool ipv6_only, Sharing sharing) {
  if (address.Family() == AF_UNIX) return 0;
  int result = internal::SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (result == 0 && sharing == Sharing::kJoined) result = internal::SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (result == 0 && address.Family() == AF_INET6) {
    result = internal::SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, ipv6_only ? 1 : 0);
  }
  return result;
}

Socket OpenSocket(const Addr& addr, bool ipv6_only, Sharing sharing) {
  const std::expected<SocketAddress, std::error_code> address = internal::ToSocketAddress(addr);
  if (!address) return std::unexpected(address.error());
  UniqueFd socket(internal::Socket(address->Family(), SOCK_STREAM));
  if (socket.Get() < 0) return ErrnoCode(socket.Get());
  int result = Prepare(socket.Get(), *address, ipv6_only, sharing);
  if (result == 0) result = internal::Bind(socket.Get(), address->Pointer(), address->size);
  if (result == 0 && sharing == Sharing::kOpened) {
    result = internal::SetOption(socket.Get(), SOL_SOCKET, SO_REUSEPORT, 1);
  }
  // Accepted sockets inherit these, which saves the calls for each of them.
  if (result == 0 && address->Family() != AF_UNIX) result = internal::SetTcpDefaults(socket.Get());
  if (result == 0) result = internal::ListenOn(socket.Get(), internal::ListenBacklog());
  if (result < 0) return ErrnoCode(result);
  return socket;
}

Addr BoundAddr(const UniqueFd& socket, const Addr& asked) {
  SocketAddress bound;
  if (internal::LocalName(socket.Get(), bound.Pointer(), &bound.size) < 0) return asked;
  return internal::FromSocketAddress(bound.storage, bound.size);
}

std::expected<std::shared_ptr<Listener>, std::error_code> OpenListener(const Addr& addr, bool ipv6_only,
                                                                       Sharing sharing, std::optional<int> p_id) {
  Socket socket = OpenSocket(addr, ipv6_only, sharing);
  if (!socket) return std::unexpected(socket.error());
  const Addr bound = BoundAddr(*socket, addr);
  auto listener = std::make_shared<internal::SocketListener>(*std::move(socket), bound);
  if (std::error_code error = listener->Register(p_id)) return std::unexpected(error);
  return listener;
}

}  // namespace

std::expected<std::shared_ptr<Listener>, Error> Listen(std::string_view network, std::string_view address) {
  const std::string network_name(network);
  const std::expected<Target, Error> target = FindTarget(network, address);
  if (!target) return ListenError(network_name, target.error());
  std::expected<std::shared_ptr<Listener>, std::error_code> listener =
      OpenListener(target->addr, target->ipv6_only, Sharing::kNone, std::nullopt);
  if (!listener) return std::unexpected(Error(listener.error(), "listen " + network_name + " " + target->name));
  return *std::move(listener);
}

std::expected<std::vector<std::shared_ptr<Listener>>, Error> ListenShards(std::string_view network,
                                                                          std::string_view address, int count) {
  const std::string network_name(network);
  const std::expected<Target, Error> target = FindTarget(network, address);
  if (!target) return ListenError(network_name, target.error());
  if (target->addr.kind() == Addr::Kind::kUnix) count = 1;
  std::vector<std::shared_ptr<Listener>> shards;
  for (int i = 0; i < std::max(count, 1); ++i) {
    // All others bind to the port that the first one got.
    const Sharing sharing = count <= 1 ? Sharing::kNone : i == 0 ? Sharing::kOpened : Sharing::kJoined;
    std::expected<std::shared_ptr<Listener>, std::error_code> shard =
        OpenListener(i == 0 ? target->addr : shards[0]->Address(), target->ipv6_only, sharing, i);
    if (!shard) return std::unexpected(Error(shard.error(), "listen " + network_name + " " + target->name));
    shards.push_back(*std::move(shard));
  }
  return shards;
}

}  // namespace gale::net

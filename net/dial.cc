#include "gale/net/dial.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gale/net/internal/network.h"
#include "gale/net/internal/resolver.h"
#include "gale/net/internal/socket_address.h"
#include "gale/net/internal/socket_conn.h"
#include "gale/net/internal/syscalls.h"
#include "gale/net/internal/tcp_options.h"

namespace gale::net {
namespace {

using internal::Network;
using internal::SocketAddress;
using internal::SocketConn;
using internal::UniqueFd;

using TimePoint = Conn::TimePoint;
using Connected = std::expected<std::shared_ptr<SocketConn>, std::error_code>;

// The least time that one of several addresses gets, if there is so much left.
constexpr std::chrono::seconds kLeastShare{2};

// Where to connect to, and how error messages call it.
struct Target {
  Addr addr;
  std::string name;
};

std::unexpected<std::error_code> ErrnoCode(int result) {
  return std::unexpected(std::error_code(-result, std::system_category()));
}

// Has the kernel connected the socket to itself? It may when the port dialled is free and among those that it gives
// to clients.
bool IsSelfConnected(const SocketConn& conn) {
  return conn.LocalAddr().kind() != Addr::Kind::kUnix && conn.LocalAddr() == conn.RemoteAddr();
}

Connected Connect(const Addr& addr, TimePoint deadline) {
  const std::expected<SocketAddress, std::error_code> address = internal::ToSocketAddress(addr);
  if (!address) return std::unexpected(address.error());
  UniqueFd socket(internal::Socket(address->Family(), SOCK_STREAM));
  if (socket.Get() < 0) return ErrnoCode(socket.Get());
  if (address->Family() != AF_UNIX) {
    if (const int result = internal::SetTcpDefaults(socket.Get()); result < 0) return ErrnoCode(result);
  }
  // Before it is registered: the poller would report a socket that is not yet connecting as closed.
  const int result = internal::Connect(socket.Get(), address->Pointer(), address->size);
  const bool in_progress = result == -EINPROGRESS || result == -EINTR;
  if (result < 0 && !in_progress) return ErrnoCode(result);
  auto conn = std::make_shared<SocketConn>(std::move(socket), SocketConn::Local{Addr(), false}, addr);
  if (std::error_code error = conn->Register()) return std::unexpected(error);
  if (in_progress) {
    conn->SetWriteDeadline(deadline);
    if (std::error_code error = conn->FinishConnect()) return std::unexpected(error);
    conn->SetWriteDeadline(TimePoint());
  }
  conn->FindLocal();
  return conn;
}

// What an attempt met by chance, and another one will hardly meet again.
bool IsChance(const Connected& attempt) {
  if (attempt) return IsSelfConnected(**attempt);
  return attempt.error() == std::error_code(EADDRNOTAVAIL, std::system_category());
}

Connected ConnectRetrying(const Addr& addr, TimePoint deadline) {
  constexpr int kRetries = 2;
  Connected attempt = Connect(addr, deadline);
  for (int i = 0; i < kRetries && IsChance(attempt); ++i) attempt = Connect(addr, deadline);
  return attempt;
}

// The time until which one of `count` addresses may be tried.
TimePoint ShareOf(TimePoint deadline, std::size_t count) {
  if (deadline == TimePoint()) return deadline;
  const TimePoint now = std::chrono::steady_clock::now();
  const auto share = std::max<TimePoint::duration>((deadline - now) / static_cast<int>(count), kLeastShare);
  return std::min(deadline, now + share);
}

std::expected<std::vector<Target>, Error> FindTargets(std::string_view network, std::string_view address,
                                                      std::optional<std::chrono::nanoseconds> timeout) {
  const std::optional<Network> known = internal::ParseNetwork(network);
  if (!known) return std::unexpected(Error(Errc::kUnknownNetwork));
  if (*known == Network::kUnix) return std::vector<Target>{{Addr::Unix(std::string(address)), std::string(address)}};
  std::expected<internal::Endpoint, Error> endpoint = internal::ResolveTcp(*known, address, timeout);
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  std::vector<Target> targets;
  for (const Addr& addr : endpoint->addrs) targets.push_back({addr, addr.String()});
  if (targets.empty()) {
    const std::string_view loopback = *known == Network::kTcp6 ? "::1" : "127.0.0.1";
    targets.push_back({*Addr::ParseIp(loopback, endpoint->port), JoinHostPort("", std::to_string(endpoint->port))});
  }
  return targets;
}

// The end of a time that begins now, or the end of times.
TimePoint After(std::chrono::nanoseconds timeout) {
  const TimePoint now = std::chrono::steady_clock::now();
  return timeout < TimePoint::max() - now ? now + timeout : TimePoint::max();
}

std::expected<std::shared_ptr<Conn>, Error> DialUntil(std::string_view network, std::string_view address,
                                                      std::optional<std::chrono::nanoseconds> timeout) {
  const TimePoint deadline = timeout ? After(*timeout) : TimePoint();
  const std::string context = "dial " + std::string(network);
  const std::expected<std::vector<Target>, Error> targets = FindTargets(network, address, timeout);
  if (!targets) {
    const Error& error = targets.error();
    return std::unexpected(Error(error.Code(), error.Context().empty() ? context : context + ": " + error.Context()));
  }
  std::optional<Error> first_error;
  for (std::size_t i = 0; i < targets->size(); ++i) {
    const Target& target = (*targets)[i];
    Connected conn = ConnectRetrying(target.addr, ShareOf(deadline, targets->size() - i));
    if (conn) return *std::move(conn);
    if (!first_error) first_error = Error(conn.error(), context + " " + target.name);
  }
  return std::unexpected(*std::move(first_error));
}

}  // namespace

std::expected<std::shared_ptr<Conn>, Error> Dial(std::string_view network, std::string_view address) {
  return DialUntil(network, address, std::nullopt);
}

std::expected<std::shared_ptr<Conn>, Error> DialTimeout(std::string_view network, std::string_view address,
                                                        std::chrono::nanoseconds timeout) {
  if (timeout.count() == 0) return DialUntil(network, address, std::nullopt);
  return DialUntil(network, address, timeout);
}

}  // namespace gale::net

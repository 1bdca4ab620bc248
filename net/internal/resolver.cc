#include "gale/net/internal/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "gale/net/internal/on_thread.h"
#include "gale/net/internal/socket_address.h"

namespace gale::net::internal {
namespace {

using Addrs = std::expected<std::vector<Addr>, Error>;
using Port = std::expected<std::uint16_t, Error>;
using Timeout = std::optional<std::chrono::nanoseconds>;

struct Service {
  std::string_view name;
  std::uint16_t port;
};

// What containers without /etc/services must know all the same.
constexpr Service kServices[] = {{"http", 80}, {"https", 443}, {"domain", 53}, {"ssh", 22}, {"smtp", 25}};

bool Accepts(Network network, const Addr& addr) {
  if (network == Network::kTcp4) return addr.kind() == Addr::Kind::kIpv4;
  if (network == Network::kTcp6) return addr.kind() == Addr::Kind::kIpv6;
  return true;
}

std::error_code LookupError(int result, int errno_value, bool is_service) {
  switch (result) {
    case EAI_SYSTEM: return {errno_value, std::system_category()};
    case EAI_MEMORY: return std::make_error_code(std::errc::not_enough_memory);
    case EAI_AGAIN:
    case EAI_FAIL: return Errc::kServerMisbehaving;
    default: return is_service ? Errc::kUnknownPort : Errc::kNoSuchHost;
  }
}

// Blocks the thread. Either of the names may be empty.
Addrs GetAddrInfo(const std::string& host, const std::string& service) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int result =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.empty() ? nullptr : service.c_str(), &hints, &list);
  if (result != 0) return std::unexpected(Error(LookupError(result, errno, host.empty())));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<Addr> addrs;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, info->ai_addr, info->ai_addrlen);
    addrs.push_back(FromSocketAddress(storage, info->ai_addrlen));
  }
  return addrs;
}

Addrs Lookup(std::string host, std::string service, Timeout timeout) {
  const std::string context = "lookup " + (host.empty() ? "tcp/" + service : host);
  const bool has_nul = (host + service).find('\0') != std::string::npos;
  if (has_nul) return std::unexpected(Error(make_error_code(Errc::kNoSuchHost), context));
  Addrs addrs = OnThread<Addrs>(
      [host = std::move(host), service = std::move(service)] { return GetAddrInfo(host, service); }, timeout);
  if (!addrs) return std::unexpected(Error(addrs.error().Code(), context));
  return addrs;
}

Port ParsePort(std::string_view text, Timeout timeout) {
  if (text.empty()) return 0;
  const auto invalid = [&] {
    return std::unexpected(Error(make_error_code(Errc::kInvalidPort), "address " + std::string(text)));
  };
  const bool has_sign = text[0] == '+' || text[0] == '-';
  const std::string_view digits = text.substr(has_sign ? 1 : 0);
  if (!digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos) {
    std::uint16_t port = 0;
    const std::errc error = std::from_chars(digits.data(), digits.data() + digits.size(), port).ec;
    if (error != std::errc() || (text[0] == '-' && port != 0)) return invalid();
    return port;
  }
  for (const Service& service : kServices) {
    if (service.name == text) return service.port;
  }
  const Addrs addrs = Lookup("", std::string(text), timeout);
  if (!addrs) return std::unexpected(addrs.error());
  return addrs->empty() ? 0 : addrs->front().Port();
}

}  // namespace

std::expected<Endpoint, Error> ResolveTcp(Network network, std::string_view address, Timeout timeout) {
  const std::expected<HostPort, Error> parts = SplitHostPort(address);
  if (!parts) return std::unexpected(parts.error());
  const Port port = ParsePort(parts->port, timeout);
  if (!port) return std::unexpected(port.error());
  Endpoint endpoint{.addrs = {}, .port = *port};
  if (parts->host.empty()) return endpoint;
  if (const std::optional<Addr> literal = Addr::ParseIp(parts->host, *port)) {
    endpoint.addrs.push_back(*literal);
  } else {
    Addrs found = Lookup(std::string(parts->host), std::to_string(*port), timeout);
    if (!found) return std::unexpected(std::move(found.error()));
    endpoint.addrs = std::move(*found);
  }
  std::erase_if(endpoint.addrs, [network](const Addr& addr) { return !Accepts(network, addr); });
  if (endpoint.addrs.empty()) {
    return std::unexpected(Error(make_error_code(Errc::kNoSuitableAddress), "address " + std::string(parts->host)));
  }
  return endpoint;
}

}  // namespace gale::net::internal

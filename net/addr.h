// Addr: where one end of a connection is.
//
//   conn->RemoteAddr().String();                // "127.0.0.1:8080", "[::1]:80", "[fe80::1%eth0]:80"
//   listener->Address().Port();                 // the port that ":0" became
//   gale::net::JoinHostPort("::1", "80");       // "[::1]:80"
//   gale::net::SplitHostPort("[::1]:80")->host  // "::1"
//
// Addresses of Unix sockets are paths; one that begins with "@" is in Linux's abstract namespace.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "gale/runtime/error.h"

namespace gale::net {

// Addr is a value: an IP address and a port, or the path of a Unix socket, or nothing.
class Addr {
 public:
  enum class Kind : std::uint8_t { kNone, kIpv4, kIpv6, kUnix };
  using Ipv4Bytes = std::array<std::uint8_t, 4>;
  using Ipv6Bytes = std::array<std::uint8_t, 16>;

  Addr() = default;
  static Addr Ipv4(Ipv4Bytes ip, std::uint16_t port);
  // An IPv4-mapped address (::ffff:127.0.0.1) becomes the IPv4 address. `zone` is the index of the interface that
  // a link-local address belongs to.
  static Addr Ipv6(const Ipv6Bytes& ip, std::uint16_t port, std::uint32_t zone = 0);
  static Addr Unix(std::string path);

  // ParseIp reads a literal IP address, "127.0.0.1", "::1" or "fe80::1%eth0"; nothing else, and never looks up a
  // name. The zone is an interface's name or index.
  static std::optional<Addr> ParseIp(std::string_view literal, std::uint16_t port);

  Kind kind() const { return kind_; }

  // Network is "tcp", "unix" or "".
  std::string_view Network() const;
  // String is the address as Dial and Listen take it, and as Go prints it. "" for no address, "@" for a Unix socket
  // without a name (what a client's is).
  std::string String() const;

  // Ip is the IP address alone, "::1", or "".
  std::string Ip() const;
  std::uint16_t Port() const { return port_; }
  const std::string& Path() const { return path_; }
  // The bytes of an IPv6 address, or in the first four those of an IPv4 address; and the zone.
  const Ipv6Bytes& IpBytes() const { return ip_; }
  std::uint32_t Zone() const { return zone_; }

  // 0.0.0.0 or [::], any port.
  bool IsUnspecified() const;

  friend bool operator==(const Addr&, const Addr&) = default;

 private:
  std::string path_;
  Ipv6Bytes ip_{};
  std::uint32_t zone_ = 0;
  std::uint16_t port_ = 0;
  Kind kind_ = Kind::kNone;
};

// HostPort is what SplitHostPort finds. The views point into its argument.
struct HostPort {
  std::string_view host;  // without brackets; with its zone: "fe80::1%eth0"
  std::string_view port;  // may be a service's name, or empty
};

// SplitHostPort takes "host:port", "[ipv6]:port" or ":port" apart. Errors are those of Go, as "address 1.2.3.4:
// missing port in address"; all are std::errc::invalid_argument. Source: Go's net.SplitHostPort.
std::expected<HostPort, Error> SplitHostPort(std::string_view address);

// JoinHostPort makes "host:port", with brackets around a host that contains a colon.
std::string JoinHostPort(std::string_view host, std::string_view port);

}  // namespace gale::net

#include "gale/net/addr.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>

namespace gale::net {
namespace {

constexpr std::size_t kMappedPrefixSize = 12;
constexpr std::array<std::uint8_t, kMappedPrefixSize> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

void AppendNumber(std::string& text, unsigned value, int base) {
  std::array<char, 12> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  text += std::string_view(digits.data(), end);
}

std::string Ipv4Text(const Addr::Ipv6Bytes& ip) {
  std::string text;
  for (int i = 0; i < 4; ++i) {
    if (i > 0) text += '.';
    AppendNumber(text, ip[static_cast<std::size_t>(i)], 10);
  }
  return text;
}

using Groups = std::array<unsigned, 8>;

struct Run {
  std::size_t begin = 0;
  std::size_t size = 0;
};

// The first of the longest runs of two or more zero groups (RFC 5952 section 4.2).
Run LongestZeroRun(const Groups& groups) {
  Run longest;
  for (std::size_t i = 0; i < groups.size();) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i > std::max<std::size_t>(longest.size, 1)) longest = {i, end - i};
    i = end + 1;
  }
  return longest;
}

std::string Ipv6Text(const Addr::Ipv6Bytes& ip) {
  Groups groups;
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = unsigned{ip[2 * i]} << 8 | ip[2 * i + 1];
  const Run zeros = LongestZeroRun(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size();) {
    if (zeros.size > 0 && i == zeros.begin) {
      text += "::";
      i += zeros.size;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    AppendNumber(text, groups[i++], 16);
  }
  return text;
}

std::string ZoneText(std::uint32_t zone) {
  std::array<char, IF_NAMESIZE> name;
  if (::if_indextoname(zone, name.data()) != nullptr) return name.data();
  return std::to_string(zone);
}

std::optional<std::uint32_t> ParseZone(std::string_view text) {
  std::array<char, IF_NAMESIZE> name{};
  if (text.empty()) return std::nullopt;
  if (text.size() < name.size()) {
    text.copy(name.data(), text.size());
    if (const unsigned index = ::if_nametoindex(name.data()); index != 0) return index;
  }
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return index;
}

std::unexpected<Error> AddressError(Errc code, std::string_view address) {
  return std::unexpected(Error(make_error_code(code), "address " + std::string(address)));
}

}  // namespace

Addr Addr::Ipv4(Ipv4Bytes ip, std::uint16_t port) {
  Addr addr;
  std::copy(ip.begin(), ip.end(), addr.ip_.begin());
  addr.port_ = port;
  addr.kind_ = Kind::kIpv4;
  return addr;
}

Addr Addr::Ipv6(const Ipv6Bytes& ip, std::uint16_t port, std::uint32_t zone) {
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip.begin())) {
    return Ipv4({ip[12], ip[13], ip[14], ip[15]}, port);
  }
  Addr addr;
  addr.ip_ = ip;
  addr.port_ = port;
  addr.zone_ = zone;
  addr.kind_ = Kind::kIpv6;
  return addr;
}

Addr Addr::Unix(std::string path) {
  Addr addr;
  addr.path_ = std::move(path);
  addr.kind_ = Kind::kUnix;
  return addr;
}

std::optional<Addr> Addr::ParseIp(std::string_view literal, std::uint16_t port) {
  const std::size_t percent = literal.find('%');
  const std::string_view ip = literal.substr(0, percent);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (ip.size() >= text.size() || ip.find('\0') != std::string_view::npos) return std::nullopt;
  ip.copy(text.data(), ip.size());
  Ipv4Bytes ipv4;
  if (::inet_pton(AF_INET, text.data(), ipv4.data()) == 1) {
    if (percent != std::string_view::npos) return std::nullopt;
    return Ipv4(ipv4, port);
  }
  Ipv6Bytes ipv6;
  if (::inet_pton(AF_INET6, text.data(), ipv6.data()) != 1) return std::nullopt;
  if (percent == std::string_view::npos) return Ipv6(ipv6, port);
  const std::optional<std::uint32_t> zone = ParseZone(literal.substr(percent + 1));
  if (!zone) return std::nullopt;
  return Ipv6(ipv6, port, *zone);
}

std::string_view Addr::Network() const {
  switch (kind_) {
    case Kind::kIpv4:
    case Kind::kIpv6: return "tcp";
    case Kind::kUnix: return "unix";
    case Kind::kNone: break;
  }
  return "";
}

std::string Addr::Ip() const {
  switch (kind_) {
    case Kind::kIpv4: return Ipv4Text(ip_);
    case Kind::kIpv6: return zone_ == 0 ? Ipv6Text(ip_) : Ipv6Text(ip_) + "%" + ZoneText(zone_);
    case Kind::kUnix:
    case Kind::kNone: break;
  }
  return "";
}

std::string Addr::String() const {
  switch (kind_) {
    case Kind::kIpv4:
    case Kind::kIpv6: return JoinHostPort(Ip(), std::to_string(port_));
    case Kind::kUnix: return path_.empty() ? "@" : path_;
    case Kind::kNone: break;
  }
  return "";
}

bool Addr::IsUnspecified() const {
  const bool is_ip = kind_ == Kind::kIpv4 || kind_ == Kind::kIpv6;
  return is_ip && std::all_of(ip_.begin(), ip_.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::expected<HostPort, Error> SplitHostPort(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return AddressError(Errc::kMissingPort, address);
  HostPort result{address.substr(0, colon), address.substr(colon + 1)};
  std::string_view before_close = address;  // where no further "[" may stand
  std::string_view after_close = address;   // and no further "]"
  if (address[0] == '[') {
    const std::size_t close = address.find(']');
    if (close == std::string_view::npos) return AddressError(Errc::kMissingBracket, address);
    const std::string_view behind = address.substr(close + 1);
    if (behind.empty() || behind[0] != ':') return AddressError(Errc::kMissingPort, address);
    if (close + 1 != colon) return AddressError(Errc::kTooManyColons, address);
    result.host = address.substr(1, close - 1);
    before_close.remove_prefix(1);
    after_close = behind;
  } else if (result.host.find(':') != std::string_view::npos) {
    return AddressError(Errc::kTooManyColons, address);
  }
  if (before_close.find('[') != std::string_view::npos) return AddressError(Errc::kUnexpectedOpen, address);
  if (after_close.find(']') != std::string_view::npos) return AddressError(Errc::kUnexpectedClose, address);
  return result;
}

std::string JoinHostPort(std::string_view host, std::string_view port) {
  const bool needs_brackets = host.find(':') != std::string_view::npos;
  std::string address;
  address.reserve(host.size() + port.size() + 3);
  if (needs_brackets) address += '[';
  address += host;
  if (needs_brackets) address += ']';
  address += ':';
  address += port;
  return address;
}

}  // namespace gale::net

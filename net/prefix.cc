#include "gale/net/prefix.h"

#include <charconv>
#include <utility>

namespace gale::net {
namespace {

bool BitAt(const Addr& addr, int bit) {
  return (addr.IpBytes()[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0;
}

}  // namespace

std::optional<Prefix> Prefix::Parse(std::string_view text) {
  if (text == "unix") return Prefix(Addr::Unix(""), 0);
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  if (ip.find('%') != ip.npos) return std::nullopt;
  std::optional<Addr> addr = Addr::ParseIp(ip, 0);
  if (!addr) return std::nullopt;
  const int size = addr->kind() == Addr::Kind::kIpv4 ? 32 : 128;
  int bits = size;
  if (slash != text.npos) {
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + slash + 1, end, bits);
    if (error != std::errc() || stopped != end || bits < 0 || bits > size) return std::nullopt;
  }
  for (int bit = bits; bit < size; ++bit) {
    if (BitAt(*addr, bit)) return std::nullopt;
  }
  return Prefix(*std::move(addr), bits);
}

bool Prefix::Contains(const Addr& addr) const {
  if (addr.kind() != addr_.kind()) return false;
  for (int bit = 0; bit < bits_; ++bit) {
    if (BitAt(addr, bit) != BitAt(addr_, bit)) return false;
  }
  return true;
}

}  // namespace gale::net

// Prefix: a range of addresses, "10.0.0.0/8".
//
//   auto prefix = gale::net::Prefix::Parse("10.0.0.0/8");
//   prefix->Contains(conn->RemoteAddr());
#pragma once

#include <optional>
#include <string_view>

#include "gale/net/addr.h"

namespace gale::net {

// Prefix is a value. Source: Go's net/netip.Prefix.
class Prefix {
 public:
  // Parse reads "address/bits", or an address alone, which is then the only one; or "unix", all Unix sockets. Bits
  // behind the prefix must be 0. No zones.
  static std::optional<Prefix> Parse(std::string_view text);

  // Contains compares addresses of one family; ports do not matter.
  bool Contains(const Addr& addr) const;

 private:
  Prefix(Addr addr, int bits) : addr_(std::move(addr)), bits_(bits) {}

  Addr addr_;
  int bits_ = 0;
};

}  // namespace gale::net

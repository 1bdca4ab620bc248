// Resolver: from "host:port" to addresses.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "gale/net/addr.h"
#include "gale/net/internal/network.h"
#include "gale/runtime/error.h"

namespace gale::net::internal {

// Endpoint is what an address of Listen or Dial stands for.
struct Endpoint {
  std::vector<Addr> addrs;  // in the order in which to try them; empty if the host was left out
  std::uint16_t port = 0;
};

// ResolveTcp takes the address apart and looks up what is a name. Literal IP addresses, numbers and the commonest
// services ("http") are looked up nowhere; other names are, on a thread of their own, for at most `timeout`.
// Errors: "address 1.2.3.4: missing port in address", "lookup nowhere.invalid: no such host".
std::expected<Endpoint, Error> ResolveTcp(Network network, std::string_view address,
                                          std::optional<std::chrono::nanoseconds> timeout = std::nullopt);

}  // namespace gale::net::internal

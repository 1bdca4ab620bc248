// Dial: make a connection.
//
//   auto conn = gale::net::DialTimeout("tcp", "example.com:80", 5s);
//   if (!conn) std::puts(conn.error().Message().c_str());   // dial tcp 93.184.216.34:80: connection refused
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string_view>

#include "gale/net/conn.h"
#include "gale/runtime/error.h"

namespace gale::net {

// Dial connects to an address of the network "tcp", "tcp4", "tcp6" or "unix": "host:port", as Listen takes it, or a
// path. Without a host it connects to this machine. If the host has several addresses they are tried one after the
// other, and the error is that of the first. The connection has TCP_NODELAY and keep-alive probes, as an accepted one.
std::expected<std::shared_ptr<Conn>, Error> Dial(std::string_view network, std::string_view address);

// DialTimeout is Dial that gives up after the time, the look-up of the name included, with Errc::kTimeout; 0 is no
// limit, as in Go. The time is shared out among several addresses, so that one that does not answer leaves some for
// the others.
std::expected<std::shared_ptr<Conn>, Error> DialTimeout(std::string_view network, std::string_view address,
                                                        std::chrono::nanoseconds timeout);

}  // namespace gale::net

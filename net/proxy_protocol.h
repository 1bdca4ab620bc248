// The PROXY protocol: how a load balancer that only passes bytes on tells whose bytes they are.
//
//   auto conn = gale::net::ReadProxyHeader(*accepted, deadline);
//   if (!conn) ...                                  // not what a proxy sends: close it
//   (*conn)->RemoteAddr();                          // the client's
//
// Only for connections from proxies that one trusts: anybody else could claim any address.
// Source: the PROXY protocol's specification, versions 1 and 2 (haproxy.org).
#pragma once

#include <cstddef>
#include <expected>
#include <memory>

#include "gale/net/conn.h"
#include "gale/runtime/error.h"

namespace gale::net {

// Longer headers of version 2 are refused. Its limit is 64 KiB, but what proxies send is some hundred bytes.
inline constexpr std::size_t kMostProxyHeader = 4096;

// ReadProxyHeader reads a header of either version, and nothing beyond it, until `deadline` at the latest. It returns
// the connection with the client's and the server's addresses as the proxy saw them; the connection itself where the
// header has none (a health check of the proxy's own). Fails with std::errc::protocol_error if there is no header or a
// malformed one. The read deadline is none afterwards.
std::expected<std::shared_ptr<Conn>, Error> ReadProxyHeader(std::shared_ptr<Conn> conn, Conn::TimePoint deadline);

}  // namespace gale::net

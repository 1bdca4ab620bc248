// Listener: where connections arrive.
//
//   auto listener = gale::net::Listen("tcp", ":8080");
//   if (!listener) return listener.error();      // listen tcp :8080: address already in use
//   gale::net::AcceptBackoff backoff;
//   for (;;) {
//     auto conn = (*listener)->Accept();
//     if (!conn && gale::net::IsTemporary(conn.error())) { gale::Sleep(backoff.Next()); continue; }
//     if (!conn) break;                          // the listener was closed
//     backoff.Reset();
//     gale::Go([conn = *std::move(conn)] { Serve(*conn); });
//   }
#pragma once

#include <expected>
#include <memory>
#include <string_view>
#include <vector>

#include "gale/net/accept_backoff.h"
#include "gale/net/addr.h"
#include "gale/net/conn.h"
#include "gale/runtime/error.h"

namespace gale::net {

// Listener is shared by std::shared_ptr; dropping the last one closes it. All methods may be called from many
// goroutines and plain threads at once.
class Listener {
 public:
  virtual ~Listener() = default;

  // Accept waits for a connection. After Close it fails with Errc::kClosed. If IsTemporary(error), trying again
  // later may succeed. Connections that broke before they were accepted are passed over.
  virtual std::expected<std::shared_ptr<Conn>, Error> Accept() = 0;

  // Close wakes those who wait in Accept, and removes a Unix socket's file. Connections that the kernel has made but
  // nobody has accepted are reset; accepted ones live on.
  virtual Error Close() = 0;

  // Address is where the listener listens; its port is the real one if 0 was asked for.
  virtual const Addr& Address() const = 0;
};

// Listen listens on an address of the network "tcp", "tcp4", "tcp6" or "unix".
//
// A TCP address is "host:port". The host is a literal IP address, [in brackets] for IPv6; or a name, of whose
// addresses an IPv4 one is preferred; or left out, for all interfaces. The port is a number, 0 for any free one, or
// the name of a service. With "tcp", ":80" and "[::]:80" take IPv4 connections too where the machine can do that;
// "0.0.0.0:80" takes only those (Go takes it for ":80").
//
// A Unix address is a path, or "@name" in the abstract namespace. The file must not exist.
//
// Sockets have SO_REUSEADDR and the longest backlog that the kernel allows; accepted connections have TCP_NODELAY
// and keep-alive probes after 15 s of silence, 9 of them, 15 s apart.
std::expected<std::shared_ptr<Listener>, Error> Listen(std::string_view network, std::string_view address);

// ListenShards makes `count` listeners on one TCP address, among which the kernel spreads the connections, and
// registers the i-th with the poller of the i-th P: connections that are accepted there are served there. Fails like
// Listen if anybody else listens on the address, even another Gale. A Unix address gets one listener.
//
// The shards belong together: the connections that wait at one of them are reset when it is closed.
std::expected<std::vector<std::shared_ptr<Listener>>, Error> ListenShards(std::string_view network,
                                                                          std::string_view address, int count);

}  // namespace gale::net

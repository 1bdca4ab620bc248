// Pipe: two ends of a connection in memory, which needs no socket and no port.
//
//   auto [client, server] = gale::net::Pipe();
//   gale::Go([server = server] { Serve(*server); });
//   (void)client->Write("hello");
//
// and with a listener, for what accepts connections:
//
//   auto listener = std::make_shared<gale::net::PipeListener>();
//   gale::Go([listener] { (void)server.Serve(listener); });
//   std::shared_ptr<gale::net::Conn> client = *listener->Dial();
//
// In a bubble of testing/synctest.h waiting on such a connection is durable and its deadlines follow the bubble's
// clock: whole protocols can be tested there, timeouts and all, without waiting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <utility>

#include "gale/net/addr.h"
#include "gale/net/conn.h"
#include "gale/net/listener.h"
#include "gale/runtime/cond.h"
#include "gale/runtime/error.h"
#include "gale/runtime/mutex.h"

namespace gale::net {

// PipeOptions of Pipe.
struct PipeOptions {
  // How many bytes may be on the way in each direction: Write waits when there are more. (Go's net.Pipe has no buffer.)
  std::size_t buffer = 64 * 1024;
  // The addresses of the two ends.
  Addr first = {};
  Addr second = {};
};

// Pipe returns the two ends. They do all that a Conn does: deadlines, to the nanosecond, CloseWrite,
// CancelOnPeerClosed. Once an end is closed, the other one reads what was written before, then EOF, and its Writes fail
// with std::errc::broken_pipe. Source: Go's net.Pipe.
std::pair<std::shared_ptr<Conn>, std::shared_ptr<Conn>> Pipe(const PipeOptions& options = {});

// PipeListener accepts the connections that Dial makes. Any number may wait to be accepted. Goroutine- and thread-safe.
class PipeListener final : public Listener {
 public:
  // The address is 192.0.2.1:80, of a network that is for documentation only.
  PipeListener() = default;
  ~PipeListener() override { (void)Close(); }

  // Dial makes a connection and returns the client's end; its address is 192.0.2.2 with a port that counts up. Does not
  // wait. After Close it fails with std::errc::connection_refused.
  std::expected<std::shared_ptr<Conn>, Error> Dial(std::size_t buffer = PipeOptions().buffer);

  std::expected<std::shared_ptr<Conn>, Error> Accept() override;
  Error Close() override;
  const Addr& Address() const override { return address_; }

 private:
  const Addr address_ = Addr::Ipv4({192, 0, 2, 1}, 80);
  Mutex mutex_;
  Cond changed_;
  bool closed_ = false;
  std::uint16_t last_port_ = 10'000;
  std::deque<std::shared_ptr<Conn>> waiting_;
};

}  // namespace gale::net

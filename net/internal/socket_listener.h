// SocketListener: a Listener on a TCP or Unix socket.
#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <optional>
#include <system_error>

#include "gale/net/addr.h"
#include "gale/net/internal/fd.h"
#include "gale/net/listener.h"

namespace gale::net::internal {

class SocketListener final : public Listener {
 public:
  // Takes a socket that listens. removes_file: whether Close removes the file of a Unix socket.
  SocketListener(UniqueFd socket, Addr address, bool removes_file = true)
      : fd_(std::move(socket)), address_(std::move(address)), unlinked_(!removes_file) {}
  ~SocketListener() override { (void)Close(); }

  // Register enters the socket into the poller of the calling goroutine's P, or of the P that is given.
  std::error_code Register(std::optional<int> p_id) { return fd_.Register(p_id); }

  std::expected<std::shared_ptr<Conn>, Error> Accept() override;
  Error Close() override;
  const Addr& Address() const override { return address_; }

 private:
  Error Failed(std::string_view operation, std::error_code code) const;

  FD fd_;
  const Addr address_;
  std::atomic<bool> unlinked_;  // or never to be
};

}  // namespace gale::net::internal

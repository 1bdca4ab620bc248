// SocketConn: a Conn on a TCP or Unix socket: FD, with addresses and sentences added.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <span>
#include <string_view>
#include <system_error>

#include "gale/net/addr.h"
#include "gale/net/conn.h"
#include "gale/net/internal/fd.h"

namespace gale::net::internal {

class SocketConn final : public Conn {
 public:
  // What is known of the own address: the address itself, or, if `is_exact` is false, that of the listener.
  struct Local {
    Addr addr;
    bool is_exact;
  };

  SocketConn(UniqueFd socket, Local local, Addr remote)
      : fd_(std::move(socket)), local_(std::move(local)), remote_(std::move(remote)) {}

  // Register enters the socket into the poller; before anything else.
  std::error_code Register() { return fd_.Register(); }
  // FinishConnect waits for a connection that is being made, until the write deadline.
  std::error_code FinishConnect() { return fd_.FinishConnect(); }
  // FindLocal asks for the own address once and for all, before the connection is shared.
  void FindLocal();

  std::expected<std::size_t, Error> Read(std::span<char> buffer) override;
  std::expected<std::size_t, Error> Write(std::string_view data) override;
  std::expected<std::size_t, Error> Writev(std::span<const std::string_view> pieces) override;
  std::expected<std::int64_t, Error> SendFile(int file, std::int64_t offset, std::int64_t count) override;
  Error Close() override;
  Error CloseWrite() override;
  void SetReadDeadline(TimePoint deadline) override;
  void SetWriteDeadline(TimePoint deadline) override;
  Addr LocalAddr() const override;
  Addr RemoteAddr() const override { return remote_; }
  Error WaitReadable() override;
  bool GoWhenReadable(std::function<void(Error)> function) override;
  bool PeerClosed() const override { return fd_.PeerClosed(); }
  void CancelOnPeerClosed(const CancelFunc& cancel) override;

 private:
  // "read tcp local->remote", built only when something has gone wrong.
  Error Failed(std::string_view operation, std::error_code code) const;
  std::expected<std::size_t, Error> WithContext(std::string_view operation, const FD::Size& result) const;

  mutable FD fd_;
  Local local_;
  const Addr remote_;
};

}  // namespace gale::net::internal

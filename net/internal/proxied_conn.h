// ProxiedConn: a connection under other addresses.
#pragma once

#include <memory>
#include <utility>

#include "gale/net/conn.h"

namespace gale::net::internal {

class ProxiedConn final : public Conn {
 public:
  ProxiedConn(std::shared_ptr<Conn> conn, Addr local, Addr remote)
      : conn_(std::move(conn)), local_(std::move(local)), remote_(std::move(remote)) {}

  std::expected<std::size_t, Error> Read(std::span<char> buffer) override { return conn_->Read(buffer); }
  std::expected<std::size_t, Error> Write(std::string_view data) override { return conn_->Write(data); }
  std::expected<std::size_t, Error> Writev(std::span<const std::string_view> pieces) override {
    return conn_->Writev(pieces);
  }
  std::expected<std::int64_t, Error> SendFile(int file, std::int64_t offset, std::int64_t count) override {
    return conn_->SendFile(file, offset, count);
  }
  Error Close() override { return conn_->Close(); }
  Error CloseWrite() override { return conn_->CloseWrite(); }
  void SetReadDeadline(TimePoint deadline) override { conn_->SetReadDeadline(deadline); }
  void SetWriteDeadline(TimePoint deadline) override { conn_->SetWriteDeadline(deadline); }
  Addr LocalAddr() const override { return local_; }
  Addr RemoteAddr() const override { return remote_; }
  Error WaitReadable() override { return conn_->WaitReadable(); }
  bool GoWhenReadable(std::function<void(Error)> function) override {
    return conn_->GoWhenReadable(std::move(function));
  }
  bool PeerClosed() const override { return conn_->PeerClosed(); }
  void CancelOnPeerClosed(const CancelFunc& cancel) override { conn_->CancelOnPeerClosed(cancel); }

 private:
  const std::shared_ptr<Conn> conn_;
  const Addr local_, remote_;
};

}  // namespace gale::net::internal

#include "gale/net/pipe.h"

#include <atomic>
#include <mutex>
#include <string>

#include "gale/net/internal/pipe_stream.h"
#include "gale/runtime/context.h"

namespace gale::net {
namespace {

using internal::PipeStream;

class PipeConn final : public Conn {
 public:
  PipeConn(std::shared_ptr<PipeStream> in, std::shared_ptr<PipeStream> out, Addr local, Addr remote)
      : in_(std::move(in)), out_(std::move(out)), local_(std::move(local)), remote_(std::move(remote)) {}
  ~PipeConn() override { (void)Close(); }

  std::expected<std::size_t, Error> Read(std::span<char> buffer) override {
    return Described("read", in_->Read(buffer));
  }
  std::expected<std::size_t, Error> Write(std::string_view data) override {
    return Described("write", out_->Write(data));
  }
  Error Close() override {
    if (closed_.exchange(true, std::memory_order_relaxed)) return Failed("close", Errc::kClosed);
    out_->CloseWriter();
    in_->CloseReader();
    return {};
  }
  Error CloseWrite() override {
    out_->EndWriting();
    return {};
  }
  void SetReadDeadline(TimePoint deadline) override { in_->SetReadDeadline(deadline); }
  void SetWriteDeadline(TimePoint deadline) override { out_->SetWriteDeadline(deadline); }
  Addr LocalAddr() const override { return local_; }
  Addr RemoteAddr() const override { return remote_; }
  Error WaitReadable() override { return Failed("read", in_->WaitReadable()); }
  bool PeerClosed() const override { return in_->HasEnded(); }
  void CancelOnPeerClosed(const CancelFunc& cancel) override { in_->CancelOnEnd(cancel); }

 private:
  static Error Failed(std::string_view operation, std::error_code code) {
    if (!code || code == Errc::kEof) return code;
    return Error(code, std::string(operation) + " pipe");
  }
  static std::expected<std::size_t, Error> Described(std::string_view operation, const PipeStream::Size& size) {
    if (size) return *size;
    return std::unexpected(Failed(operation, size.error()));
  }

  const std::shared_ptr<PipeStream> in_, out_;
  const Addr local_, remote_;
  std::atomic<bool> closed_{false};
};

}  // namespace

std::pair<std::shared_ptr<Conn>, std::shared_ptr<Conn>> Pipe(const PipeOptions& options) {
  auto there = std::make_shared<PipeStream>(options.buffer);
  auto back = std::make_shared<PipeStream>(options.buffer);
  return {std::make_shared<PipeConn>(back, there, options.first, options.second),
          std::make_shared<PipeConn>(there, back, options.second, options.first)};
}

std::expected<std::shared_ptr<Conn>, Error> PipeListener::Dial(std::size_t buffer) {
  MutexLock lock(mutex_);
  if (closed_) {
    return std::unexpected(Error(std::make_error_code(std::errc::connection_refused), "dial pipe"));
  }
  auto [client, server] =
      Pipe({.buffer = buffer, .first = Addr::Ipv4({192, 0, 2, 2}, ++last_port_), .second = address_});
  waiting_.push_back(std::move(server));
  changed_.Signal();
  return client;
}

std::expected<std::shared_ptr<Conn>, Error> PipeListener::Accept() {
  std::unique_lock lock(mutex_);
  while (waiting_.empty() && !closed_) changed_.Wait(lock);
  if (closed_) return std::unexpected(Error(Errc::kClosed, "accept pipe"));
  auto conn = std::move(waiting_.front());
  waiting_.pop_front();
  return conn;
}

Error PipeListener::Close() {
  std::deque<std::shared_ptr<Conn>> waiting;
  MutexLock lock(mutex_);
  if (closed_) return Error(Errc::kClosed, "close pipe");
  closed_ = true;
  waiting.swap(waiting_);
  changed_.Broadcast();
  return {};
}

}  // namespace gale::net

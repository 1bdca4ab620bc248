#include "gale/net/internal/socket_conn.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "gale/net/copy_file.h"
#include "gale/net/internal/socket_address.h"
#include "gale/runtime/context.h"
#include "gale/runtime/internal/bubble.h"

namespace gale::net::internal {
namespace {

// steady_clock counts nanoseconds of CLOCK_MONOTONIC, as the poller does; 0 is no deadline for both.
std::int64_t Nanoseconds(Conn::TimePoint time) {
  if (time == Conn::TimePoint()) return 0;
  const auto since_boot = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  return std::max<std::int64_t>(since_boot.count(), 1);
}

}  // namespace

void SocketConn::FindLocal() { local_ = {LocalAddr(), true}; }

std::expected<std::size_t, Error> SocketConn::WithContext(std::string_view operation, const FD::Size& result) const {
  if (result) [[likely]] {
    return *result;
  }
  return std::unexpected(Failed(operation, result.error()));
}

std::expected<std::size_t, Error> SocketConn::Read(std::span<char> buffer) {
  return WithContext("read", fd_.Read(buffer));
}

std::expected<std::size_t, Error> SocketConn::Write(std::string_view data) {
  return WithContext("write", fd_.Write(data));
}

std::expected<std::size_t, Error> SocketConn::Writev(std::span<const std::string_view> pieces) {
  return WithContext("write", fd_.Writev(pieces));
}

std::expected<std::int64_t, Error> SocketConn::SendFile(int file, std::int64_t offset, std::int64_t count) {
  auto sent = fd_.SendFile(file, offset, count);
  if (sent) return *sent;
  if (sent.error() == std::errc::invalid_argument || sent.error() == std::errc::function_not_supported) {
    return CopyFile(*this, file, offset, count);
  }
  return std::unexpected(Failed("write", sent.error()));
}

Error SocketConn::WaitReadable() { return Failed("read", fd_.WaitReadable()); }

bool SocketConn::GoWhenReadable(std::function<void(Error)> function) {
  // The poller is outside the bubble: what it starts would be, too.
  if (gale::internal::CurrentBubble() != nullptr) return false;
  struct Waiter final : FD::DetachedReader {
    Waiter(const SocketConn& conn_given, std::function<void(Error)> function_given)
        : conn(conn_given), function(std::move(function_given)) {}
    void Run(std::error_code code) override { function(conn.Failed("read", code)); }

    const SocketConn& conn;
    const std::function<void(Error)> function;
  };
  fd_.GoWhenReadable(std::make_unique<Waiter>(*this, std::move(function)));
  return true;
}

Error SocketConn::Close() { return Failed("close", fd_.Close()); }

Error SocketConn::CloseWrite() { return Failed("close", fd_.Shutdown(SHUT_WR)); }

void SocketConn::SetReadDeadline(TimePoint deadline) { fd_.SetDeadline(PollMode::kRead, Nanoseconds(deadline)); }

void SocketConn::SetWriteDeadline(TimePoint deadline) { fd_.SetDeadline(PollMode::kWrite, Nanoseconds(deadline)); }

void SocketConn::CancelOnPeerClosed(const CancelFunc& cancel) {
  // The poller is outside the bubble, from where nothing that belongs to it may be touched.
  if (gale::internal::CurrentBubble() == nullptr) fd_.Watch(cancel.Handle());
}

Addr SocketConn::LocalAddr() const {
  if (local_.is_exact) return local_.addr;
  sockaddr_storage address;
  const socklen_t size = fd_.LocalName(address);
  return size == 0 ? local_.addr : FromSocketAddress(address, size);
}

Error SocketConn::Failed(std::string_view operation, std::error_code code) const {
  if (!code) return {};
  if (code == Errc::kEof) return code;
  std::string context(operation);
  context += ' ';
  context += remote_.Network();
  context += ' ';
  context += LocalAddr().String();
  context += "->";
  context += remote_.String();
  return Error(code, std::move(context));
}

}  // namespace gale::net::internal

#include "gale/net/internal/fd.h"

#include <limits.h>

#include <array>
#include <cerrno>
#include <utility>

#include "gale/net/internal/syscalls.h"
#include "gale/runtime/error.h"
#include "gale/runtime/go.h"
#include "gale/runtime/wait_reason.h"

namespace gale::net::internal {
namespace {

using gale::internal::PollDesc;
using gale::internal::PollResult;

std::error_code ErrnoCode(long negative_errno) { return {static_cast<int>(-negative_errno), std::system_category()}; }

std::error_code CodeOf(PollResult result) {
  switch (result) {
    case PollResult::kReady: return {};
    case PollResult::kTimeout: return Errc::kTimeout;
    case PollResult::kClosing: return Errc::kClosed;
  }
  return {};
}

FdMutex::Side SideOf(PollMode mode) { return mode == PollMode::kRead ? FdMutex::kRead : FdMutex::kWrite; }

// What accept reports although it concerns only the connection that was to be accepted, not the listener: accept(2)
// lists them under "Error handling".
bool ConcernsOneConnection(int result) {
  switch (-result) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH: return true;
    default: return false;
  }
}

}  // namespace

// Locked is the use of one direction while it is in scope.
class FD::Locked {
 public:
  Locked(FD& fd, PollMode mode) : fd_(fd), side_(SideOf(mode)), locked_(fd.mutex_.Lock(side_)) {}
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() {
    if (locked_ && fd_.mutex_.Unlock(side_)) fd_.Destroy();
  }
  explicit operator bool() const { return locked_; }

 private:
  FD& fd_;
  const FdMutex::Side side_;
  const bool locked_;
};

FD::~FD() { (void)Close(); }

std::error_code FD::Register(std::optional<int> p_id) {
  std::expected<PollDesc*, int> poll = p_id ? PollDesc::OpenOn(fd_, *p_id) : PollDesc::Open(fd_);
  if (!poll) return ErrnoCode(-poll.error());
  poll_ = *poll;
  return {};
}

std::error_code FD::Prepare(PollMode mode) const { return CodeOf(poll_->Prepare(mode)); }

std::error_code FD::Wait(PollMode mode) { return CodeOf(poll_->Wait(mode)); }

// The only place where a reader waits. The edge that ends the Wait, or that came together with its deadline, is used
// up now.
std::error_code FD::WaitForBytes() {
  drained_ = false;
  return Wait(PollMode::kRead);
}

FD::Size FD::Read(std::span<char> buffer) {
  if (buffer.empty()) return 0;
  const Locked locked(*this, PollMode::kRead);
  if (!locked) return std::unexpected(Errc::kClosed);
  if (std::error_code error = Prepare(PollMode::kRead)) return std::unexpected(error);
  for (;;) {
    if (!drained_ || poll_->PeerClosed()) {
      const ssize_t n = Receive(fd_, buffer.data(), buffer.size());
      if (n > 0) {
        drained_ = static_cast<std::size_t>(n) < buffer.size();
        return static_cast<std::size_t>(n);
      }
      if (n == 0) return std::unexpected(Errc::kEof);
      if (n != -EAGAIN) return std::unexpected(ErrnoCode(n));
    }
    if (std::error_code error = WaitForBytes()) return std::unexpected(error);
  }
}

std::error_code FD::WaitReadable() {
  const Locked locked(*this, PollMode::kRead);
  if (!locked) return Errc::kClosed;
  std::error_code error;
  return MustWaitForBytes(error) ? WaitForBytes() : error;
}

// MustWaitForBytes returns false if a Read would not wait, or with an error. By the reader.
bool FD::MustWaitForBytes(std::error_code& error) {
  error = Prepare(PollMode::kRead);
  if (error) return false;
  if (drained_ && !poll_->PeerClosed()) return true;
  char byte;
  return Peek(fd_, &byte, 1) == -EAGAIN;  // otherwise bytes, the end, or an error: a Read will tell
}

void FD::GoWhenReadable(std::unique_ptr<DetachedReader> reader) {
  std::error_code error = Errc::kClosed;
  if (mutex_.Lock(FdMutex::kRead)) {
    if (MustWaitForBytes(error)) {
      drained_ = false;  // as in WaitForBytes
      reader->fd_ = this;
      return poll_->WaitDetached(PollMode::kRead, reader.release());
    }
    if (mutex_.Unlock(FdMutex::kRead)) Destroy();
  }
  gale::Go([reader = std::move(reader), error] { reader->Run(error); });
}

void FD::DetachedReader::Resume(DetachedWait* wait) {
  const std::unique_ptr<DetachedReader> self(static_cast<DetachedReader*>(wait));
  FD& fd = *self->fd_;
  const std::error_code result = CodeOf(fd.poll_->EndDetachedWait(PollMode::kRead));
  if (fd.mutex_.Unlock(FdMutex::kRead)) fd.Destroy();
  self->Run(result);
}

FD::Size FD::Write(std::string_view data) {
  const Locked locked(*this, PollMode::kWrite);
  if (!locked) return std::unexpected(Errc::kClosed);
  if (std::error_code error = Prepare(PollMode::kWrite)) return std::unexpected(error);
  std::size_t written = 0;
  while (written < data.size()) {
    const ssize_t n = Send(fd_, data.data() + written, data.size() - written);
    if (n >= 0) {
      written += static_cast<std::size_t>(n);
    } else if (n != -EAGAIN) {
      return std::unexpected(ErrnoCode(n));
    } else if (std::error_code error = Wait(PollMode::kWrite)) {
      return std::unexpected(error);
    }
  }
  return written;
}

FD::Size FD::Writev(std::span<const std::string_view> pieces) {
  const Locked locked(*this, PollMode::kWrite);
  if (!locked) return std::unexpected(Errc::kClosed);
  if (std::error_code error = Prepare(PollMode::kWrite)) return std::unexpected(error);
  return SendAll(pieces);
}

std::expected<std::int64_t, std::error_code> FD::SendFile(int file, std::int64_t offset, std::int64_t count) {
  const Locked locked(*this, PollMode::kWrite);
  if (!locked) return std::unexpected(Errc::kClosed);
  if (std::error_code error = Prepare(PollMode::kWrite)) return std::unexpected(error);
  std::int64_t sent = 0;
  while (sent < count) {
    const ssize_t n = internal::SendFile(fd_, file, offset + sent, static_cast<std::size_t>(count - sent));
    if (n == 0) break;
    if (n > 0) {
      sent += n;
    } else if (n != -EAGAIN) {
      return std::unexpected(ErrnoCode(n));
    } else if (std::error_code error = Wait(PollMode::kWrite)) {
      return std::unexpected(error);
    }
  }
  return sent;
}

FD::Size FD::SendAll(std::span<const std::string_view> pieces) {
  constexpr std::size_t kBatch = 64;  // 1 KiB of a goroutine's stack
  static_assert(kBatch <= IOV_MAX);
  std::array<iovec, kBatch> batch;
  std::size_t written = 0;
  std::size_t offset = 0;  // in pieces[0]
  while (!pieces.empty()) {
    std::size_t count = 0;
    std::size_t used = 0;
    for (; used < pieces.size() && count < kBatch; ++used) {
      const std::string_view piece = pieces[used].substr(used == 0 ? offset : 0);
      if (!piece.empty()) batch[count++] = {const_cast<char*>(piece.data()), piece.size()};
    }
    if (count == 0) break;
    const ssize_t n = SendPieces(fd_, std::span(batch.data(), count), used < pieces.size());
    if (n == -EAGAIN) {
      if (std::error_code error = Wait(PollMode::kWrite)) return std::unexpected(error);
      continue;
    }
    if (n < 0) return std::unexpected(ErrnoCode(n));
    written += static_cast<std::size_t>(n);
    offset += static_cast<std::size_t>(n);
    for (; !pieces.empty() && offset >= pieces[0].size(); pieces = pieces.subspan(1)) offset -= pieces[0].size();
  }
  return written;
}

std::expected<FD::Accepted, std::error_code> FD::Accept() {
  const Locked locked(*this, PollMode::kRead);
  if (!locked) return std::unexpected(Errc::kClosed);
  if (std::error_code error = Prepare(PollMode::kRead)) return std::unexpected(error);
  for (;;) {
    Accepted accepted{.socket = UniqueFd(), .address = {}, .size = sizeof(accepted.address)};
    const int fd = internal::Accept(fd_, reinterpret_cast<sockaddr*>(&accepted.address), &accepted.size);
    if (fd >= 0) {
      accepted.socket = UniqueFd(fd);
      return accepted;
    }
    if (ConcernsOneConnection(fd)) continue;
    if (fd != -EAGAIN) return std::unexpected(ErrnoCode(fd));
    if (std::error_code error = Wait(PollMode::kRead)) return std::unexpected(error);
  }
}

std::error_code FD::FinishConnect() {
  const Locked locked(*this, PollMode::kWrite);
  if (!locked) return Errc::kClosed;
  for (;;) {
    if (std::error_code error = Wait(PollMode::kWrite)) return error;
    if (const int error = PendingError(fd_); error != 0) return ErrnoCode(-error);
    // No error yet is no success yet if the waking was spurious: only a connected socket has a peer.
    sockaddr_storage peer;
    socklen_t size = sizeof(peer);
    if (PeerName(fd_, reinterpret_cast<sockaddr*>(&peer), &size) == 0) return {};
  }
}

std::error_code FD::Shutdown(int how) {
  if (!mutex_.Use()) return Errc::kClosed;
  const int result = internal::Shutdown(fd_, how);
  if (mutex_.Leave()) Destroy();
  return result < 0 ? ErrnoCode(result) : std::error_code();
}

socklen_t FD::LocalName(sockaddr_storage& address) {
  if (!mutex_.Use()) return 0;
  socklen_t size = sizeof(address);
  const int result = internal::LocalName(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  if (mutex_.Leave()) Destroy();
  return result < 0 ? 0 : size;
}

void FD::SetDeadline(PollMode mode, std::int64_t nanoseconds) {
  if (!mutex_.Use()) return;
  poll_->SetDeadline(mode, nanoseconds);
  if (mutex_.Leave()) Destroy();
}

bool FD::PeerClosed() {
  if (!mutex_.Use()) return true;
  const bool closed = poll_->PeerClosed();
  if (mutex_.Leave()) Destroy();
  return closed;
}

void FD::Watch(const gale::internal::ContextHandle& context) {
  if (!mutex_.Use()) {
    if (auto* node = context.Canceler()) node->Cancel(Errc::kCanceled, Errc::kCanceled);
    return;
  }
  // PeerClosed is a hint. Who is just closing will cancel the context, too.
  if (poll_->Watch(context) && HasHungUp(fd_)) poll_->CancelWatched();
  if (mutex_.Leave()) Destroy();
}

std::error_code FD::Close() {
  if (!mutex_.Close()) return Errc::kClosed;
  if (poll_ != nullptr) poll_->Evict();
  if (mutex_.Leave()) {
    Destroy();
  }
  // Soon: nobody waits any more, and whoever is in a system call comes back from it at once.
  destroyed_.Acquire(WaitReason::kFdMutex);
  return close_error_;
}

// By the last user after Close. Out of the poller first: otherwise an event could come for the number's next owner.
void FD::Destroy() {
  if (poll_ != nullptr) poll_->Close();
  if (const int result = internal::Close(fd_); result < 0) close_error_ = ErrnoCode(result);
  destroyed_.Release();
}

}  // namespace gale::net::internal

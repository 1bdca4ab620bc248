// FD: a stream socket that goroutines read, write and close.
//
// Three things come together here: the system calls (syscalls.h), the poller on which a goroutine parks
// (runtime/internal/poll_desc.h), and the lock that tells who may use the descriptor (fd_mutex.h). FD knows no
// addresses and says no sentences; its errors are bare codes, to which SocketConn adds what was tried on what.
//
// Every operation first tries the system call and parks when the kernel says EAGAIN. One call is saved: a read that
// returned fewer bytes than it had room for has emptied the socket (it is *drained*), so the next read parks at once
// instead of asking first. With edge-triggered epoll that is safe as long as nothing can have come without an edge:
//
//   * Bytes that arrive after the short read make an edge. Wait finds it even if it came before the goroutine parked.
//   * The end of the stream makes an edge too, but that edge may be the very one that announced the last bytes. Then
//     the short read is not the end. PollDesc remembers having seen it, so a socket whose peer has closed is never
//     taken for drained.
//   * An edge that a Wait has used up must be followed by a read. So nothing is drained any more after a Wait, even
//     one that ended with a timeout.
//
// What does cut a read short without draining the socket is urgent data (TCP) and descriptors that are passed along
// (Unix sockets). Gale takes part in neither; a peer that sends such things waits until its next bytes.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

#include "gale/net/internal/fd_mutex.h"
#include "gale/net/internal/unique_fd.h"
#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/internal/semaphore.h"

namespace gale::net::internal {

using gale::internal::PollMode;

// FD owns one descriptor. One reader and one writer at a time proceed in parallel, others of their kind wait their
// turn; everything else may be called at any time from anywhere. Once Close was called, everything fails with
// Errc::kClosed. The object must outlive all calls.
class FD {
 public:
  using Size = std::expected<std::size_t, std::error_code>;

  // Takes a non-blocking socket. Register must be called before anything that may wait.
  explicit FD(UniqueFd socket) : fd_(socket.Release()) {}
  FD(const FD&) = delete;
  FD& operator=(const FD&) = delete;
  ~FD();

  // Register enters the socket into the poller: of the calling goroutine's P, or of the P that is given.
  std::error_code Register(std::optional<int> p_id = std::nullopt);

  // Read waits for bytes and returns how many it stored; Errc::kEof at the end of the stream. Nothing for an empty
  // buffer.
  Size Read(std::span<char> buffer);
  // WaitReadable waits until a Read will not wait. Seldom it returns too early, and the Read waits after all.
  std::error_code WaitReadable();

  // DetachedReader is somebody who waits for bytes without a goroutine.
  class DetachedReader : gale::internal::DetachedWait {
   public:
    DetachedReader() : DetachedWait{&Resume} {}
    virtual ~DetachedReader() = default;
    virtual void Run(std::error_code result) = 0;

   private:
    friend class FD;
    static void Resume(DetachedWait* wait);
    FD* fd_ = nullptr;
  };
  // GoWhenReadable starts a goroutine that calls reader->Run with WaitReadable's result when it is there. Until then no
  // goroutine waits, and the read lock is held. `reader` must keep the FD alive.
  void GoWhenReadable(std::unique_ptr<DetachedReader> reader);

  // Write and Writev wait until the kernel has taken everything, and return how much that was.
  Size Write(std::string_view data);
  Size Writev(std::span<const std::string_view> pieces);
  // SendFile returns fewer than `count` bytes if the file ends. Fails with EINVAL or ENOSYS, before it has sent
  // anything, if the kernel cannot send from this kind of file.
  std::expected<std::int64_t, std::error_code> SendFile(int file, std::int64_t offset, std::int64_t count);

  struct Accepted {
    UniqueFd socket;
    sockaddr_storage address;
    socklen_t size;
  };
  // Accept waits for a connection. Connections that have failed before they were accepted are passed over.
  std::expected<Accepted, std::error_code> Accept();

  // FinishConnect waits until a connect that returned EINPROGRESS has succeeded or failed.
  std::error_code FinishConnect();

  // Shutdown ends one or both directions (SHUT_RD, SHUT_WR, SHUT_RDWR) without freeing the descriptor.
  std::error_code Shutdown(int how);

  // LocalName asks the kernel for the socket's own address; the size is 0 if it has none or is closed.
  socklen_t LocalName(sockaddr_storage& address);

  // SetDeadline: from when on operations of the direction fail with Errc::kTimeout, in nanoseconds of
  // CLOCK_MONOTONIC; 0: never. It also holds for those that wait already. A deadline is 1 to 10 ms inexact.
  void SetDeadline(PollMode mode, std::int64_t nanoseconds);

  // PeerClosed: the kernel has reported that the peer ended its direction, or that the connection failed. Bytes from
  // before may still be there to read. A hint: very rarely it is a report on another, former connection.
  bool PeerClosed();

  // Watch has `context` cancelled once the peer has ended its direction, the connection has failed or is closed. Only
  // the last one given is; one that cannot be cancelled ends it.
  void Watch(const gale::internal::ContextHandle& context);

  // Close wakes everybody who waits, and returns when the descriptor is closed, which the last user does. The second
  // Close fails with Errc::kClosed.
  std::error_code Close();

 private:
  class Locked;

  std::error_code Wait(PollMode mode);
  std::error_code WaitForBytes();
  bool MustWaitForBytes(std::error_code& error);
  std::error_code Prepare(PollMode mode) const;
  Size SendAll(std::span<const std::string_view> pieces);
  void Destroy();

  FdMutex mutex_;
  int fd_;
  gale::internal::PollDesc* poll_ = nullptr;
  // Nothing is there until the poller says so; what came before the registration, that reports at once. Guarded by the
  // read lock.
  bool drained_ = true;
  std::error_code close_error_;
  gale::internal::Semaphore destroyed_;
};

}  // namespace gale::net::internal

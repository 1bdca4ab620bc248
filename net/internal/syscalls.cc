#include "gale/net/internal/syscalls.h"

#include <poll.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GALE_NET_LIBC_SYSCALLS 1
#elif !defined(__x86_64__) && !defined(__aarch64__)
#define GALE_NET_LIBC_SYSCALLS 1
#else
#define GALE_NET_LIBC_SYSCALLS 0
#endif

namespace gale::net::internal {
namespace {

// Calls f again as long as signals interrupt it. f returns -errno.
template <typename Function>
auto IgnoringInterrupts(Function f) {
  for (;;) {
    const auto result = f();
    if (result != -EINTR) return result;
  }
}

// Turns libc's -1 into -errno.
template <typename Function>
auto FromLibc(Function f) {
  return IgnoringInterrupts([&f] {
    const auto result = f();
    return result < 0 ? static_cast<decltype(result)>(-errno) : result;
  });
}

#if !GALE_NET_LIBC_SYSCALLS

#if defined(__x86_64__)
long RawSyscall(long number, long a, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}
#else
long RawSyscall(long number, long a, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
#endif

long Word(const void* pointer) { return reinterpret_cast<long>(pointer); }
long Word(std::size_t value) { return static_cast<long>(value); }
long Word(int value) { return value; }

#endif

ssize_t ReceiveWith(int fd, void* buffer, std::size_t size, int flags) {
#if GALE_NET_LIBC_SYSCALLS
  return FromLibc([&] { return ::recv(fd, buffer, size, flags); });
#else
  return IgnoringInterrupts(
      [&]() -> ssize_t { return RawSyscall(SYS_recvfrom, Word(fd), Word(buffer), Word(size), Word(flags)); });
#endif
}

msghdr MessageOf(std::span<iovec> pieces) {
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return message;
}

}  // namespace

[[gnu::noinline]] ssize_t Receive(int fd, void* buffer, std::size_t size) { return ReceiveWith(fd, buffer, size, 0); }

[[gnu::noinline]] ssize_t Peek(int fd, void* buffer, std::size_t size) {
  return ReceiveWith(fd, buffer, size, MSG_PEEK);
}

[[gnu::noinline]] ssize_t Send(int fd, const void* data, std::size_t size) {
#if GALE_NET_LIBC_SYSCALLS
  return FromLibc([&] { return ::send(fd, data, size, MSG_NOSIGNAL); });
#else
  return IgnoringInterrupts(
      [&]() -> ssize_t { return RawSyscall(SYS_sendto, Word(fd), Word(data), Word(size), Word(MSG_NOSIGNAL)); });
#endif
}

[[gnu::noinline]] ssize_t SendPieces(int fd, std::span<iovec> pieces, bool more) {
  const msghdr message = MessageOf(pieces);
  const int flags = more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
#if GALE_NET_LIBC_SYSCALLS
  return FromLibc([&] { return ::sendmsg(fd, &message, flags); });
#else
  return IgnoringInterrupts(
      [&]() -> ssize_t { return RawSyscall(SYS_sendmsg, Word(fd), Word(&message), Word(flags)); });
#endif
}

[[gnu::noinline]] int Accept(int fd, sockaddr* address, socklen_t* size) {
  constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  const socklen_t room = *size;
#if GALE_NET_LIBC_SYSCALLS
  return FromLibc([&] {
    *size = room;
    return ::accept4(fd, address, size, kFlags);
  });
#else
  return static_cast<int>(IgnoringInterrupts([&] {
    *size = room;
    return RawSyscall(SYS_accept4, Word(fd), Word(address), Word(size), Word(kFlags));
  }));
#endif
}

[[gnu::noinline]] int Socket(int domain, int type) {
  return FromLibc([&] { return ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); });
}

[[gnu::noinline]] int Bind(int fd, const sockaddr* address, socklen_t size) {
  return FromLibc([&] { return ::bind(fd, address, size); });
}

[[gnu::noinline]] int ListenOn(int fd, int backlog) {
  return FromLibc([&] { return ::listen(fd, backlog); });
}

// Not made again after EINTR: the connection is then being made, as after EINPROGRESS.
[[gnu::noinline]] int Connect(int fd, const sockaddr* address, socklen_t size) {
  return ::connect(fd, address, size) == 0 ? 0 : -errno;
}

[[gnu::noinline]] int Shutdown(int fd, int how) {
  return FromLibc([&] { return ::shutdown(fd, how); });
}

[[gnu::noinline]] int Close(int fd) { return ::close(fd) == 0 ? 0 : -errno; }

[[gnu::noinline]] int LocalName(int fd, sockaddr* address, socklen_t* size) {
  return FromLibc([&] { return ::getsockname(fd, address, size); });
}

[[gnu::noinline]] int PeerName(int fd, sockaddr* address, socklen_t* size) {
  return FromLibc([&] { return ::getpeername(fd, address, size); });
}

[[gnu::noinline]] int SetOption(int fd, int level, int name, int value) {
  return FromLibc([&] { return ::setsockopt(fd, level, name, &value, sizeof(value)); });
}

[[gnu::noinline]] bool HasHungUp(int fd) {
  pollfd entry{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return FromLibc([&] { return ::poll(&entry, 1, 0); }) > 0;
}

[[gnu::noinline]] int PendingError(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  const int result = FromLibc([&] { return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size); });
  return result < 0 ? -result : error;
}

// There is no MSG_NOSIGNAL for sendfile, so the signal is held back, and taken away if it has come. It comes with
// EPIPE, but also where a part was sent: then the result is that part's size, and only the rest has met the closed
// connection.
ssize_t SendFile(int fd, int file, std::int64_t offset, std::size_t count) {
  sigset_t pipe_signal;
  sigset_t former;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &former);
  off_t position = offset;
  const ssize_t n = FromLibc([&] { return ::sendfile(fd, file, &position, count); });
  const bool sent_all = n == static_cast<ssize_t>(count);
  if (!sent_all && n != -EAGAIN && sigismember(&former, SIGPIPE) == 0) {
    constexpr timespec kNow{};
    while (sigtimedwait(&pipe_signal, nullptr, &kNow) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &former, nullptr);
  return n;
}

[[gnu::noinline]] ssize_t ReadAt(int file, std::span<char> buffer, std::int64_t offset) {
  return FromLibc([&] { return ::pread(file, buffer.data(), buffer.size(), offset); });
}

}  // namespace gale::net::internal

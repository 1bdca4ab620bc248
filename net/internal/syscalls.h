// The system calls of sockets, and of the files that are sent over them. All return a result that is not negative, or
// -errno.
//
// errno itself is never shown: its address is a thread's, compilers remember it across calls, and a goroutine may go
// on in another thread after it has parked. None of these functions parks, and none is inlined into one that does.
//
// On x86-64 and aarch64 the calls of the request path go to the kernel directly. glibc's are cancellation points,
// which costs two atomic operations a call; under sanitizers they are used nevertheless, because those intercept them.
//
// A call that a signal interrupted is made again.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace gale::net::internal {

// Data. A write to a connection that the peer has closed fails with EPIPE, it raises no SIGPIPE.
ssize_t Receive(int fd, void* buffer, std::size_t size);
// Peek is Receive, but what it returns stays in the socket.
ssize_t Peek(int fd, void* buffer, std::size_t size);
ssize_t Send(int fd, const void* data, std::size_t size);
// SendPieces writes several pieces in one call, at most IOV_MAX. With `more`, the kernel may wait for the next call
// before it sends a packet that is not full.
ssize_t SendPieces(int fd, std::span<iovec> pieces, bool more);

// SendFile sends bytes of a file from `offset` on, at most `count`; 0 where the file ends. Raises no SIGPIPE, either.
ssize_t SendFile(int fd, int file, std::int64_t offset, std::size_t count);
// ReadAt reads from a file; 0 where it ends. The file's own position is not touched. The thread may wait for the disk.
ssize_t ReadAt(int file, std::span<char> buffer, std::int64_t offset);

// Life. The sockets that Socket and Accept make are non-blocking and closed on exec.
int Socket(int domain, int type);
int Accept(int fd, sockaddr* address, socklen_t* size);
int Bind(int fd, const sockaddr* address, socklen_t size);
int ListenOn(int fd, int backlog);
int Connect(int fd, const sockaddr* address, socklen_t size);
int Shutdown(int fd, int how);
// Close is made once: on Linux the descriptor is gone even when a signal came.
int Close(int fd);

// Properties.
int LocalName(int fd, sockaddr* address, socklen_t* size);
int PeerName(int fd, sockaddr* address, socklen_t* size);
int SetOption(int fd, int level, int name, int value);
// HasHungUp: the peer has ended its direction, or the connection has failed. What it sent before may still be unread.
bool HasHungUp(int fd);
// PendingError takes the socket's error (SO_ERROR) and returns it as a positive errno, or 0.
int PendingError(int fd);

}  // namespace gale::net::internal

// Conn: a connection, as a stream of bytes in each direction.
//
//   std::expected<std::shared_ptr<gale::net::Conn>, gale::Error> conn = gale::net::Dial("tcp", "example.com:80");
//   if (!conn) return conn.error();                       // dial tcp: lookup example.com: no such host
//   (*conn)->SetDeadline(std::chrono::steady_clock::now() + 5s);
//   (void)(*conn)->Write("GET / HTTP/1.0\r\n\r\n");
//   std::expected<std::string, gale::Error> answer = gale::ReadAll(**conn);
//
// Everything blocks the goroutine and no thread. Errors say what was tried between whom: "read tcp
// 127.0.0.1:8080->127.0.0.1:5000: connection reset by peer"; only the end of the stream is a plain "EOF".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string_view>

#include "gale/net/addr.h"
#include "gale/net/io.h"
#include "gale/runtime/error.h"

namespace gale {
class CancelFunc;
}

namespace gale::net {

// Conn is shared by std::shared_ptr; dropping the last one closes it.
//
// All methods may be called from many goroutines and plain threads at once. One Read and one Write proceed in
// parallel; several Reads take turns, each as a whole, and so do several Writes. Close wakes all of them: they fail
// with Errc::kClosed, as does everything after it.
class Conn : public Reader, public Writer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Read returns as soon as there is anything; see Reader.
  std::expected<std::size_t, Error> Read(std::span<char> buffer) override = 0;

  // Write returns when the kernel has taken everything; see Writer. A peer that does not read makes it wait.
  std::expected<std::size_t, Error> Write(std::string_view data) override = 0;

  // Writev writes the pieces one after the other, by as few system calls as the kernel's limits allow, and returns
  // how many bytes they were.
  virtual std::expected<std::size_t, Error> Writev(std::span<const std::string_view> pieces);

  // SendFile writes `count` bytes of an open file from `offset` on, as one Write would, and returns how many: fewer if
  // the file ends. Sockets have the kernel send them without copying. The file's own position is not touched.
  virtual std::expected<std::int64_t, Error> SendFile(int file, std::int64_t offset, std::int64_t count);

  // Close ends the connection in both directions. What was written is still delivered, unless something that the
  // peer has sent was not read: then the peer gets a reset (RFC 9112 section 9.6 says how to avoid that).
  virtual Error Close() = 0;

  // CloseWrite tells the peer that nothing more will come; it sees EOF. Reading goes on.
  virtual Error CloseWrite() = 0;

  // The deadlines: from that time on, Reads (Writes) fail with Errc::kTimeout, those that wait already included. A
  // default-constructed TimePoint means none. It is a time, not a duration: it is not prolonged by success, and
  // setting a later one makes the connection usable again. Coarse: some milliseconds late.
  virtual void SetReadDeadline(TimePoint deadline) = 0;
  virtual void SetWriteDeadline(TimePoint deadline) = 0;
  void SetDeadline(TimePoint deadline) {
    SetReadDeadline(deadline);
    SetWriteDeadline(deadline);
  }

  // LocalAddr is this side's address, RemoteAddr the peer's. LocalAddr of a connection that a listener on all
  // interfaces has accepted asks the kernel each time, and after Close is the listener's address.
  virtual Addr LocalAddr() const = 0;
  virtual Addr RemoteAddr() const = 0;

  // WaitReadable waits until a Read will find something (bytes, EOF or an error), without a buffer: for idle
  // connections. The deadline holds for it too. It may seldom return too early; then the Read waits.
  virtual Error WaitReadable() { return {}; }

  // GoWhenReadable starts a goroutine that calls `function` with WaitReadable's result when it is there. Until then the
  // connection is some hundred bytes of memory, without a goroutine and its stack: for very many idle ones. `function`
  // must own the connection. Reads, and whoever else waits for bytes, take turns with it. Returns false, and drops
  // `function`, if this kind of Conn cannot do that (the default): then WaitReadable does.
  virtual bool GoWhenReadable(std::function<void(Error)> function);

  // PeerClosed tells whether the peer is known to have ended its direction or the connection to have failed, which
  // costs no system call. Bytes from before may still be unread. A hint: false may be late, and true is, very rarely,
  // wrong; only a Read knows.
  virtual bool PeerClosed() const { return false; }

  // CancelOnPeerClosed has `cancel` called, once, as soon as the peer has ended its direction or the connection has
  // failed or was closed, without reading: bytes that wait do not matter. It replaces the one given before; a default
  // one only takes that back, which may then just be being called. A Conn that cannot tell calls it never (the
  // default), or when it is closed. So do sockets whose goroutine is in a bubble of testing/synctest.h.
  virtual void CancelOnPeerClosed(const CancelFunc& cancel);
};

}  // namespace gale::net

// WireClient: an HTTP client that sends exactly the bytes it is told to, and tells exactly what comes back.
//
//   WireClient client(server.Port());
//   client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
//   WireResponse response = client.ReadResponse();
//   EXPECT_EQ(response.status, 200);
//   EXPECT_TRUE(client.AtEnd());
//
// It uses plain blocking sockets of this thread and nothing of Gale, so that no fault of Gale's can hide in it.
#pragma once

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gale/tests/http/wire_response.h"

namespace gale::http::testing {

// WireClient is one connection. What hangs fails after a minute.
class WireClient {
 public:
  // Connects to 127.0.0.1, or to a Unix socket.
  explicit WireClient(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Connect(reinterpret_cast<sockaddr*>(&address), sizeof(address));
  }
  explicit WireClient(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    Connect(reinterpret_cast<sockaddr*>(&address), sizeof(address));
  }
  WireClient(WireClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_), received_(std::move(other.received_)) {}
  WireClient& operator=(WireClient&&) = delete;
  ~WireClient() { Close(); }

  bool Connected() const { return connected_; }
  int Descriptor() const { return fd_; }

  // Send sends everything, and returns false if the server did not want it.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // SendAndWait returns when the server has read everything. Only with a Unix socket does the kernel tell that.
  void SendAndWait(std::string_view bytes) {
    if (!Send(bytes)) return;
    for (int unread = 1; ::ioctl(fd_, SIOCOUTQ, &unread) == 0 && unread > 0 && !PeerHasClosed();) ::usleep(10);
  }

  // CloseWrite is the end of what this side sends; Reset makes the connection break, as if the process had died.
  void CloseWrite() { ::shutdown(fd_, SHUT_WR); }
  void Reset() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    Close();
  }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  // SetReceiveTimeout is how long one wait for bytes may take; then reading fails with "timeout".
  void SetReceiveTimeout(std::chrono::microseconds timeout) {
    const timeval time{.tv_sec = timeout.count() / 1'000'000, .tv_usec = timeout.count() % 1'000'000};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
  }

  // ReadResponse reads the next response, final or interim, to a request with this method. Its `problem` tells what
  // was wrong with it, or is empty.
  WireResponse ReadResponse(std::string_view method = "GET") {
    ResponseParser parser(method);
    while (!parser.Parse(received_)) {
      if (const std::string problem = ReceiveMore(); !problem.empty()) {
        parser.Ended(received_, problem);
        break;
      }
    }
    WireResponse response = parser.Take();
    received_.erase(0, parser.Consumed());
    return response;
  }

  // Ask sends the request and reads the response.
  WireResponse Ask(std::string_view request) {
    (void)Send(request);
    return ReadResponse(request.substr(0, request.find(' ')));
  }

  // ReadToEnd returns everything up to the end of the connection; how it ended is in Ending.
  std::string ReadToEnd() {
    while ((ending_ = ReceiveMore()).empty()) {
    }
    return std::exchange(received_, {});
  }
  // Ending is "EOF", "reset" or "timeout".
  const std::string& Ending() const { return ending_; }

  // AtEnd waits for the end of the connection, and returns whether it came in order and without another byte.
  bool AtEnd() { return ReadToEnd().empty() && Ending() == "EOF"; }

  // ReceiveOnce is a single recv that does not wait.
  std::string ReceiveOnce() {
    std::string bytes(1 << 20, '\0');
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  // Pending is how many bytes could be received without waiting.
  int Pending() const {
    int count = 0;
    ::ioctl(fd_, FIONREAD, &count);
    return count;
  }

 private:
  void Connect(const sockaddr* address, socklen_t size) {
    SetReceiveTimeout(std::chrono::minutes(1));
    connected_ = ::connect(fd_, address, size) == 0;
  }

  // Empty, or why there is no more.
  std::string ReceiveMore() {
    std::array<char, 65536> buffer;
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (count > 0) received_.append(buffer.data(), static_cast<std::size_t>(count));
    if (count > 0) return "";
    if (count == 0) return "EOF";
    return errno == EAGAIN ? "timeout" : "reset";
  }

  bool PeerHasClosed() const {
    char byte;
    const ssize_t count = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN);
  }

  int fd_;
  bool connected_ = false;
  std::string received_;
  std::string ending_;
};

}  // namespace gale::http::testing

#include "gale/net/systemd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "gale/net/internal/socket_address.h"
#include "gale/net/internal/socket_listener.h"
#include "gale/net/internal/syscalls.h"

namespace gale::net {
namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START

std::optional<int> NumberIn(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) return std::nullopt;
  const std::string_view text(value);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

int SocketProperty(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -errno;
}

std::expected<std::shared_ptr<Listener>, std::error_code> TakeOver(internal::UniqueFd socket) {
  const int fd = socket.Get();
  const int listens = SocketProperty(fd, SO_ACCEPTCONN);
  if (listens < 0) return std::unexpected(std::error_code(-listens, std::system_category()));
  const int domain = SocketProperty(fd, SO_DOMAIN);
  const bool is_known = domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX;
  if (listens == 0 || !is_known || SocketProperty(fd, SO_TYPE) != SOCK_STREAM) {
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  }
  const int flags = ::fcntl(fd, F_GETFL);
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
    return std::unexpected(std::error_code(errno, std::system_category()));
  }
  internal::SocketAddress address;
  address.size = sizeof(address.storage);
  if (internal::LocalName(fd, address.Pointer(), &address.size) < 0) address.size = 0;
  auto listener = std::make_shared<internal::SocketListener>(
      std::move(socket), internal::FromSocketAddress(address.storage, address.size), /*removes_file=*/false);
  if (std::error_code error = listener->Register(std::nullopt)) return std::unexpected(error);
  return listener;
}

}  // namespace

std::expected<std::vector<std::shared_ptr<Listener>>, Error> ListenersFromSystemd() {
  const std::optional<int> pid = NumberIn("LISTEN_PID"), count = NumberIn("LISTEN_FDS");
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(variable);
  std::vector<std::shared_ptr<Listener>> listeners;
  if (pid != ::getpid() || !count) return listeners;
  std::optional<Error> first_error;
  for (int fd = kFirstDescriptor; fd < kFirstDescriptor + *count; ++fd) {
    auto listener = TakeOver(internal::UniqueFd(fd));
    if (listener) {
      listeners.push_back(*std::move(listener));
    } else if (!first_error) {
      first_error = Error(listener.error(), "LISTEN_FDS: descriptor " + std::to_string(fd));
    }
  }
  if (first_error) return std::unexpected(*std::move(first_error));
  return listeners;
}

}  // namespace gale::net

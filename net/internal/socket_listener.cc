#include "gale/net/internal/socket_listener.h"

#include <unistd.h>

#include <string>

#include "gale/net/internal/socket_address.h"
#include "gale/net/internal/socket_conn.h"

namespace gale::net::internal {

std::expected<std::shared_ptr<Conn>, Error> SocketListener::Accept() {
  std::expected<FD::Accepted, std::error_code> accepted = fd_.Accept();
  if (!accepted) return std::unexpected(Failed("accept", accepted.error()));
  // On a listener for all interfaces, a connection's own address is one of many.
  auto conn =
      std::make_shared<SocketConn>(std::move(accepted->socket), SocketConn::Local{address_, !address_.IsUnspecified()},
                                   FromSocketAddress(accepted->address, accepted->size));
  if (std::error_code error = conn->Register()) return std::unexpected(Failed("accept", error));
  return conn;
}

Error SocketListener::Close() {
  // The file first: once the socket is closed, another one may be bound to the same path.
  const bool is_file = address_.kind() == Addr::Kind::kUnix && !address_.Path().starts_with('@');
  if (is_file && !unlinked_.exchange(true)) ::unlink(address_.Path().c_str());
  return Failed("close", fd_.Close());
}

Error SocketListener::Failed(std::string_view operation, std::error_code code) const {
  if (!code) return {};
  std::string context(operation);
  context += ' ';
  context += address_.Network();
  context += ' ';
  context += address_.String();
  return Error(code, std::move(context));
}

}  // namespace gale::net::internal

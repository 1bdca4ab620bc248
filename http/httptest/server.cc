#include "gale/http/httptest/server.h"

#include <utility>

#include "gale/runtime/context.h"
#include "gale/runtime/panic.h"

namespace gale::http::httptest {
namespace {

ServerOptions With(ServerOptions options, HandlerRef handler) {
  options.handler = std::move(handler);
  return options;
}

}  // namespace

Server::Server(HandlerRef handler, ServerOptions options) : server_(With(std::move(options), std::move(handler))) {
  serving_.Go([this] { (void)server_.Serve(listener_); });
}

std::shared_ptr<net::Conn> Server::Dial(std::size_t buffer) {
  auto conn = listener_->Dial(buffer);
  if (!conn) throw Panic("httptest: " + conn.error().Message());
  return *std::move(conn);
}

std::string Server::Exchange(std::string_view bytes) {
  const std::shared_ptr<net::Conn> conn = Dial();
  WaitGroup sending;
  sending.Go([&] { (void)conn->Write(bytes); });
  std::string received;
  char buffer[4096];
  while (auto count = conn->Read(buffer)) received.append(buffer, *count);
  (void)conn->Close();
  sending.Wait();
  return received;
}

void Server::Close() {
  (void)server_.Shutdown(Background());
  serving_.Wait();
}

}  // namespace gale::http::httptest

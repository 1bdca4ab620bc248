// conformance_server: the server that the wire cases are played against.
//
//   conformance_server --addr 127.0.0.1:0        prints "listening on 127.0.0.1:41234"
//
// It answers every request with 200 and the request's body. `/slow` takes 300 ms for it, `/ws` is a WebSocket that says
// back what it is told. Two fields of the response say what the handler was called with: X-Request-URI and X-Authority.
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "gale/http/http.h"
#include "gale/net/net.h"
#include "gale/runtime/runtime.h"
#include "gale/tests/conformance/handlers.h"

int main(int argc, char** argv) {
  std::string addr = "127.0.0.1:0";
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) == "--addr") addr = argv[i + 1];
  }
  auto listener = gale::net::Listen("tcp", addr);
  if (!listener) {
    std::fprintf(stderr, "conformance_server: %s\n", listener.error().Message().c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*listener)->Address().String().c_str());
  std::fflush(stdout);

  gale::http::HandlerFunc handler(gale::http::testing::ServeConformance);
  gale::http::ServerOptions options = gale::http::testing::ConformanceOptions();
  options.handler = &handler;
  gale::http::Server server(std::move(options));
  const gale::Error error = server.Serve(*std::move(listener));
  std::fprintf(stderr, "conformance_server: %s\n", error.Message().c_str());
  return 1;
}

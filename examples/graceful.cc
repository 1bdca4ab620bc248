// A service that ends in good order: on SIGTERM or Ctrl-C it answers what it has begun, and then returns.
//
//   scripts/run graceful &
//   curl localhost:8080/slow & sleep 1; kill %1     # curl still gets its answer
//   curl localhost:8080/wait                        # Ctrl-C here: the handler notices that nobody waits any more
#include <cstdio>
#include <string>

#include "gale/examples/flags.h"
#include "gale/gale.h"

namespace http = gale::http;
using namespace std::chrono_literals;

namespace {

void Slow(http::ResponseWriter& w, http::Request&) {
  gale::Sleep(5s);
  gale::Fprintln(w, "done");
}

// Wait gives up as soon as the client has gone away.
void Wait(http::ResponseWriter& w, http::Request& r) {
  const gale::Context context = r.Context();
  gale::Select(gale::OnRecv(gale::After(60s), [&](auto) { gale::Fprintln(w, "here you are"); }),
               gale::OnRecv(context.Done(), [](auto) { std::puts("nobody waits any more"); }));
}

void Report(const std::shared_ptr<gale::net::Conn>& conn, http::ConnState state) {
  std::printf("%s is %s\n", conn->RemoteAddr().String().c_str(), std::string(http::ConnStateText(state)).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  http::ServeMux mux;
  mux.HandleFunc("/slow", Slow);
  mux.HandleFunc("/wait", Wait);

  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  http::Server server({.addr = FlagValue(argc, argv, "--addr", ":8080"), .handler = &mux, .conn_state = Report});
  server.RegisterOnShutdown([] { std::puts("shutting down; once more to stop at once"); });
  if (auto err = http::RunUntilSignal(server)) {
    std::fprintf(stderr, "%s\n", err.Message().c_str());
    return 1;
  }
  std::puts("all requests are answered");
}

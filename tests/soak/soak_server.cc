// soak_server: the service that the soak's clients use and abuse.
//
//   soak_server --root <folder> --temporary <folder>
//
// prints "listening on 127.0.0.1:41234, statistics on 127.0.0.1:41235" and serves until SIGTERM. GET / of the second
// address are the statistics. Ends with status 0 if every goroutine has ended by then.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "gale/http/http.h"
#include "gale/net/net.h"
#include "gale/runtime/runtime.h"
#include "gale/runtime/testing/leak_check.h"
#include "gale/tests/soak/counters.h"
#include "gale/tests/soak/service.h"
#include "gale/tests/soak/stats.h"

namespace {

using namespace std::chrono_literals;
namespace http = gale::http;

std::string Flag(int argc, char** argv, std::string_view name) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (argv[i] == name) return argv[i + 1];
  }
  std::fprintf(stderr, "soak_server: %s is missing\n", std::string(name).c_str());
  std::exit(2);
}

std::shared_ptr<gale::net::Listener> ListenSomewhere() {
  auto listener = gale::net::Listen("tcp", "127.0.0.1:0");
  if (listener) return *listener;
  std::fprintf(stderr, "soak_server: %s\n", listener.error().Message().c_str());
  std::exit(1);
}

void Count(gale::soak::Counters& counters, http::ConnState state) {
  if (state == http::kStateNew) {
    counters.accepted.fetch_add(1, std::memory_order_relaxed);
    counters.connections.fetch_add(1, std::memory_order_relaxed);
  } else if (state == http::kStateClosed || state == http::kStateHijacked) {
    counters.connections.fetch_sub(1, std::memory_order_relaxed);
  }
}

// Timeouts are short, so that a soak has many of them, and so long that no good client on a busy machine meets one.
http::ServerOptions Options(http::Handler& handler, gale::soak::Counters& counters) {
  http::ServerOptions options;
  options.handler = &handler;
  options.read_header_timeout = 5s;
  options.body_idle_timeout = 5s;
  options.write_timeout = 5s;
  options.idle_timeout = 10s;
  options.max_body_bytes = 16 << 20;
  options.max_conns = 256;
  options.conn_state = [&counters](const auto&, http::ConnState state) { Count(counters, state); };
  return options;
}

int Serve(const std::string& root, const std::string& temporary) {
  gale::soak::Counters counters;
  http::ServeMux mux;
  gale::soak::AddService(mux, counters, root, temporary);
  http::HandlerFunc counted([&](http::ResponseWriter& w, http::Request& r) {
    counters.requests.fetch_add(1, std::memory_order_relaxed);
    const gale::soak::Gauge running(counters.handlers);
    mux.ServeHTTP(w, r);
  });
  http::HandlerFunc statistics([&](http::ResponseWriter& w, http::Request&) { WriteStats(w, counters); });

  http::Server server(Options(counted, counters));
  http::Server watched({.handler = &statistics});
  auto listener = ListenSomewhere();
  auto watcher = ListenSomewhere();
  gale::WaitGroup watching;
  watching.Go([&] { (void)watched.Serve(watcher); });
  std::printf("listening on %s, statistics on %s\n", listener->Address().String().c_str(),
              watcher->Address().String().c_str());
  std::fflush(stdout);

  const gale::Error error = http::RunUntilSignal(server, {.listeners = {listener}});
  watched.Close();
  watching.Wait();
  if (error) std::fprintf(stderr, "soak_server: %s\n", error.Message().c_str());
  return error ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  gale::testing::LeakCheck leaks;
  leaks.Ignore("Registry::Start");  // waits for signals as long as the process lives
  const int status = Serve(Flag(argc, argv, "--root"), Flag(argc, argv, "--temporary"));
  const std::string left = leaks.Find(5s);
  if (!left.empty()) std::fprintf(stderr, "soak_server: goroutines left:\n%s\n", left.c_str());
  return left.empty() ? status : 1;
}

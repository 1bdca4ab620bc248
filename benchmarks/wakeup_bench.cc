// How often an HTTP server on two Ps wakes a sleeping thread, at loads from a trickle to all it can do.
//
// A wake-up costs microseconds and, where the load generator shares the CPUs, takes the CPU from the one who works; no
// wake-up at all lets requests wait while a P is idle. So both are shown: wake-ups per request, and how long
// goroutines were runnable before they ran. The load comes from plain threads of the same process, over TCP.
//
// Prints figures, asserts nothing.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "gale/gale.h"
#include "gale/runtime/metrics.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kThreads = 4;
constexpr int kConnectionsPerThread = 16;
constexpr auto kTime = 2s;

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int Connect(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Fail("connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void SendRequest(int fd) {
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  if (send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kRequest.size())) Fail("send");
}

void AwaitResponse(int fd) {
  char response[4096];
  if (recv(fd, response, sizeof response, 0) <= 0) Fail("recv");
}

enum class Pattern { kOneByOne, kAllAtOnce };

// Load sends to its connections, one after the other, each `pause` after the answer to the one before; or to all of
// them at once as soon as all have answered. Returns the number of requests.
std::uint64_t Load(std::uint16_t port, Pattern pattern, Clock::duration pause) {
  std::vector<int> connections;
  for (int i = 0; i < kConnectionsPerThread; ++i) connections.push_back(Connect(port));
  std::uint64_t requests = 0;
  const auto end = Clock::now() + kTime;
  while (Clock::now() < end) {
    if (pattern == Pattern::kAllAtOnce) {
      for (int fd : connections) SendRequest(fd);
      for (int fd : connections) AwaitResponse(fd);
      requests += kConnectionsPerThread;
    } else {
      const int fd = connections[requests++ % kConnectionsPerThread];
      SendRequest(fd);
      AwaitResponse(fd);
      if (pause > Clock::duration::zero()) std::this_thread::sleep_for(pause);
    }
  }
  for (int fd : connections) close(fd);
  return requests;
}

double Micros(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }

void Measure(std::uint16_t port, const char* title, Pattern pattern, Clock::duration pause) {
  const gale::Metrics before = gale::ReadMetrics();
  std::atomic<std::uint64_t> requests{0};  // relaxed: read after the joins
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] { requests.fetch_add(Load(port, pattern, pause), std::memory_order_relaxed); });
    }
  }
  const gale::Metrics after = gale::ReadMetrics();
  gale::LatencyHistogram waits = after.schedule_latency;
  for (std::size_t i = 0; i < waits.counts.size(); ++i) waits.counts[i] -= before.schedule_latency.counts[i];
  const auto count = static_cast<double>(requests.load(std::memory_order_relaxed));
  std::printf("%-24s %8.0f %12.3f %10.3f %10.3f %14.1f %10.1f\n", title, count / 2,
              static_cast<double>(after.wake_ups - before.wake_ups) / count,
              static_cast<double>(after.steals - before.steals) / count,
              static_cast<double>(after.switches - before.switches) / count, Micros(waits.Quantile(0.5)),
              Micros(waits.Quantile(0.99)));
}

}  // namespace

int main() {
  gale::GOMAXPROCS(2);
  auto listener = gale::net::Listen("tcp", "127.0.0.1:0");
  if (!listener) {
    std::fprintf(stderr, "%s\n", listener.error().Message().c_str());
    return 1;
  }
  const auto port = (*listener)->Address().Port();
  gale::http::ServeMux mux;
  mux.HandleFunc("/", [](gale::http::ResponseWriter& w, gale::http::Request&) { gale::Fprint(w, "Hello, World!"); });
  gale::http::Server server({.handler = &mux});
  std::jthread serving([&] { (void)server.Serve(*listener); });

  std::printf("%-24s %8s %12s %10s %10s %14s %10s\n", "load of 4 threads", "req/s", "wake-ups/req", "steals/req",
              "switch/req", "wait, median us", "99 % us");
  Measure(port, "pausing for 10 ms", Pattern::kOneByOne, 10ms);
  Measure(port, "pausing for 1 ms", Pattern::kOneByOne, 1ms);
  Measure(port, "pausing for 200 us", Pattern::kOneByOne, 200us);
  Measure(port, "without a pause", Pattern::kOneByOne, 0ns);
  Measure(port, "16 requests each at once", Pattern::kAllAtOnce, 0ns);
  server.Close();
}

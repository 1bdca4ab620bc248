// What the tests of net share: pairs of connections, and running a test's body both on a goroutine and on a thread.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <concepts>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "gale/net/dial.h"
#include "gale/net/internal/network.h"
#include "gale/net/listener.h"
#include "gale/runtime/go.h"
#include "gale/runtime/time.h"

namespace gale {

// What a failed expectation shows.
inline void PrintTo(const Error& error, std::ostream* out) { *out << error.Message(); }

}  // namespace gale

namespace gale::net::testing {

using namespace std::chrono_literals;

using ConnPtr = std::shared_ptr<Conn>;
using ListenerPtr = std::shared_ptr<Listener>;

// Longer than anything takes that works, even under a sanitizer on a busy machine.
inline constexpr auto kForever = 60s;

inline std::chrono::steady_clock::time_point In(std::chrono::nanoseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// A path for a Unix socket that nobody else uses.
inline std::string SocketPath() {
  static std::atomic<int> count{0};
  const auto name = "gale-net-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
  return (std::filesystem::temp_directory_path() / name).string();
}

// An address of the network on which to listen.
inline std::string AnyAddress(const std::string& network) {
  if (network == "unix") return SocketPath();
  return network == "tcp6" ? "[::1]:0" : "127.0.0.1:0";
}

inline ListenerPtr MustListen(const std::string& network, const std::string& address) {
  auto listener = Listen(network, address);
  if (!listener) {
    ADD_FAILURE() << listener.error().Message();
    std::abort();
  }
  return *std::move(listener);
}

inline ConnPtr Must(std::expected<ConnPtr, Error> conn) {
  if (!conn) {
    ADD_FAILURE() << conn.error().Message();
    std::abort();
  }
  return *std::move(conn);
}

// Pair is both ends of a connection. What hangs fails after a minute.
struct Pair {
  ConnPtr client;
  ConnPtr server;
};

inline Pair ConnectTo(Listener& listener, const std::string& network) {
  Pair pair;
  pair.client = Must(Dial(network, listener.Address().String()));  // waits in the backlog
  pair.server = Must(listener.Accept());
  for (const ConnPtr& conn : {pair.client, pair.server}) conn->SetDeadline(In(kForever));
  return pair;
}

inline Pair Connect(const std::string& network) {
  return ConnectTo(*MustListen(network, AnyAddress(network)), network);
}

// Read reads once and returns what came, or "error: ...".
inline std::string ReadSome(Conn& conn, std::size_t size = 4096) {
  std::string buffer(size, '\0');
  const auto n = conn.Read(buffer);
  if (!n) return "error: " + n.error().Message();
  buffer.resize(*n);
  return buffer;
}

inline std::string Pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251 + i / 65536);
  return text;
}

inline int OpenDescriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

// Eventually polls the condition for at most a minute.
template <std::predicate Condition>
bool Eventually(Condition condition) {
  const auto end = In(kForever);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    Sleep(200us);
  }
  return true;
}

// NetworkTest runs its body on each network, on a goroutine and on a plain thread.
struct Place {
  const char* network;
  bool on_goroutine;
};

class NetworkTest : public ::testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    if (Network() == "tcp6" && !internal::HasIpv6()) GTEST_SKIP() << "no IPv6";
  }
  std::string Network() const { return GetParam().network; }
  bool IsTcp() const { return Network() != "unix"; }

  template <std::invocable Body>
  void Execute(Body body) {
    if (GetParam().on_goroutine) {
      gale::Run(body);
    } else {
      body();
    }
  }
};

inline const auto kPlaces = ::testing::Values(Place{"tcp4", true}, Place{"tcp4", false}, Place{"tcp6", true},
                                              Place{"unix", true}, Place{"unix", false});

inline std::string PlaceName(const ::testing::TestParamInfo<Place>& info) {
  return std::string(info.param.network) + (info.param.on_goroutine ? "OnGoroutine" : "OnThread");
}

}  // namespace gale::net::testing

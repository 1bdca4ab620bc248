// TestServer: a Server on a port of its own, for the time of a test.
//
//   TestServer server([](ResponseWriter& w, Request& r) { (void)w.Write("hello"); });
//   WireClient client = server.Connect();
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <concepts>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gale/http/handler.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/server.h"
#include "gale/net/listener.h"
#include "gale/runtime/go.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/http/wire_client.h"

namespace gale::http::testing {

using namespace std::chrono_literals;

// Eventually polls the condition for at most a minute.
template <std::predicate Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::usleep(500);
  }
  return true;
}

inline int OpenDescriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

// A path for a Unix socket that nobody else uses.
inline std::string SocketPath() {
  static std::atomic<int> count{0};
  const auto name = "gale-http-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
  return (std::filesystem::temp_directory_path() / name).string();
}

inline std::shared_ptr<net::Listener> MustListen(const std::string& network, const std::string& address) {
  auto listener = net::Listen(network, address);
  if (!listener) {
    ADD_FAILURE() << listener.error().Message();
    std::abort();
  }
  return *std::move(listener);
}

// Get is a request for a path.
inline std::string Get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
// Post is a request with a body of a known length.
inline std::string Post(const std::string& path, const std::string& body, const std::string& fields = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
         "\r\n" + body;
}

// Echo answers with the request's body, or with 400, 408 or 413 if there is something wrong with it.
inline void Echo(ResponseWriter& w, Request& r) {
  auto body = gale::ReadAll(r.Body());
  if (body) {
    (void)w.Write(*body);
    return;
  }
  const bool is_large = body.error() == std::errc::message_size;
  Error(w, body.error().Message(), is_large ? 413 : body.error() == Errc::kTimeout ? 408 : 400);
}

class TestServer {
 public:
  enum class Network { kTcp, kUnix };

  // The handler is options.handler, if that is set. What the server logs is kept: see Log.
  explicit TestServer(HandlerFunc::Function function, ServerOptions options = {}, Network network = Network::kTcp)
      : function_(std::move(function)) {
    if (options.handler == nullptr) options.handler = &function_;
    options.error_log = [this](std::string_view line) {
      std::lock_guard guard(mutex_);
      log_.emplace_back(line);
    };
    server_ = std::make_unique<Server>(std::move(options));
    listener_ = network == Network::kUnix ? MustListen("unix", SocketPath()) : MustListen("tcp", "127.0.0.1:0");
    serving_.Go([this] { served_ = server_->Serve(listener_); });
  }
  ~TestServer() {
    (void)Close();
    server_.reset();
  }

  // Close closes the server and returns what Serve has returned.
  gale::Error Close() {
    server_->Close();
    serving_.Wait();
    return served_;
  }

  int Port() const { return listener_->Address().Port(); }
  WireClient Connect() const {
    const net::Addr& address = listener_->Address();
    return address.kind() == net::Addr::Kind::kUnix ? WireClient(std::string(address.Path())) : WireClient(Port());
  }
  // Ask makes a connection for one request.
  WireResponse Ask(std::string_view request) const { return Connect().Ask(request); }

  std::vector<std::string> Log() {
    std::lock_guard guard(mutex_);
    return log_;
  }
  Server& server() { return *server_; }

 private:
  HandlerFunc function_;
  std::mutex mutex_;
  std::vector<std::string> log_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<net::Listener> listener_;
  gale::Error served_;
  gale::WaitGroup serving_;
};

// Baseline is what a process holds; a server that is idle again must be back there.
class Baseline {
 public:
  // BackAgain waits until there are no more goroutines and descriptors than at the start.
  ::testing::AssertionResult BackAgain() const {
    if (Eventually([this] { return NumGoroutine() <= goroutines_ && OpenDescriptors() <= descriptors_; })) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << "goroutines: " << goroutines_ << " -> " << NumGoroutine()
                                         << ", descriptors: " << descriptors_ << " -> " << OpenDescriptors();
  }

 private:
  const int goroutines_ = NumGoroutine();
  const int descriptors_ = OpenDescriptors();
};

}  // namespace gale::http::testing

#include "gale/http/internal/stop_signals.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "gale/net/internal/fd.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/select.h"

namespace gale::http::internal {
namespace {

constexpr std::array kSignals = {SIGTERM, SIGINT};

// Written before the handler is installed, and never again.
int signal_socket = -1;

void HandleSignal(int signal) {
  const int before = errno;
  const char byte = static_cast<char>(signal);
  // A full buffer holds enough signals.
  [[maybe_unused]] const ssize_t sent = ::send(signal_socket, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  errno = before;
}

// Registry knows who wants the signals.
class Registry {
 public:
  static Registry& Get() {
    static auto* registry = new Registry;
    return *registry;
  }

  void Add(const Chan<int>& signals) {
    MutexLock lock(mutex_);
    if (signal_socket < 0) Start();
    if (listeners_.empty()) Install();
    listeners_.push_back(signals);
  }

  void Remove(const Chan<int>& signals) {
    MutexLock lock(mutex_);
    std::erase(listeners_, signals);
    if (!listeners_.empty()) return;
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  }

 private:
  void Start() {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
      std::perror("gale: socketpair for signals");
      std::abort();
    }
    auto* socket = new net::internal::FD(net::internal::UniqueFd(pair[0]));
    if (socket->Register()) std::abort();
    signal_socket = pair[1];
    Go([this, socket] {
      for (char byte; socket->Read({&byte, 1});) Tell(byte);
    });
  }

  void Install() {
    struct sigaction action {};
    action.sa_handler = &HandleSignal;
    // A goroutine's stack is too small for some signal frames.
    action.sa_flags = SA_ONSTACK | SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &before_[i]);
  }

  void Tell(int signal) {
    MutexLock lock(mutex_);
    for (const Chan<int>& signals : listeners_) {
      Select(OnSend(signals, signal, [] {}), OnDefault([] {}));
    }
  }

  Mutex mutex_;
  std::vector<Chan<int>> listeners_;
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace

StopSignals::StopSignals() { Registry::Get().Add(signals_); }

StopSignals::~StopSignals() { Registry::Get().Remove(signals_); }

}  // namespace gale::http::internal

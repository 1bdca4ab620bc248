#include "gale/http/server.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "gale/http/default_serve_mux.h"
#include "gale/http/internal/connection_list.h"
#include "gale/http/internal/h1_connection.h"
#include "gale/http/internal/h1_exchange.h"
#include "gale/net/prefix.h"
#include "gale/net/proxy_protocol.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/select.h"
#include "gale/runtime/semaphore.h"
#include "gale/runtime/timer.h"
#include "gale/runtime/wait_group.h"

namespace gale::http {

namespace {

// How long Shutdown leaves a connection on which nothing has come yet, and how often it looks for those.
constexpr std::chrono::seconds kNewGrace{5};
constexpr std::chrono::milliseconds kNewSweep{500};
// Where there is no ProcessBarrier.
constexpr std::chrono::milliseconds kUnreliableSweep{10};

class ServerErrors : public std::error_category {
 public:
  const char* name() const noexcept override { return "gale.http"; }
  std::string message(int) const override { return "http: Server closed"; }
};

void LogToStandardError(std::string_view line) {
  std::time_t now = std::time(nullptr);
  std::tm local;
  char stamp[32];
  std::strftime(stamp, sizeof(stamp), "%Y/%m/%d %H:%M:%S", localtime_r(&now, &local));
  std::fprintf(stderr, "%s %.*s\n", stamp, static_cast<int>(line.size()), line.data());
}

void CheckOptions(const ServerOptions& options) {
  bool negative = options.read_header_timeout.count() < 0 || options.body_idle_timeout.count() < 0 ||
                  options.write_timeout.count() < 0 || options.idle_timeout.count() < 0 ||
                  options.read_timeout.count() < 0 || options.max_body_bytes < 0 || options.min_body_rate < 0;
  if (negative) throw Panic("http: Server: a timeout or limit is negative");
}

// What is added to the present must not overflow.
std::chrono::nanoseconds Bounded(std::chrono::nanoseconds timeout) {
  constexpr std::chrono::hours kCentury{24 * 365 * 100};
  return std::min<std::chrono::nanoseconds>(timeout, kCentury);
}

internal::HeadOptions HeadOptionsOf(const ServerOptions& options) {
  internal::HeadOptions head;
  head.max_request_line = options.max_request_line;
  head.max_head = options.max_header_bytes;
  head.max_fields = options.max_header_fields;
  return head;
}

internal::ChunkOptions ChunkOptionsOf(const ServerOptions& options) {
  internal::ChunkOptions chunk;
  if (options.max_body_bytes > 0) chunk.max_body = static_cast<std::uint64_t>(options.max_body_bytes);
  chunk.max_overhead = options.max_chunk_overhead;
  chunk.max_trailer = options.max_trailer_bytes;
  chunk.max_trailer_fields = options.max_trailer_fields;
  return chunk;
}

}  // namespace

std::error_code ErrServerClosed() {
  static const ServerErrors category;
  return {1, category};
}

// State is shared with the connections' goroutines.
struct Server::State {
  State(ServerOptions given, Server* self)
      : options(std::move(given)),
        server(self),
        log(options.error_log ? options.error_log : LogToStandardError),
        exchanges(HeadOptionsOf(options), ChunkOptionsOf(options), log),
        connections(options.conn_state ? &options.conn_state : nullptr) {
    config.handler = options.handler ? &*options.handler : &DefaultServeMux();
    config.exchanges = &exchanges;
    config.log = &log;
    config.read_header_timeout = Bounded(options.read_header_timeout);
    config.read_timeout = Bounded(options.read_timeout);
    config.body = {Bounded(options.body_idle_timeout), options.min_body_rate};
    config.write_timeout = Bounded(options.write_timeout);
    config.idle_timeout = Bounded(options.idle_timeout);
    config.max_body_bytes = options.max_body_bytes;
    if (options.conn_context) config.conn_context = &options.conn_context;
    config.max_pipelined_requests = options.max_pipelined_requests;
    config.answers_options = !options.disable_general_options_handler;
    for (const std::string& text : options.proxy_protocol_from) {
      auto prefix = net::Prefix::Parse(text);
      if (!prefix) throw Panic("http: Server: proxy_protocol_from: bad prefix \"" + text + "\"");
      proxies.push_back(*std::move(prefix));
    }
    if (options.max_conns > 0) {
      constexpr std::size_t kMost = std::numeric_limits<std::int64_t>::max();
      room.emplace(static_cast<std::int64_t>(std::min(options.max_conns, kMost)));
    }
  }

  // Begin returns false if the server is stopped; otherwise End comes later, or, with a listener, Remove.
  bool Begin(const std::shared_ptr<net::Listener>& listener = nullptr) {
    MutexLock lock(mutex);
    if (stopped.Err()) return false;
    running.Add(1);
    if (listener != nullptr) listeners.insert(listener);
    return true;
  }
  void End() { running.Done(); }
  // Remove closes it, unless Stop has.
  void Remove(const std::shared_ptr<net::Listener>& listener) {
    bool is_open = false;
    {
      MutexLock lock(mutex);
      is_open = listeners.erase(listener) > 0;
    }
    if (is_open) (void)listener->Close();
    End();
  }

  void Stop();
  gale::Error AcceptLoop(net::Listener& listener, const gale::Context& context);
  gale::Error PauseAfter(const gale::Error& error, net::AcceptBackoff& backoff);
  void Start(std::shared_ptr<net::Conn> conn, const gale::Context& context);
  struct Served;
  static void Continue(std::unique_ptr<Served> served, internal::H1Connection::Outcome outcome);
  std::shared_ptr<net::Conn> FromProxy(const std::shared_ptr<net::Conn>& conn);
  bool WaitForRoom();

  const ServerOptions options;
  Server* const server;
  const internal::LogFunction log;
  internal::H1ExchangePool exchanges;
  internal::ConnectionConfig config;
  internal::ConnectionList connections;
  std::vector<net::Prefix> proxies;
  std::optional<Semaphore> room;  // for max_conns
  std::atomic<int> waiting_for_room{0};

  // Done once the listeners are closed, or about to be.
  gale::Context stopped;
  CancelFunc stop;

  gale::Mutex mutex;
  std::unordered_set<std::shared_ptr<net::Listener>> listeners;
  std::vector<std::function<void()>> on_shutdown;
  WaitGroup running;  // connections, and calls of Serve and ListenAndServe
};

// Stop lets nobody in any more.
void Server::State::Stop() {
  std::unordered_set<std::shared_ptr<net::Listener>> open;
  {
    MutexLock lock(mutex);
    stop();
    open.swap(listeners);
  }
  for (auto& listener : open) (void)listener->Close();
}

gale::Error Server::State::AcceptLoop(net::Listener& listener, const gale::Context& context) {
  net::AcceptBackoff backoff;
  for (;;) {
    auto accepted = listener.Accept();
    if (!accepted) {
      if (gale::Error error = PauseAfter(accepted.error(), backoff)) return error;
      continue;
    }
    backoff.Reset();
    if (room && !WaitForRoom()) continue;  // stopped meanwhile: the next Accept says so
    Start(*std::move(accepted), context);
  }
}

// PauseAfter waits after an error that passes; others it returns.
gale::Error Server::State::PauseAfter(const gale::Error& error, net::AcceptBackoff& backoff) {
  if (stopped.Err()) return gale::Error(ErrServerClosed());
  if (!net::IsTemporary(error)) return error;
  const auto pause = backoff.Next();
  log("http: Accept error: " + error.Message() + "; retrying in " + std::to_string(pause.count()) + "ms");
  Select(OnRecv(stopped.Done(), [](auto) {}), OnRecv(After(pause), [](auto) {}));
  return {};
}

// Served is one connection, from the accept on. Its goroutine owns it, or the connection that waits for bytes without
// one.
struct Server::State::Served {
  Served(State& state_given, const std::shared_ptr<net::Conn>& conn)
      : finish{state_given}, listed(state_given.connections, conn) {}

  struct Finish {
    State& state;
    ~Finish() {
      if (state.room) state.room->Release();
      state.End();
    }
  } finish;
  internal::ListedConnection listed;
  std::optional<internal::H1Connection> http;
};

// Continue is called with what the connection's last turn came to.
void Server::State::Continue(std::unique_ptr<Served> served, internal::H1Connection::Outcome outcome) {
  while (outcome == internal::H1Connection::Outcome::kIdle) {
    net::Conn& conn = served->http->Conn();
    Served* idle = served.get();
    const bool waits = conn.GoWhenReadable([idle](const gale::Error& error) {
      std::unique_ptr<Served> resumed(idle);
      const auto next = resumed->http->Resume(error);
      Continue(std::move(resumed), next);
    });
    if (waits) return (void)served.release();
    outcome = served->http->Resume(conn.WaitReadable());
  }
}

void Server::State::Start(std::shared_ptr<net::Conn> conn, const gale::Context& context) {
  running.Add(1);  // not from zero: the accept loop counts, too
  connections.Report(conn, kStateNew);
  Go([this, context, conn = std::move(conn)] {
    auto served = std::make_unique<Served>(*this, conn);
    std::shared_ptr<net::Conn> client = proxies.empty() ? conn : FromProxy(conn);
    if (client == nullptr) return;
    const auto outcome = served->http.emplace(config, served->listed, std::move(client), context).Serve();
    Continue(std::move(served), outcome);
  });
}

// FromProxy returns the connection as its client's if it comes from a proxy; null if that makes a mess of it.
std::shared_ptr<net::Conn> Server::State::FromProxy(const std::shared_ptr<net::Conn>& conn) {
  const net::Addr proxy = conn->RemoteAddr();
  const bool is_trusted =
      std::any_of(proxies.begin(), proxies.end(), [&](const net::Prefix& prefix) { return prefix.Contains(proxy); });
  if (!is_trusted) return conn;
  const auto timeout = options.read_header_timeout;
  const auto deadline = timeout.count() > 0 ? Clock::now() + timeout : Clock::time_point{};
  auto served = net::ReadProxyHeader(conn, deadline);
  if (served) return *std::move(served);
  log("http: connection from proxy " + proxy.String() + ": " + served.error().Message());
  (void)conn->Close();
  return nullptr;
}

// WaitForRoom returns false if the server is stopped before there is any.
bool Server::State::WaitForRoom() {
  if (room->TryAcquire()) return true;
  waiting_for_room.fetch_add(1, std::memory_order_relaxed);
  connections.Set(internal::ConnectionList::kCrowded);
  (void)connections.Sweep(Clock::time_point::min(), 1);
  const gale::Error error = room->Acquire(stopped);
  if (waiting_for_room.fetch_sub(1, std::memory_order_relaxed) == 1) {
    connections.Clear(internal::ConnectionList::kCrowded);
  }
  return !error;
}

Server::Server(ServerOptions options) {
  CheckOptions(options);
  state_ = std::make_shared<State>(std::move(options), this);
  std::tie(state_->stopped, state_->stop) = WithCancel(Background());
}

Server::~Server() {
  Close();
  state_->running.Wait();
}

gale::Error Server::Serve(std::shared_ptr<net::Listener> listener) {
  std::shared_ptr<State> state = state_;  // the destructor may go on as soon as Remove was called
  if (!state->Begin(listener)) {
    (void)listener->Close();
    return gale::Error(ErrServerClosed());
  }
  struct Finish {
    State& state;
    const std::shared_ptr<net::Listener>& listener;
    ~Finish() { state.Remove(listener); }
  } finish{*state, listener};
  gale::Context context = state->options.base_context ? state->options.base_context(listener) : Background();
  return state->AcceptLoop(*listener, WithValue(context, kServerContextKey, this));
}

gale::Error Server::ListenAndServe() {
  std::shared_ptr<State> state = state_;
  if (!state->Begin()) return gale::Error(ErrServerClosed());
  struct Finish {
    State& state;
    ~Finish() { state.End(); }
  } finish{*state};
  std::string_view addr = state->options.addr.empty() ? std::string_view(":80") : state->options.addr;
  constexpr std::string_view kUnix = "unix:";
  const bool is_unix = addr.starts_with(kUnix);
  auto listeners = net::ListenShards(is_unix ? "unix" : "tcp", addr.substr(is_unix ? kUnix.size() : 0), GOMAXPROCS());
  if (!listeners) return listeners.error();
  gale::Error first;
  gale::Mutex mutex;
  WaitGroup accepting;
  for (auto& listener : *listeners) {
    accepting.Go([&] {
      gale::Error error = Serve(listener);
      std::lock_guard guard(mutex);
      if (!first) first = std::move(error);
    });
  }
  accepting.Wait();
  return first;
}

void Server::Close() {
  state_->Stop();
  state_->connections.CloseAll();
}

void Server::RegisterOnShutdown(std::function<void()> function) {
  MutexLock lock(state_->mutex);
  state_->on_shutdown.push_back(std::move(function));
}

void Server::SetKeepAlivesEnabled(bool enabled) {
  if (enabled) return state_->connections.Clear(internal::ConnectionList::kKeepAlivesDisabled);
  state_->connections.Set(internal::ConnectionList::kKeepAlivesDisabled);
  (void)state_->connections.Sweep(Clock::time_point::min());
}

gale::Error Server::Shutdown(const gale::Context& context) {
  std::shared_ptr<State> state = state_;
  state->connections.Set(internal::ConnectionList::kShutDown);
  state->Stop();
  std::vector<std::function<void()>> functions;
  {
    MutexLock lock(state->mutex);
    functions = state->on_shutdown;
  }
  for (auto& function : functions) Go(std::move(function));

  Chan<std::monostate> all_gone(0);
  Go([state, all_gone] {
    state->running.Wait();
    all_gone.Close();
  });
  for (bool gone = false; !gone;) {
    const auto swept = state->connections.Sweep(Clock::now() - kNewGrace);
    if (gale::Error error = context.Err()) return error;
    Select(OnRecv(all_gone, [&](auto) { gone = true; }), OnRecv(context.Done(), [](auto) {}),
           OnRecv(After(swept.reliable ? kNewSweep : kUnreliableSweep), [](auto) {}));
  }
  return {};
}

gale::Error ListenAndServe(std::string_view addr, HandlerRef handler) {
  return Server({.addr = std::string(addr), .handler = std::move(handler)}).ListenAndServe();
}

gale::Error Serve(std::shared_ptr<net::Listener> listener, HandlerRef handler) {
  return Server({.handler = std::move(handler)}).Serve(std::move(listener));
}

}  // namespace gale::http

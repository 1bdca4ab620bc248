#include "gale/http/server.h"

#include <cstdio>
#include <ctime>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include "gale/http/default_serve_mux.h"
#include "gale/http/internal/h1_connection.h"
#include "gale/http/internal/h1_exchange.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale::http {

namespace {

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
                  options.write_timeout.count() < 0 || options.idle_timeout.count() < 0 || options.max_body_bytes < 0;
  if (negative) throw Panic("http: Server: a timeout or limit is negative");
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
  explicit State(ServerOptions given)
      : options(std::move(given)),
        log(options.error_log ? options.error_log : LogToStandardError),
        exchanges(HeadOptionsOf(options), ChunkOptionsOf(options), log) {
    config.handler = options.handler != nullptr ? options.handler : &DefaultServeMux();
    config.exchanges = &exchanges;
    config.log = &log;
    config.read_header_timeout = options.read_header_timeout;
    config.body_idle_timeout = options.body_idle_timeout;
    config.write_timeout = options.write_timeout;
    config.idle_timeout = options.idle_timeout;
    config.max_body_bytes = options.max_body_bytes;
    if (options.conn_context) config.conn_context = &options.conn_context;
    config.max_pipelined_requests = options.max_pipelined_requests;
  }

  // Begin and Add return false if the server is closed; otherwise End and Remove come later.
  bool Begin() {
    std::lock_guard guard(mutex);
    if (closed) return false;
    running.Add(1);
    return true;
  }
  void End() { running.Done(); }

  template <typename Set, typename Object>
  bool Add(Set& set, const Object& object) {
    std::lock_guard guard(mutex);
    if (closed) return false;
    set.insert(object);
    running.Add(1);
    return true;
  }
  template <typename Set, typename Object>
  void Remove(Set& set, const Object& object) {
    {
      std::lock_guard guard(mutex);
      set.erase(object);
    }
    running.Done();
  }
  bool Closed() {
    std::lock_guard guard(mutex);
    return closed;
  }

  gale::Error AcceptLoop(net::Listener& listener, const gale::Context& context);

  const ServerOptions options;
  const internal::LogFunction log;
  internal::H1ExchangePool exchanges;
  internal::ConnectionConfig config;

  gale::Mutex mutex;
  bool closed = false;
  std::unordered_set<std::shared_ptr<net::Listener>> listeners;
  std::unordered_set<std::shared_ptr<net::Conn>> conns;
  WaitGroup running;  // connections, and calls of Serve and ListenAndServe
};

gale::Error Server::State::AcceptLoop(net::Listener& listener, const gale::Context& context) {
  net::AcceptBackoff backoff;
  for (;;) {
    auto accepted = listener.Accept();
    if (!accepted) {
      if (Closed()) return gale::Error(ErrServerClosed());
      if (!net::IsTemporary(accepted.error())) return accepted.error();
      auto pause = backoff.Next();
      log("http: Accept error: " + accepted.error().Message() + "; retrying in " + std::to_string(pause.count()) +
          "ms");
      Sleep(pause);
      continue;
    }
    backoff.Reset();
    if (!Add(conns, *accepted)) continue;  // closed meanwhile: the next Accept says so
    Go([this, context, conn = *std::move(accepted)] {
      struct Finish {
        State* state;
        const std::shared_ptr<net::Conn>& conn;
        ~Finish() { state->Remove(state->conns, conn); }
      } finish{this, conn};
      internal::H1Connection(config, conn, context).Serve();
    });
  }
}

Server::Server(ServerOptions options) {
  CheckOptions(options);
  state_ = std::make_shared<State>(std::move(options));
}

Server::~Server() {
  Close();
  state_->running.Wait();
}

gale::Error Server::Serve(std::shared_ptr<net::Listener> listener) {
  std::shared_ptr<State> state = state_;  // the destructor may go on as soon as Remove was called
  if (!state->Add(state->listeners, listener)) {
    (void)listener->Close();
    return gale::Error(ErrServerClosed());
  }
  gale::Context context = state->options.base_context ? state->options.base_context(listener) : Background();
  gale::Error error = state->AcceptLoop(*listener, WithValue(context, kServerContextKey, this));
  (void)listener->Close();
  state->Remove(state->listeners, listener);
  return error;
}

gale::Error Server::ListenAndServe() {
  std::shared_ptr<State> state = state_;
  if (!state->Begin()) return gale::Error(ErrServerClosed());
  struct Finish {
    State& state;
    ~Finish() { state.End(); }
  } finish{*state};
  std::string_view addr = state->options.addr.empty() ? std::string_view(":80") : state->options.addr;
  auto listeners = net::ListenShards("tcp", addr, GOMAXPROCS());
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
  std::vector<std::shared_ptr<net::Listener>> listeners;
  std::vector<std::shared_ptr<net::Conn>> conns;
  {
    std::lock_guard guard(state_->mutex);
    state_->closed = true;
    listeners.assign(state_->listeners.begin(), state_->listeners.end());
    conns.assign(state_->conns.begin(), state_->conns.end());
  }
  for (auto& listener : listeners) (void)listener->Close();
  for (auto& conn : conns) (void)conn->Close();
}

gale::Error ListenAndServe(std::string_view addr, Handler& handler) {
  ServerOptions options;
  options.addr = addr;
  options.handler = &handler;
  return Server(std::move(options)).ListenAndServe();
}

gale::Error ListenAndServe(std::string_view addr) { return ListenAndServe(addr, DefaultServeMux()); }

}  // namespace gale::http

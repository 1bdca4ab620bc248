// Server: listens, and has a Handler answer every request.
//
//   http::ServeMux mux;
//   mux.HandleFunc("/", Handler);
//   if (auto err = http::ListenAndServe(":8080", mux)) {
//     std::fprintf(stderr, "%s\n", err.Message().c_str());   // listen tcp :8080: address already in use
//   }
//
// or, with options, and ending in good order on SIGTERM (run_until_signal.h):
//
//   http::Server server({.addr = "127.0.0.1:8080", .handler = &mux, .idle_timeout = 10s});
//   gale::Error error = http::RunUntilSignal(server);
//
// Each connection is served by a goroutine of its own, which is parked in the netpoller between requests. Everything
// here works from goroutines and from plain threads; a plain main() needs nothing else. A process may have any number
// of servers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gale/http/conn_state.h"
#include "gale/http/handler.h"
#include "gale/http/handler_ref.h"
#include "gale/net/addr.h"
#include "gale/net/listener.h"
#include "gale/runtime/context.h"
#include "gale/runtime/error.h"

namespace gale::http {

// ServerOptions: every field has a finite default, so that no client can hold what it has got for ever. A timeout of
// zero means none.
struct ServerOptions {
  // Where ListenAndServe listens: "host:port", ":port" for all interfaces, "unix:/path" for a Unix socket, "unix:@name"
  // for one in the abstract namespace. "" is ":80".
  std::string addr = {};
  // Who answers: &mux, which must outlive the server, or a handler that is shared or moved here. Null:
  // DefaultServeMux().
  HandlerRef handler = {};

  // Passes "OPTIONS *", which asks about the server as a whole, on to the handler. Else the server answers 200.
  bool disable_general_options_handler = false;

  // From the first byte of a request (for the first one: from accept) to the end of its head, in all. A client that
  // takes longer gets 408 and is cut off. 10 s: enough for a head on any line, and what a client that drips bytes can
  // hold is over soon.
  std::chrono::nanoseconds read_header_timeout = std::chrono::seconds(10);
  // From there to the end of the body, in all: for the head too, like read_header_timeout; then the handler's Read
  // fails with Errc::kTimeout. None: how long an upload takes depends on its size, so the next two bound it.
  std::chrono::nanoseconds read_timeout = std::chrono::seconds(0);
  // The longest wait for the next bytes of a body; then the handler's Read fails with Errc::kTimeout. 30 s: as long as
  // a mobile client may be without a network.
  std::chrono::nanoseconds body_idle_timeout = std::chrono::seconds(30);
  // Bytes per second that a body must at least bring, beyond those 30 s: what the server has waited for it in all may
  // not exceed body_idle_timeout by more than the received bytes take at this rate. 240: no modem was as slow, and a
  // byte every 29 s would otherwise hold a handler for ever. 0 for bodies that are conversations.
  std::int64_t min_body_rate = 240;
  // How long a client may take to receive 256 KiB of a response (or what is left of it); then Write fails and the
  // connection is closed. 30 s: 70 kbit/s, and a client that does not read is found out.
  std::chrono::nanoseconds write_timeout = std::chrono::seconds(30);
  // How long a connection may be idle between two requests. It is closed without a word then. 60 s: longer than
  // browsers' pauses between clicks; proxies in front should be told to keep theirs shorter.
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);

  // The longest request line in bytes; a longer one gets 414. A URL of 8000 bytes must work (RFC 9112 section 3).
  std::size_t max_request_line = 16 * 1024;
  // The longest head in bytes, request line included; a longer one gets 431. 64 KiB: some gateways put certificates or
  // tokens of 32 KiB there.
  std::size_t max_header_bytes = 64 * 1024;
  // The most header fields; more get 431. 100: browsers behind proxies send about 40.
  std::size_t max_header_fields = 100;
  // The largest body in bytes. One that announces more gets 413 before the handler is called; where a chunked one
  // grows beyond it, Read fails with std::errc::message_size. 0: no limit, the handler bounds what it reads.
  std::int64_t max_body_bytes = 0;
  // How many bytes of a chunked body may be neither data nor a reasonable price for it: each chunk has 16 bytes and
  // twice its data for its size line, what exceeds that adds up. More: Read fails with std::errc::protocol_error.
  std::size_t max_chunk_overhead = 16 * 1024;
  // The longest trailer section in bytes, and the most fields in it; beyond, Read fails as above.
  std::size_t max_trailer_bytes = 8 * 1024;
  std::size_t max_trailer_fields = 100;
  // The most requests answered on end while the next one has already arrived. The last of them gets "Connection:
  // close", and what is behind it is not read; a client must send that again on another connection (RFC 9112 section
  // 9.3.2). One that waits for its answers, at least now and then, never gets there. 0: no limit.
  std::size_t max_pipelined_requests = 10'000;

  // The most connections that are served at the same time. 0: as many as the process may have descriptors
  // (RLIMIT_NOFILE), beyond which accepting pauses. Beyond the limit clients wait: one accepted connection for each
  // listener until there is room, the others in the kernel's queue, without costing the server anything (a 503 would
  // make them come back at once). While some wait, an idle connection is closed to make room, and others after their
  // next response ("Connection: close").
  std::size_t max_conns = 0;

  // The proxies whose connections begin with a header of the PROXY protocol (net/proxy_protocol.h), as prefixes:
  // "10.0.0.0/8", "::1", "unix". RemoteAddr is the client's then. Such a connection without a well-formed header,
  // within read_header_timeout, is closed and logged; others are served as they are. Default: none, as anybody who is
  // trusted here can claim any address.
  std::vector<std::string> proxy_protocol_from = {};

  // Called when a connection enters a state; from its goroutine, except kStateNew, which comes from the one that
  // accepts. Must not wait long; must not throw.
  std::function<void(const std::shared_ptr<net::Conn>&, ConnState)> conn_state = {};

  // Makes the context from which those of a listener's requests are made; called once by each Serve, before the first
  // Accept. Null: Background(). Called from several goroutines at once.
  std::function<gale::Context(const std::shared_ptr<net::Listener>&)> base_context = {};
  // Makes the context of a connection's requests from the one given, before the first of them. Called from many
  // goroutines at once.
  std::function<gale::Context(const gale::Context&, const std::shared_ptr<net::Conn>&)> conn_context = {};

  // Gets a line for what the server cannot tell a client: a handler's exception, a failing accept. Called from many
  // goroutines at once. Null: standard error, with the time.
  std::function<void(std::string_view)> error_log = {};
};

// Server serves any number of listeners with one handler. Not copyable. The destructor calls Close and waits until
// Serve and ListenAndServe have returned and all connections' goroutines have ended; so not from a handler.
class Server {
 public:
  // Throws gale::Panic if an option is negative or a prefix is malformed.
  explicit Server(ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // ListenAndServe listens on options.addr (with TCP, one listener for each P) and serves until Close or Shutdown. It
  // always returns an error: why it could not listen, or ErrServerClosed.
  gale::Error ListenAndServe();

  // Serve accepts connections until the listener fails or is closed, and closes the listener.
  gale::Error Serve(std::shared_ptr<net::Listener> listener);

  // Close closes all listeners and all connections at once, in the middle of requests too. Serve and ListenAndServe
  // return ErrServerClosed, now or when they are called later.
  void Close();

  // Shutdown stops in good order: it closes the listeners and the idle connections, has the others end with the
  // response that they are just making ("Connection: close", where its head has not been sent yet), and returns when
  // all have ended; or when the context is done, with its Err, and then what is left goes on: Close ends it. A
  // connection that was accepted less than 5 s ago may still make its first request. Serve and ListenAndServe return
  // ErrServerClosed at once: do not let main return then, but when Shutdown has. Connections that were hijacked are not
  // waited for. Not from a handler, whose end it would wait for.
  gale::Error Shutdown(const gale::Context& context);

  // RegisterOnShutdown has Shutdown call the function, on a goroutine of its own which is not waited for: to end what
  // Shutdown does not know of, as hijacked connections.
  void RegisterOnShutdown(std::function<void()> function);

  // SetKeepAlivesEnabled(false) ends connections after their next response, idle ones at once. Enabled by default.
  void SetKeepAlivesEnabled(bool enabled);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// The keys of what the contexts of a server's requests have: the server, and the connection's own address.
inline const ContextKey<Server*> kServerContextKey("http-server");
inline const ContextKey<net::Addr> kLocalAddrContextKey("local-addr");

// ErrServerClosed is what Serve and ListenAndServe return after Close or Shutdown: "http: Server
// closed".
std::error_code ErrServerClosed();

// ListenAndServe serves handler on addr for ever; it returns only with an error. Null: DefaultServeMux().
gale::Error ListenAndServe(std::string_view addr, HandlerRef handler = {});
// Serve serves those who connect to a listener.
gale::Error Serve(std::shared_ptr<net::Listener> listener, HandlerRef handler = {});

}  // namespace gale::http

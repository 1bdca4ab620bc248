// A server's life: how it starts, where it listens, what happens to whom when it is closed or destroyed.
#include "gale/http/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "gale/http/default_serve_mux.h"
#include "gale/http/status.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

void Hello(ResponseWriter& w, Request&) { (void)w.Write("hello"); }

// A port on which nobody listens.
int FreePort() {
  auto listener = MustListen("tcp", "127.0.0.1:0");
  return listener->Address().Port();
}

void OnGoroutine(const std::function<void()>& body) {
  gale::WaitGroup group;
  group.Go(body);
  group.Wait();
}

TEST(ServerCloseTest, ServeReturnsServerClosed) {
  TestServer server(Hello);
  EXPECT_EQ(server.Ask(Get("/")).body, "hello");
  const gale::Error error = server.Close();
  EXPECT_EQ(error.Code(), ErrServerClosed());
  EXPECT_EQ(error.Message(), "http: Server closed");
  EXPECT_FALSE(server.Connect().Connected());
}

TEST(ServerCloseTest, IsForGood) {
  Server server({});
  server.Close();
  server.Close();
  EXPECT_EQ(server.ListenAndServe().Code(), ErrServerClosed());
  auto listener = MustListen("tcp", "127.0.0.1:0");
  EXPECT_EQ(server.Serve(listener).Code(), ErrServerClosed());
  EXPECT_FALSE(WireClient(listener->Address().Port()).Connected());
}

TEST(ServerCloseTest, EndsIdleConnectionsAndThoseThatAreBusy) {
  gale::WaitGroup busy;
  busy.Add(1);
  std::atomic<bool> failed = false;
  TestServer server([&](ResponseWriter& w, Request& r) {
    if (r.URL().Path() != "/busy") return;
    busy.Done();
    EXPECT_FALSE(gale::ReadAll(r.Body()));
    for (int i = 0; i < 1000; ++i) failed = failed || !w.Write(std::string(100'000, 'x'));
  });
  WireClient silent = server.Connect();
  WireClient idle = server.Connect();
  EXPECT_EQ(idle.Ask(Get("/")).status, 200);
  WireClient reading = server.Connect();
  reading.Send(Post("/busy", "hello").substr(0, 53));
  busy.Wait();
  (void)server.Close();
  for (WireClient* client : {&silent, &idle}) EXPECT_EQ(client->ReadToEnd(), "");
  reading.ReadToEnd();
  EXPECT_NE(reading.Ending(), "timeout");
  EXPECT_TRUE(Eventually([&] { return failed.load(); }));
}

TEST(ServerCloseTest, FromAHandler) {
  TestServer* self = nullptr;
  TestServer server([&](ResponseWriter&, Request&) { self->server().Close(); });
  self = &server;
  WireClient client = server.Connect();
  client.Send(Get("/"));
  client.ReadToEnd();
  EXPECT_NE(client.Ending(), "timeout");
  EXPECT_EQ(server.Close().Code(), ErrServerClosed());
}

TEST(ServerCloseTest, WhileConnectionsCome) {
  for (int round = 0; round < 20; ++round) {
    TestServer server(Hello);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 20; ++j) {
          WireClient client = server.Connect();
          client.Send(Get("/"));
          const WireResponse response = client.ReadResponse();
          EXPECT_NE(response.problem, "timeout");
        }
      });
    }
    ::usleep(static_cast<useconds_t>(round * 100));
    EXPECT_EQ(server.Close().Code(), ErrServerClosed());
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(DestructorTest, WaitsForHandlersAndForServe) {
  std::atomic<bool> ended = false;
  std::atomic<bool> returned = false;
  gale::WaitGroup started;
  started.Add(1);
  HandlerFunc handler([&](ResponseWriter&, Request&) {
    started.Done();
    gale::Sleep(50ms);
    ended = true;
  });
  {
    ServerOptions options;
    options.handler = &handler;
    Server server(options);
    auto listener = MustListen("tcp", "127.0.0.1:0");
    gale::Go([&server, &returned, listener] {
      const gale::Error error = server.Serve(listener);
      returned = true;
      EXPECT_EQ(error.Code(), ErrServerClosed());
    });
    WireClient client(listener->Address().Port());
    client.Send(Get("/"));
    started.Wait();
  }
  EXPECT_TRUE(ended);
  EXPECT_TRUE(Eventually([&] { return returned.load(); }));
}

TEST(OptionsTest, NegativeOnesAreAPanic) {
  EXPECT_THROW(Server({.read_header_timeout = -1s}), gale::Panic);
  EXPECT_THROW(Server({.body_idle_timeout = -1s}), gale::Panic);
  EXPECT_THROW(Server({.write_timeout = -1s}), gale::Panic);
  EXPECT_THROW(Server({.idle_timeout = -1s}), gale::Panic);
  EXPECT_THROW(Server({.max_body_bytes = -1}), gale::Panic);
}

TEST(OptionsTest, WithoutAHandlerTheDefaultMuxAnswers) {
  http::HandleFunc("/lifecycle-test", Hello);
  Server server({});
  auto listener = MustListen("tcp", "127.0.0.1:0");
  gale::Go([&] { (void)server.Serve(listener); });
  EXPECT_EQ(WireClient(listener->Address().Port()).Ask(Get("/lifecycle-test")).body, "hello");
  EXPECT_EQ(WireClient(listener->Address().Port()).Ask(Get("/other")).status, 404);
}

// ListenAndServe, from a plain thread and from a goroutine.
class ListenAndServeTest : public ::testing::TestWithParam<bool> {
 protected:
  void Execute(const std::function<void()>& body) {
    if (GetParam()) return OnGoroutine(body);
    std::thread(body).join();
  }
};

TEST_P(ListenAndServeTest, ServesUntilClosed) {
  HandlerFunc handler(Hello);
  const std::string addr = "127.0.0.1:" + std::to_string(FreePort());
  ServerOptions options;
  options.addr = addr;
  options.handler = &handler;
  Server server(options);
  std::thread client([&] {
    const int port = std::stoi(addr.substr(addr.find(':') + 1));
    EXPECT_TRUE(Eventually([&] { return WireClient(port).Connected(); }));
    // As many as it takes for every listener to have some.
    for (int i = 0; i < 50; ++i) EXPECT_EQ(WireClient(port).Ask(Get("/")).body, "hello");
    server.Close();
  });
  Execute([&] { EXPECT_EQ(server.ListenAndServe().Message(), "http: Server closed"); });
  client.join();
}

TEST_P(ListenAndServeTest, SaysWhichAddressIsInUse) {
  HandlerFunc handler(Hello);
  TestServer other(Hello);
  const std::string addr = "127.0.0.1:" + std::to_string(other.Port());
  Execute([&] {
    const gale::Error error = ListenAndServe(addr, handler);
    EXPECT_EQ(error, std::errc::address_in_use);
    EXPECT_EQ(error.Message(), "listen tcp " + addr + ": address already in use");
  });
  EXPECT_EQ(other.Ask(Get("/")).body, "hello");
}

// A second Gale server on the port gets the same error: its shards do not join the first one's.
TEST_P(ListenAndServeTest, DoesNotShareItsPortWithAnotherServer) {
  HandlerFunc handler(Hello);
  ServerOptions options;
  options.addr = "127.0.0.1:" + std::to_string(FreePort());
  options.handler = &handler;
  Server first(options);
  std::thread serving([&] { (void)first.ListenAndServe(); });
  const int port = std::stoi(options.addr.substr(options.addr.find(':') + 1));
  ASSERT_TRUE(Eventually([&] { return WireClient(port).Connected(); }));
  Execute([&] { EXPECT_EQ(ListenAndServe(options.addr, handler), std::errc::address_in_use); });
  first.Close();
  serving.join();
}

TEST_P(ListenAndServeTest, RefusesABadAddress) {
  HandlerFunc handler(Hello);
  Execute([&] {
    EXPECT_EQ(ListenAndServe("127.0.0.1", handler).Message(), "listen tcp: address 127.0.0.1: missing port in address");
  });
}

INSTANTIATE_TEST_SUITE_P(Places, ListenAndServeTest, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "OnGoroutine" : "OnThread"; });

TEST(SeveralTest, ServersSideBySide) {
  TestServer one([](ResponseWriter& w, Request&) { (void)w.Write("one"); });
  TestServer two([](ResponseWriter& w, Request&) { (void)w.Write("two"); });
  WireClient client = one.Connect();
  EXPECT_EQ(client.Ask(Get("/")).body, "one");
  EXPECT_EQ(two.Ask(Get("/")).body, "two");
  (void)two.Close();
  EXPECT_EQ(client.Ask(Get("/")).body, "one");
}

TEST(SeveralTest, ListenersOfOneServer) {
  HandlerFunc handler(Hello);
  ServerOptions options;
  options.handler = &handler;
  Server server(options);
  auto tcp = MustListen("tcp", "127.0.0.1:0");
  auto unix = MustListen("unix", SocketPath());
  gale::WaitGroup serving;
  serving.Go([&] { EXPECT_EQ(server.Serve(tcp).Code(), ErrServerClosed()); });
  serving.Go([&] {
    // Closed by somebody else, it says so; the other one goes on.
    EXPECT_EQ(server.Serve(unix), Errc::kClosed);
  });
  EXPECT_EQ(WireClient(tcp->Address().Port()).Ask(Get("/")).body, "hello");
  EXPECT_EQ(WireClient(unix->Address().Path()).Ask(Get("/")).body, "hello");
  (void)unix->Close();
  EXPECT_TRUE(Eventually([&] { return !WireClient(unix->Address().Path()).Connected(); }));
  EXPECT_EQ(WireClient(tcp->Address().Port()).Ask(Get("/")).body, "hello");
  server.Close();
  serving.Wait();
}

TEST(RemoteAddrTest, IsTheClients) {
  TestServer server([](ResponseWriter& w, Request& r) { (void)w.Write(r.RemoteAddr()); });
  WireClient client = server.Connect();
  sockaddr_in own{};
  socklen_t size = sizeof(own);
  ASSERT_EQ(::getsockname(client.Descriptor(), reinterpret_cast<sockaddr*>(&own), &size), 0);
  EXPECT_EQ(client.Ask(Get("/")).body, "127.0.0.1:" + std::to_string(ntohs(own.sin_port)));
}

// Without a free descriptor the server waits, longer and longer, instead of spinning; it says so, goes on with the
// connections that it has, and takes the others when there are descriptors again.
TEST(OutOfDescriptorsTest, AcceptBacksOffAndRecovers) {
  TestServer server(Hello);
  WireClient old = server.Connect();
  ASSERT_EQ(old.Ask(Get("/")).body, "hello");
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const int last = ::dup(old.Descriptor());  // the lowest free number
  ASSERT_GE(last, 0);
  ::close(last);
  rlimit none = limit;
  none.rlim_cur = static_cast<rlim_t>(last) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  WireClient waiting = server.Connect();  // takes the last descriptor
  EXPECT_TRUE(waiting.Connected());
  waiting.Send(Get("/"));
  EXPECT_TRUE(Eventually([&] { return server.Log().size() >= 3; }));
  EXPECT_EQ(old.Ask(Get("/")).body, "hello");
  EXPECT_EQ(waiting.Pending(), 0);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(waiting.ReadResponse().body, "hello");
  const std::vector<std::string> log = server.Log();
  EXPECT_LT(log.size(), 12u);
  const std::string start = "http: Accept error: accept tcp 127.0.0.1:" + std::to_string(server.Port()) +
                            ": too many open files; retrying in ";
  EXPECT_EQ(log[0], start + "5ms");
  EXPECT_EQ(log[1], start + "10ms");
  EXPECT_EQ(log[2], start + "20ms");
}

}  // namespace
}  // namespace gale::http

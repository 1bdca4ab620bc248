// Shutdown, keep-alives off, the states of connections, and how many there may be.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <map>
#include <string>
#include <thread>

#include "gale/http/run_until_signal.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/context.h"
#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

// Gate is a handler that says when it has been called, and then waits until it may go on.
struct Gate {
  void operator()(ResponseWriter& w, Request& r) const {
    if (r.URL().Path() != "/wait") return;
    if (r.Header().Get("X-Begin") == "yes") (void)w.Write(std::string(5000, 'x'));
    called.Send(true);
    (void)go_on.Recv();
    (void)w.Write("done");
  }
  Chan<bool> called{0};
  Chan<bool> go_on{0};
};

// Shutting is a Shutdown on a goroutine of its own.
class Shutting {
 public:
  explicit Shutting(Server& server, Context context = Background()) {
    group_.Go([this, &server, context] {
      error_ = server.Shutdown(context);
      returned_ = true;
    });
  }
  bool Returned() const { return returned_; }
  gale::Error Wait() {
    group_.Wait();
    return error_;
  }

 private:
  gale::Error error_;
  std::atomic<bool> returned_ = false;
  gale::WaitGroup group_;
};

// Behaviour group 37.
TEST(ShutdownTest, ClosesIdleConnectionsAtOnceAndWaitsForTheOthers) {
  Gate gate;
  TestServer server(gate);
  WireClient idle = server.Connect();
  EXPECT_EQ(idle.Ask(Get("/")).status, 200);
  WireClient busy = server.Connect();
  busy.Send(Get("/wait"));
  gate.called.Recv();
  Shutting shutting(server.server());
  EXPECT_TRUE(idle.AtEnd());
  EXPECT_TRUE(Eventually([&] { return !server.Connect().Connected(); }));
  EXPECT_FALSE(shutting.Returned());
  gate.go_on.Send(true);
  const WireResponse response = busy.ReadResponse();
  EXPECT_EQ(response.body, "done");
  EXPECT_EQ(response.Get("Connection"), "close");
  EXPECT_TRUE(busy.AtEnd());
  EXPECT_FALSE(shutting.Wait());
  EXPECT_EQ(server.Close(), ErrServerClosed());
}

// A head that is sent already cannot say that the connection will be closed.
TEST(ShutdownTest, EndsAConnectionBehindAResponseThatHasBegun) {
  Gate gate;
  TestServer server(gate);
  WireClient busy = server.Connect();
  busy.Send(Get("/wait", "X-Begin: yes\r\n"));
  gate.called.Recv();
  Shutting shutting(server.server());
  EXPECT_TRUE(Eventually([&] { return !server.Connect().Connected(); }));
  gate.go_on.Send(true);
  EXPECT_EQ(busy.ReadResponse().body, std::string(5000, 'x') + "done");
  EXPECT_TRUE(busy.AtEnd());
  EXPECT_FALSE(shutting.Wait());
}

TEST(ShutdownTest, ReturnsTheErrorOfAContextThatEndsBefore) {
  Gate gate;
  TestServer server(gate);
  WireClient busy = server.Connect();
  busy.Send(Get("/wait"));
  gate.called.Recv();
  auto [context, cancel] = gale::WithTimeout(gale::Background(), 20ms);
  EXPECT_EQ(server.server().Shutdown(context), Errc::kDeadlineExceeded);
  cancel();
  gate.go_on.Send(true);
  EXPECT_EQ(busy.ReadResponse().body, "done") << "it was not cut off";
}

// Behaviour group 37.
TEST(ShutdownTest, IsForGood) {
  Server server({});
  EXPECT_FALSE(server.Shutdown(gale::Background()));
  EXPECT_FALSE(server.Shutdown(gale::Background()));
  EXPECT_EQ(server.ListenAndServe(), ErrServerClosed());
  auto listener = MustListen("tcp", "127.0.0.1:0");
  EXPECT_EQ(server.Serve(listener), ErrServerClosed());
  EXPECT_FALSE(WireClient(listener->Address().Port()).Connected());
}

// Behaviour group 37. Counts how often it is closed; the first Accept waits for that.
TEST(ShutdownTest, ClosesAListenerOnce) {
  class Counting : public net::Listener {
   public:
    std::expected<std::shared_ptr<net::Conn>, gale::Error> Accept() override {
      (void)closed_.Recv();
      return std::unexpected(gale::Error(Errc::kClosed));
    }
    gale::Error Close() override {
      if (count++ == 0) closed_.Close();
      return {};
    }
    const net::Addr& Address() const override { return address_; }
    std::atomic<int> count = 0;

   private:
    Chan<bool> closed_{0};
    net::Addr address_;
  };
  auto listener = std::make_shared<Counting>();
  Server server({});
  gale::WaitGroup serving;
  serving.Go([&] { EXPECT_EQ(server.Serve(listener), ErrServerClosed()); });
  gale::Sleep(1ms);
  EXPECT_FALSE(server.Shutdown(gale::Background()));
  serving.Wait();
  EXPECT_EQ(listener->count, 1);
}

TEST(ShutdownTest, CallsWhatWasRegistered) {
  Chan<int> calls(2);
  TestServer server(Gate{});
  server.server().RegisterOnShutdown([&] { calls.Send(1); });
  server.server().RegisterOnShutdown([&] { calls.Send(2); });
  EXPECT_FALSE(server.server().Shutdown(gale::Background()));
  EXPECT_EQ(*calls.Recv() + *calls.Recv(), 3);
}

// Requests that come while the server stops are answered or not begun; none is begun and cut off.
TEST(ShutdownTest, NeverCutsOffARequestThatHasBegun) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> begun = 0, cut = 0;
    TestServer server([&](ResponseWriter&, Request& r) {
      ++begun;
      const Context context = r.Context();
      gale::Sleep(std::chrono::microseconds(100));
      if (context.Err()) ++cut;
    });
    std::atomic<int> answered = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        WireClient client = server.Connect();
        while (client.Ask(Get("/")).problem.empty()) ++answered;
      });
    }
    ::usleep(static_cast<useconds_t>(1000 + round * 150));
    EXPECT_FALSE(server.server().Shutdown(gale::Background()));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(cut, 0);
    EXPECT_EQ(begun, answered);
  }
}

// Behaviour group 38.
TEST(KeepAlivesTest, DisabledTheyEndConnectionsIdleOnesAtOnce) {
  TestServer server(Gate{});
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(Get("/")).Get("Connection"), "(none)");
  server.server().SetKeepAlivesEnabled(false);
  EXPECT_TRUE(client.AtEnd());
  WireClient other = server.Connect();
  EXPECT_EQ(other.Ask(Get("/")).Get("Connection"), "close");
  EXPECT_TRUE(other.AtEnd());
  server.server().SetKeepAlivesEnabled(true);
  WireClient third = server.Connect();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(third.Ask(Get("/")).Get("Connection"), "(none)");
}

// States collects what each connection has gone through.
class States {
 public:
  void operator()(const std::shared_ptr<net::Conn>& conn, ConnState state) {
    std::lock_guard guard(mutex_);
    std::string& states = by_conn_[conn.get()];
    if (!states.empty()) states += ' ';
    states += ConnStateText(state);
    if (state != kStateClosed) return;
    ended_.push_back(std::exchange(states, {}));
  }
  std::vector<std::string> Ended() {
    std::lock_guard guard(mutex_);
    return ended_;
  }

 private:
  std::mutex mutex_;
  std::map<net::Conn*, std::string> by_conn_;
  std::vector<std::string> ended_;
};

// Behaviour group 35.
TEST(ConnStateTest, FollowsTheConnection) {
  struct Row {
    std::string bytes;
    int responses;
    std::string states;
  };
  const std::vector<Row> rows = {
      {Get("/"), 1, "new active idle closed"},
      {Get("/", "Connection: close\r\n"), 1, "new active closed"},
      {"", 0, "new closed"},
      {"not a request\r\n\r\n", 1, "new active closed"},
      {"GET / HTTP/1.1\r\n", 0, "new active closed"},
      {Get("/") + Get("/"), 2, "new active idle closed"},
  };
  for (const Row& row : rows) {
    States states;
    ServerOptions options;
    options.conn_state = std::ref(states);
    TestServer server(Gate{}, options);
    WireClient client = server.Connect();
    client.Send(row.bytes);
    for (int i = 0; i < row.responses; ++i) client.ReadResponse();
    if (row.bytes.starts_with("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) {
      EXPECT_EQ(client.Ask(Get("/")).status, 200);  // so that it has been idle
    }
    client.CloseWrite();
    client.ReadToEnd();
    ASSERT_TRUE(Eventually([&] { return states.Ended().size() == 1; }));
    std::string expected = row.states;
    if (row.bytes.starts_with("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) expected = "new active idle active idle closed";
    EXPECT_EQ(states.Ended()[0], expected) << row.bytes;
  }
}

TEST(MostConnectionsTest, OthersWaitUntilOneEnds) {
  Gate gate;
  ServerOptions options;
  options.max_conns = 2;
  TestServer server(gate, options);
  WireClient first = server.Connect();
  WireClient second = server.Connect();
  first.Send(Get("/wait"));
  gate.called.Recv();
  second.Send(Get("/wait"));
  gate.called.Recv();
  WireClient third = server.Connect();
  third.Send(Get("/"));
  ::usleep(50'000);
  EXPECT_EQ(third.Pending(), 0);
  gate.go_on.Send(true);
  EXPECT_EQ(third.ReadResponse().status, 200) << "the connection that has made room is closed";
  gate.go_on.Send(true);
  for (WireClient* client : {&first, &second}) EXPECT_EQ(client->ReadResponse().body, "done");
}

TEST(MostConnectionsTest, AnIdleConnectionMakesRoom) {
  ServerOptions options;
  options.max_conns = 2;
  TestServer server(Gate{}, options);
  WireClient first = server.Connect();
  EXPECT_EQ(first.Ask(Get("/")).status, 200);
  WireClient second = server.Connect();
  EXPECT_EQ(second.Ask(Get("/")).status, 200);
  WireClient third = server.Connect();
  EXPECT_EQ(third.Ask(Get("/")).status, 200);
  EXPECT_TRUE(first.AtEnd());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(second.Ask(Get("/")).status, 200);
}

TEST(MostConnectionsTest, WhoWaitsIsClosedWithTheServer) {
  Gate gate;
  ServerOptions options;
  options.max_conns = 1;
  TestServer server(gate, options);
  WireClient first = server.Connect();
  first.Send(Get("/wait"));
  gate.called.Recv();
  WireClient second = server.Connect();
  ::usleep(20'000);
  gale::Go([gate] { gate.go_on.Send(true); });
  EXPECT_EQ(server.Close(), ErrServerClosed());
  second.ReadToEnd();
  EXPECT_NE(second.Ending(), "timeout");
}

// RunUntilSignal with a server that has one busy connection.
class SignalTest : public ::testing::Test {
 protected:
  void Run(int signal, const RunOptions& given = {}) {
    ServerOptions options;
    options.handler = &handler_;
    server_ = std::make_unique<Server>(options);
    RunOptions run = given;
    run.listeners = {MustListen("tcp", "127.0.0.1:0")};
    port_ = run.listeners[0]->Address().Port();
    running_.Go([this, run] { result_ = RunUntilSignal(*server_, run); });
    client_ = std::make_unique<WireClient>(port_);
    client_->Send(Get("/wait"));
    gate_.called.Recv();
    std::raise(signal);
    EXPECT_TRUE(Eventually([&] { return !WireClient(port_).Connected(); }));
  }
  gale::Error Result() {
    running_.Wait();
    return result_;
  }

  Gate gate_;
  HandlerFunc handler_{gate_};
  std::unique_ptr<Server> server_;
  int port_ = 0;
  std::unique_ptr<WireClient> client_;
  gale::WaitGroup running_;
  gale::Error result_;
};

TEST_F(SignalTest, TheFirstOneDrains) {
  for (int signal : {SIGTERM, SIGINT}) {
    Run(signal);
    gate_.go_on.Send(true);
    EXPECT_EQ(client_->ReadResponse().body, "done");
    EXPECT_FALSE(Result());
  }
}

TEST_F(SignalTest, TheSecondOneStopsNow) {
  Run(SIGTERM);
  std::raise(SIGINT);
  EXPECT_EQ(Result(), Errc::kCanceled);
  client_->ReadToEnd();
  EXPECT_NE(client_->Ending(), "timeout");
  gate_.go_on.Send(true);
}

TEST_F(SignalTest, DrainingIsBounded) {
  Run(SIGTERM, {.drain_timeout = 20ms});
  EXPECT_EQ(Result(), Errc::kDeadlineExceeded);
  gate_.go_on.Send(true);
}

TEST_F(SignalTest, TheHandlersFromBeforeAreRestored) {
  struct sigaction before {
  }, after{};
  ::sigaction(SIGTERM, nullptr, &before);
  Run(SIGTERM, {.drain_timeout = 1ms});
  (void)Result();
  gate_.go_on.Send(true);
  ::sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(RunUntilSignalTest, ReturnsWhyItCouldNotServe) {
  TestServer other(Gate{});
  ServerOptions options;
  options.addr = "127.0.0.1:" + std::to_string(other.Port());
  Server server(options);
  EXPECT_EQ(RunUntilSignal(server), std::errc::address_in_use);
}

}  // namespace
}  // namespace gale::http

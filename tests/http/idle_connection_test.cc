// Connections that are idle for more than a second: they have no goroutine, and are as good as before.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gale/net/pipe.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/context.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

void SayPath(ResponseWriter& w, Request& r) { (void)w.Write(r.URL().Path()); }

// Idlers are connections that have had one answer each and have given up their goroutines.
class Idlers {
 public:
  static constexpr int kCount = 40;

  explicit Idlers(TestServer& server) {
    for (int i = 0; i < kCount; ++i) {
      clients_.push_back(server.Connect());
      EXPECT_EQ(clients_.back().Ask(Get("/first")).body, "/first");
    }
    EXPECT_TRUE(Eventually([this] { return NumGoroutine() <= before_; })) << NumGoroutine();
  }
  std::vector<WireClient>& Clients() { return clients_; }

 private:
  const int before_ = NumGoroutine();
  std::vector<WireClient> clients_;
};

TEST(IdleConnectionTest, IsServedAgainAndAgain) {
  (void)gale::GOMAXPROCS();  // the runtime has its descriptors now
  const Baseline baseline;
  {
    TestServer server(SayPath);
    Idlers idlers(server);
    for (int round = 0; round < 2; ++round) {
      for (WireClient& client : idlers.Clients()) {
        client.Send(Get("/half").substr(0, 10));
        if (round == 0) ::usleep(100);
        client.Send(Get("/half").substr(10) + Get("/pipelined"));
        EXPECT_EQ(client.ReadResponse().body, "/half");
        EXPECT_EQ(client.ReadResponse().body, "/pipelined");
      }
      if (round == 0) ::usleep(1'300'000);
    }
  }
  EXPECT_TRUE(baseline.BackAgain());
}

// EarlyConn is a connection whose WaitReadable never waits, as a Conn of one's own may do.
class EarlyConn final : public net::Conn {
 public:
  explicit EarlyConn(std::shared_ptr<net::Conn> conn) : conn_(std::move(conn)) {}
  std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override { return conn_->Read(buffer); }
  std::expected<std::size_t, gale::Error> Write(std::string_view data) override { return conn_->Write(data); }
  gale::Error Close() override { return conn_->Close(); }
  gale::Error CloseWrite() override { return conn_->CloseWrite(); }
  void SetReadDeadline(TimePoint deadline) override { conn_->SetReadDeadline(deadline); }
  void SetWriteDeadline(TimePoint deadline) override { conn_->SetWriteDeadline(deadline); }
  net::Addr LocalAddr() const override { return conn_->LocalAddr(); }
  net::Addr RemoteAddr() const override { return conn_->RemoteAddr(); }

 private:
  const std::shared_ptr<net::Conn> conn_;
};

class EarlyListener final : public net::Listener {
 public:
  std::expected<std::shared_ptr<net::Conn>, gale::Error> Accept() override {
    auto conn = pipes.Accept();
    if (!conn) return conn;
    return std::make_shared<EarlyConn>(*std::move(conn));
  }
  gale::Error Close() override { return pipes.Close(); }
  const net::Addr& Address() const override { return pipes.Address(); }

  net::PipeListener pipes;
};

TEST(IdleConnectionTest, AFalseAlarmDoesNotEndIt) {
  gale::testing::Synctest([] {
    auto listener = std::make_shared<EarlyListener>();
    HandlerFunc handler(SayPath);
    Server server({.handler = &handler});
    gale::Go([&] { (void)server.Serve(listener); });
    auto conn = *listener->pipes.Dial();
    for (int i = 0; i < 3; ++i) {
      (void)conn->Write(Get("/a"));
      char answer[1000];
      EXPECT_TRUE(conn->Read(answer));
      if (i != 2) gale::Sleep(50s);
    }
    const auto start = Clock::now();
    char byte;
    EXPECT_EQ(conn->Read({&byte, 1}).error(), Errc::kEof);
    EXPECT_EQ(Clock::now() - start, 60s);
  });
}

TEST(IdleConnectionTest, EndsWithItsClient) {
  std::atomic<int> closed = 0;
  TestServer server(SayPath, {.conn_state = [&](const std::shared_ptr<net::Conn>&, ConnState state) {
                      if (state == kStateClosed) ++closed;
                    }});
  Idlers idlers(server);
  for (WireClient& client : idlers.Clients()) client.Close();
  EXPECT_TRUE(Eventually([&] { return closed == Idlers::kCount; }));
}

TEST(IdleConnectionTest, EndsWithTheIdleTimeout) {
  TestServer server(SayPath, {.read_header_timeout = 1500ms, .idle_timeout = 1500ms});
  WireClient silent = server.Connect();
  Idlers idlers(server);
  for (WireClient& client : idlers.Clients()) EXPECT_EQ(client.ReadToEnd(), "");
  EXPECT_EQ(silent.ReadToEnd(), "");
}

TEST(IdleConnectionTest, EndsWithTheServer) {
  (void)gale::GOMAXPROCS();  // the runtime has its descriptors now
  const Baseline baseline;
  {
    TestServer server(SayPath);
    Idlers idlers(server);
    (void)server.Close();
    for (WireClient& client : idlers.Clients()) EXPECT_EQ(client.ReadToEnd(), "");
  }
  {
    TestServer server(SayPath);
    Idlers idlers(server);
    EXPECT_FALSE(server.server().Shutdown(gale::Background()));
    for (WireClient& client : idlers.Clients()) EXPECT_EQ(client.ReadToEnd(), "");
  }
  EXPECT_TRUE(baseline.BackAgain());
}

TEST(IdleConnectionTest, MakesRoomForOthers) {
  TestServer server(SayPath, {.max_conns = Idlers::kCount});
  Idlers idlers(server);
  EXPECT_EQ(server.Ask(Get("/new")).body, "/new");
}

TEST(IdleConnectionTest, CanBeTakenOver) {
  TestServer server([](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/first") return (void)w.Write("/first");
    auto hijacked = w.Hijack();
    ASSERT_TRUE(hijacked);
    (void)hijacked->conn->Write("mine");
    (void)hijacked->conn->Close();
  });
  Idlers idlers(server);
  for (WireClient& client : idlers.Clients()) {
    client.Send(Get("/take"));
    EXPECT_EQ(client.ReadToEnd(), "mine");
  }
}

TEST(IdleConnectionTest, TheGoroutineMayEndItself) {
  TestServer server([](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/first") return (void)w.Write("/first");
    (void)w.Write("before");
    gale::Goexit();
  });
  Idlers idlers(server);
  idlers.Clients()[0].Send(Get("/exit"));
  EXPECT_EQ(idlers.Clients()[0].ReadResponse().status, 500);
  EXPECT_EQ(idlers.Clients()[0].ReadToEnd(), "");
}

}  // namespace
}  // namespace gale::http

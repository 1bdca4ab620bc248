// GoWhenReadable: a connection that waits for bytes without a goroutine.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "gale/net/pipe.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/metrics.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/net/net_testing.h"

namespace gale::net {
namespace {

using namespace testing;

class GoWhenReadableTest : public NetworkTest {};

INSTANTIATE_TEST_SUITE_P(Networks, GoWhenReadableTest, kPlaces, PlaceName);

// Waiting is a wait whose result can be asked for.
class Waiting {
 public:
  explicit Waiting(const ConnPtr& conn) {
    EXPECT_TRUE(conn->GoWhenReadable([conn, result = result_](const Error& error) { result.Send(error); }));
  }
  bool IsOver() const { return result_.Len() != 0; }
  Error Result() { return *result_.Recv(); }

 private:
  Chan<Error> result_{1};
};

TEST_P(GoWhenReadableTest, BytesThatCome) {
  Execute([this] {
    const Pair pair = Connect(Network());
    for (int i = 0; i < 20; ++i) {
      Waiting waiting(pair.server);
      if (i % 4 == 0) Sleep(2ms);
      EXPECT_FALSE(waiting.IsOver());
      (void)pair.client->Write("ping");
      EXPECT_FALSE(waiting.Result());
      EXPECT_EQ(ReadSome(*pair.server), "ping");
    }
  });
}

TEST_P(GoWhenReadableTest, BytesThatAreThere) {
  Execute([this] {
    const Pair pair = Connect(Network());
    (void)pair.client->Write("12345678");
    EXPECT_EQ(ReadSome(*pair.server, 4), "1234");
    EXPECT_FALSE(Waiting(pair.server).Result());
    EXPECT_FALSE(Waiting(pair.server).Result());
    EXPECT_EQ(ReadSome(*pair.server), "5678");
  });
}

TEST_P(GoWhenReadableTest, TheEnd) {
  Execute([this] {
    const Pair pair = Connect(Network());
    Waiting waiting(pair.server);
    (void)pair.client->Close();
    EXPECT_FALSE(waiting.Result());
    EXPECT_EQ(ReadSome(*pair.server), "error: EOF");
    EXPECT_FALSE(Waiting(pair.server).Result());
  });
}

TEST_P(GoWhenReadableTest, TheDeadline) {
  Execute([this] {
    const Pair pair = Connect(Network());
    pair.server->SetReadDeadline(In(20ms));
    EXPECT_EQ(Waiting(pair.server).Result(), Errc::kTimeout);
    EXPECT_EQ(Waiting(pair.server).Result(), Errc::kTimeout) << "it has passed already";
    pair.server->SetReadDeadline(In(kForever));
    Waiting waiting(pair.server);
    pair.server->SetReadDeadline(In(10ms));
    const Error error = waiting.Result();
    EXPECT_EQ(error, Errc::kTimeout);
    EXPECT_EQ(error.Message().find("read " + std::string(pair.server->RemoteAddr().Network()) + " "), 0U);
  });
}

TEST_P(GoWhenReadableTest, Close) {
  Execute([this] {
    const Pair pair = Connect(Network());
    Waiting waiting(pair.server);
    EXPECT_FALSE(pair.server->Close());
    EXPECT_EQ(waiting.Result(), Errc::kClosed);
    EXPECT_EQ(Waiting(pair.server).Result(), Errc::kClosed);
  });
}

TEST_P(GoWhenReadableTest, ReadersWaitForTheirTurn) {
  Execute([this] {
    const Pair pair = Connect(Network());
    Waiting waiting(pair.server);
    std::string read;
    WaitGroup group;
    group.Go([&] { read = ReadSome(*pair.server); });
    Sleep(2ms);
    (void)pair.client->Write("ping");
    EXPECT_FALSE(waiting.Result());
    group.Wait();
    EXPECT_EQ(read, "ping");
  });
}

TEST_P(GoWhenReadableTest, NoGoroutineWaits) {
  Execute([this] {
    const int before = NumGoroutine();
    std::vector<Pair> pairs;
    std::vector<Waiting> waiting;
    const auto listener = MustListen(Network(), AnyAddress(Network()));
    for (int i = 0; i < 50; ++i) {
      pairs.push_back(ConnectTo(*listener, Network()));
      waiting.emplace_back(pairs.back().server);
    }
    EXPECT_LT(NumGoroutine(), before + 25);
    EXPECT_GE(ReadMetrics().detached_waits, 50U);
    for (const Pair& pair : pairs) (void)pair.client->Write("x");
    for (Waiting& each : waiting) EXPECT_FALSE(each.Result());
  });
}

// Bytes, the deadline and the close meet.
TEST_P(GoWhenReadableTest, EveryWaitEndsOnce) {
  Execute([this] {
    const auto listener = MustListen(Network(), AnyAddress(Network()));
    for (int round = 0; round < 100; ++round) {
      const Pair pair = ConnectTo(*listener, Network());
      std::atomic<int> calls{0};
      WaitGroup called;
      called.Add(1);
      pair.server->SetReadDeadline(In(std::chrono::microseconds(50 * (round % 40))));
      WaitGroup group;
      group.Go([&] { (void)pair.client->Write("x"); });
      group.Go([&] { (void)pair.server->Close(); });
      EXPECT_TRUE(pair.server->GoWhenReadable([&calls, &called, server = pair.server](const Error&) {
        ++calls;
        called.Done();
      }));
      called.Wait();
      group.Wait();
      EXPECT_EQ(calls, 1);
    }
  });
}

TEST(GoWhenReadable, WhereItCannotItSaysSo) {
  auto [a, b] = Pipe({.first = Addr::Unix(""), .second = Addr::Unix("")});
  EXPECT_FALSE(b->GoWhenReadable([](const Error&) { ADD_FAILURE(); }));
  const Pair pair = Connect("tcp4");
  gale::testing::Synctest([&] { EXPECT_FALSE(pair.server->GoWhenReadable([](const Error&) { ADD_FAILURE(); })); });
}

}  // namespace
}  // namespace gale::net

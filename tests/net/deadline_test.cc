// Deadlines: past, to come, cleared, moved while somebody waits. Nothing here depends on how long anything takes,
// except that what should not time out has a minute.

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

#include "gale/net/io.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/net/net_testing.h"

namespace gale::net {
namespace {

using namespace testing;
using Clock = std::chrono::steady_clock;

class DeadlineTest : public NetworkTest {};

INSTANTIATE_TEST_SUITE_P(Networks, DeadlineTest, kPlaces, PlaceName);

Error ReadError(Conn& conn) {
  char byte;
  const auto n = conn.Read({&byte, 1});
  return n ? Error() : n.error();
}

TEST_P(DeadlineTest, PastFailsAtOnceEvenIfThereAreBytes) {
  Execute([this] {
    const Pair pair = Connect(Network());
    (void)pair.client->Write("x");
    pair.server->SetReadDeadline(In(-1h));
    EXPECT_EQ(ReadError(*pair.server), Errc::kTimeout);
    EXPECT_EQ(ReadError(*pair.server), std::errc::timed_out);
    EXPECT_EQ(pair.server->WaitReadable(), Errc::kTimeout);
    pair.server->SetReadDeadline({});
    EXPECT_FALSE(ReadError(*pair.server));
  });
}

TEST_P(DeadlineTest, IsNeverEarly) {
  Execute([this] {
    const Pair pair = Connect(Network());
    for (const auto time : {1ms, 3ms, 20ms}) {
      const auto deadline = In(time);
      pair.server->SetReadDeadline(deadline);
      EXPECT_EQ(ReadError(*pair.server), Errc::kTimeout);
      EXPECT_GE(Clock::now(), deadline);
    }
  });
}

TEST_P(DeadlineTest, OneDirectionLeavesTheOtherAlone) {
  Execute([this] {
    const Pair pair = Connect(Network());
    pair.server->SetReadDeadline(In(-1s));
    EXPECT_EQ(pair.server->Write("x").value(), 1U);
    EXPECT_EQ(ReadSome(*pair.client), "x");
    pair.client->SetWriteDeadline(In(-1s));
    EXPECT_EQ(pair.client->Write("x").error(), Errc::kTimeout);
    (void)pair.server->Write("y");
    EXPECT_EQ(ReadSome(*pair.client), "y");
  });
}

TEST_P(DeadlineTest, WriteToAPeerThatDoesNotRead) {
  Execute([this] {
    const Pair pair = Connect(Network());
    pair.server->SetWriteDeadline(In(20ms));
    const std::string text(std::size_t{64} << 20, 'x');
    EXPECT_EQ(pair.server->Write(text).error(), Errc::kTimeout);
    const std::string_view pieces[] = {text, text};
    EXPECT_EQ(pair.server->Writev(pieces).error(), Errc::kTimeout);
  });
}

TEST_P(DeadlineTest, ClearingLetsAWaiterWaitOn) {
  Execute([this] {
    const Pair pair = Connect(Network());
    pair.server->SetReadDeadline(In(400ms));
    WaitGroup group;
    group.Go([&] { EXPECT_EQ(ReadSome(*pair.server), "late"); });
    Sleep(2ms);
    pair.server->SetReadDeadline({});
    Sleep(450ms);
    (void)pair.client->Write("late");
    group.Wait();
  });
}

TEST_P(DeadlineTest, ProlongingLetsAWaiterWaitOn) {
  Execute([this] {
    const Pair pair = Connect(Network());
    pair.server->SetReadDeadline(In(400ms));
    WaitGroup group;
    group.Go([&] { EXPECT_EQ(ReadSome(*pair.server), "late"); });
    for (int i = 0; i < 10; ++i) {
      Sleep(2ms);
      pair.server->SetReadDeadline(In(kForever));
    }
    Sleep(450ms);
    (void)pair.client->Write("late");
    group.Wait();
  });
}

TEST_P(DeadlineTest, ShorteningWakesAWaiter) {
  Execute([this] {
    const Pair pair = Connect(Network());
    for (const auto time : {5ms, 0ms, -1000ms}) {
      pair.server->SetReadDeadline(In(kForever));
      WaitGroup group;
      group.Go([&] { EXPECT_EQ(ReadError(*pair.server), Errc::kTimeout); });
      Sleep(2ms);
      pair.server->SetReadDeadline(In(time));
      group.Wait();
    }
  });
}

TEST_P(DeadlineTest, SettingAndClearingAFirstOneWhileWaiting) {
  Execute([this] {
    const Pair pair = Connect(Network());
    pair.server->SetReadDeadline({});
    WaitGroup group;
    group.Go([&] { EXPECT_EQ(ReadError(*pair.server), Errc::kTimeout); });
    Sleep(2ms);
    pair.server->SetReadDeadline(In(3ms));
    group.Wait();
  });
}

// An edge that comes together with the deadline is used up by the wait that the deadline ends. The read after it must
// look into the socket all the same.
TEST_P(DeadlineTest, BytesThatRaceWithTheDeadlineAreNotLost) {
  Execute([this] {
    const Pair pair = Connect(Network());
    std::minstd_rand random(1);
    WaitGroup group;
    group.Go([&] {
      for (int i = 0; i < 300; ++i) {
        std::string piece;
        do {
          pair.server->SetReadDeadline(In(std::chrono::microseconds(500 + random() % 2000)));
          piece = ReadSome(*pair.server);  // with room for more: a short read
          pair.server->SetReadDeadline(In(kForever));
          if (piece.starts_with("error") && random() % 4 == 0) piece = ReadSome(*pair.server);
        } while (piece.starts_with("error"));
        EXPECT_EQ(piece, std::string(1, static_cast<char>(i)));
        (void)pair.server->Write(piece);
      }
    });
    for (int i = 0; i < 300; ++i) {
      Sleep(std::chrono::microseconds(i * 7 % 3000));
      const char byte = static_cast<char>(i);
      EXPECT_EQ(pair.client->Write({&byte, 1}).value_or(0), 1U);
      EXPECT_EQ(ReadSome(*pair.client), std::string(1, byte));
    }
    group.Wait();
  });
}

// The same, aimed at: the reader is made runnable by its deadline, and the edge is reported before it runs.
TEST_P(DeadlineTest, AnEdgeUsedUpByATimeoutIsNotForgotten) {
  Execute([this] {
    const Pair pair = Connect(Network());
    for (int round = 0; round < 200; ++round) {
      WaitGroup group;
      group.Go([&] {
        std::string piece = ReadSome(*pair.server);  // with room for more: a short read
        for (; piece.starts_with("error"); piece = ReadSome(*pair.server)) pair.server->SetReadDeadline(In(kForever));
        EXPECT_EQ(piece, "x");
      });
      Sleep(50us);
      pair.server->SetReadDeadline(In(-1s));
      (void)pair.client->Write("x");
      const auto end = In(150us);  // so long that the scheduler looks at the poller next
      while (Clock::now() < end) {
      }
      group.Wait();
    }
  });
}

TEST_P(DeadlineTest, ManyAtOnce) {
  Execute([this] {
    const ListenerPtr listener = MustListen(Network(), AnyAddress(Network()));
    WaitGroup group;
    for (int i = 0; i < 200; ++i) {
      group.Go([pair = ConnectTo(*listener, Network()), i] {
        for (int round = 0; round < 5; ++round) {
          pair.server->SetReadDeadline(In(std::chrono::milliseconds(i % 17)));
          EXPECT_EQ(ReadError(*pair.server), Errc::kTimeout);
        }
      });
    }
    group.Wait();
  });
}

TEST_P(DeadlineTest, ChangedByManyWhileOthersReadAndClose) {
  Execute([this] {
    for (int round = 0; round < 30; ++round) {
      const Pair pair = Connect(Network());
      WaitGroup group;
      for (int i = 0; i < 3; ++i) {
        group.Go([&pair] {
          for (int k = 0; k < 50; ++k) {
            pair.server->SetReadDeadline(k % 3 == 0 ? In(-1s) : k % 3 == 1 ? In(1ms) : Conn::TimePoint());
            Gosched();
          }
        });
        group.Go([&pair] {
          for (Error error; error != Errc::kClosed; error = ReadError(*pair.server)) Gosched();
        });
      }
      group.Go([&pair] {
        Sleep(2ms);
        EXPECT_FALSE(pair.server->Close());
      });
      group.Wait();
    }
  });
}

}  // namespace
}  // namespace gale::net

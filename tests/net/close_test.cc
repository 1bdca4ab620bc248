// Closing what others use: everybody wakes up, and nobody ever touches a descriptor that has become another one.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "gale/net/io.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/net/net_testing.h"

namespace gale::net {
namespace {

using namespace testing;

class CloseTest : public NetworkTest {};

INSTANTIATE_TEST_SUITE_P(Networks, CloseTest, kPlaces, PlaceName);

TEST_P(CloseTest, WakesReaders) {
  Execute([this] {
    const Pair pair = Connect(Network());
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.Go([&] {
        char byte;
        EXPECT_EQ(pair.server->Read({&byte, 1}).error(), Errc::kClosed);
      });
    }
    group.Go([&] { EXPECT_EQ(pair.server->WaitReadable(), Errc::kClosed); });
    Sleep(5ms);
    EXPECT_FALSE(pair.server->Close());
    group.Wait();
    EXPECT_EQ(pair.server->Close(), Errc::kClosed);
  });
}

TEST_P(CloseTest, WakesWriters) {
  Execute([this] {
    const Pair pair = Connect(Network());
    const std::string text(std::size_t{32} << 20, 'x');
    WaitGroup group;
    for (int i = 0; i < 5; ++i) group.Go([&] { EXPECT_EQ(pair.server->Write(text).error(), Errc::kClosed); });
    group.Go([&] {
      const std::vector<std::string_view> pieces(10, text);
      EXPECT_EQ(pair.server->Writev(pieces).error(), Errc::kClosed);
    });
    Sleep(5ms);
    EXPECT_FALSE(pair.server->Close());
    group.Wait();
  });
}

TEST_P(CloseTest, WakesAcceptors) {
  Execute([this] {
    const ListenerPtr listener = MustListen(Network(), AnyAddress(Network()));
    WaitGroup group;
    for (int i = 0; i < 20; ++i) group.Go([&] { EXPECT_EQ(listener->Accept().error(), Errc::kClosed); });
    Sleep(5ms);
    EXPECT_FALSE(listener->Close());
    group.Wait();
    EXPECT_EQ(listener->Accept().error().Message(), "accept " + std::string(IsTcp() ? "tcp " : "unix ") +
                                                        listener->Address().String() +
                                                        ": use of closed network connection");
    EXPECT_EQ(listener->Close(), Errc::kClosed);
  });
}

TEST_P(CloseTest, ReturnsWhenTheDescriptorIsClosed) {
  Execute([this] {
    const Pair pair = Connect(Network());
    const int before = OpenDescriptors();
    WaitGroup group;
    for (int i = 0; i < 10; ++i) group.Go([&] { EXPECT_FALSE(ReadAll(*pair.server).has_value()); });
    Sleep(2ms);
    EXPECT_FALSE(pair.server->Close());
    EXPECT_EQ(OpenDescriptors(), before - 1);
    group.Wait();
  });
}

TEST_P(CloseTest, OnlyOneCloserSucceeds) {
  Execute([this] {
    for (int round = 0; round < 100; ++round) {
      const Pair pair = Connect(Network());
      std::atomic<int> successes{0};
      WaitGroup group;
      for (int i = 0; i < 4; ++i) {
        group.Go([&] { successes += pair.server->Close() ? 0 : 1; });
      }
      group.Wait();
      EXPECT_EQ(successes, 1);
    }
  });
}

// Every connection carries its own letter. Connections come and go while others are read and written, so numbers of
// descriptors are reused all the time; a letter that turns up in a wrong place has travelled through a reused number.
TEST_P(CloseTest, DescriptorReuseMixesNothingUp) {
  Execute([this] {
    constexpr int kWorkers = 12;
    constexpr int kRounds = 60;
    const ListenerPtr listener = MustListen(Network(), AnyAddress(Network()));
    std::atomic<long> wrong{0};
    std::atomic<long> received{0};
    const auto check = [&](const ConnPtr& conn, char first) {
      std::string buffer(4096, '\0');
      for (char letter = first;;) {
        const auto n = conn->Read(buffer);
        if (!n) return;
        for (const char c : std::string_view(buffer).substr(0, *n)) {
          if (letter == 0) letter = c;
          if (c != letter) ++wrong;
        }
        received += static_cast<long>(*n);
      }
    };
    WaitGroup servers;
    servers.Go([&] {
      for (;;) {
        auto conn = listener->Accept();
        if (!conn) return;
        servers.Go([&check, conn = *conn] { check(conn, 0); });
        servers.Go([conn = *conn] {
          Sleep(1ms);
          (void)conn->Close();
        });
      }
    });
    WaitGroup clients;
    for (int i = 0; i < kWorkers; ++i) {
      clients.Go([&, i] {
        const std::string text(700, static_cast<char>('a' + i));
        for (int round = 0; round < kRounds; ++round) {
          const ConnPtr conn = Must(Dial(Network(), listener->Address().String()));
          WaitGroup both;
          both.Go([&] {
            while (conn->Write(text)) Gosched();
          });
          both.Go([&] { check(conn, text[0]); });
          both.Wait();
          (void)conn->Close();
        }
      });
    }
    clients.Wait();
    EXPECT_FALSE(listener->Close());
    servers.Wait();
    EXPECT_EQ(wrong, 0);
    EXPECT_GT(received, 0);
  });
}

}  // namespace
}  // namespace gale::net

#include "gale/net/conn.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "gale/net/fmt.h"
#include "gale/net/io.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/net/net_testing.h"

namespace gale::net {
namespace {

using namespace testing;

class ConnTest : public NetworkTest {};

INSTANTIATE_TEST_SUITE_P(Networks, ConnTest, kPlaces, PlaceName);

TEST_P(ConnTest, Echo) {
  Execute([this] {
    const Pair pair = Connect(Network());
    WaitGroup group;
    group.Go([&] {
      EXPECT_EQ(Copy(*pair.server, *pair.server).value(), 6000U);
      EXPECT_FALSE(pair.server->Close());
    });
    for (int i = 0; i < 1000; ++i) {
      EXPECT_EQ(Fprintf(*pair.client, "%05d\n", i).value(), 6U);
      EXPECT_EQ(ReadSome(*pair.client), Sprintf("%05d\n", i));
    }
    EXPECT_FALSE(pair.client->CloseWrite());
    EXPECT_EQ(ReadAll(*pair.client).value(), "");
    group.Wait();
  });
}

TEST_P(ConnTest, EofIsPlainAndStays) {
  Execute([this] {
    const Pair pair = Connect(Network());
    (void)pair.server->Write("last words");
    EXPECT_FALSE(pair.server->Close());
    EXPECT_EQ(ReadSome(*pair.client), "last words");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ReadSome(*pair.client), "error: EOF");
  });
}

TEST_P(ConnTest, HalfCloseLeavesTheOtherDirectionOpen) {
  Execute([this] {
    const Pair pair = Connect(Network());
    (void)pair.client->Write("question");
    EXPECT_FALSE(pair.client->CloseWrite());
    EXPECT_EQ(ReadAll(*pair.server).value(), "question");
    EXPECT_TRUE(Eventually([&] { return pair.server->PeerClosed(); }));
    EXPECT_EQ(pair.server->Write("answer").value(), 6U);
    EXPECT_FALSE(pair.server->Close());
    EXPECT_EQ(ReadAll(*pair.client).value(), "answer");
    EXPECT_EQ(pair.client->Write("x").error(), std::errc::broken_pipe);
  });
}

TEST_P(ConnTest, WritingToAClosedPeerFailsAndKillsNobody) {
  Execute([this] {
    const Pair pair = Connect(Network());
    EXPECT_FALSE(pair.server->Close());
    Error error;
    for (int i = 0; i < 1000 && !error; ++i) {
      const auto n = pair.client->Write("anybody there?");
      if (!n) error = n.error();
      Gosched();
    }
    EXPECT_TRUE(error == std::errc::broken_pipe || error == std::errc::connection_reset) << error.Message();
    EXPECT_TRUE(error.Message().starts_with(IsTcp() ? "write tcp " : "write unix ")) << error.Message();
  });
}

TEST_P(ConnTest, BigWriteWaitsForASlowReader) {
  Execute([this] {
    const Pair pair = Connect(Network());
    const std::string text = Pattern(std::size_t{12} << 20);
    WaitGroup group;
    group.Go([&] {
      EXPECT_EQ(pair.client->Write(text).value(), text.size());
      EXPECT_FALSE(pair.client->CloseWrite());
    });
    std::string received;
    for (int i = 0;; ++i) {
      const std::string piece = ReadSome(*pair.server, 100'000);
      if (piece == "error: EOF") break;
      received += piece;
      if (i % 16 == 0) Sleep(1ms);
    }
    group.Wait();
    EXPECT_TRUE(received == text) << received.size();
  });
}

TEST_P(ConnTest, WritevTakesMoreThanTheKernelsLimit) {
  Execute([this] {
    const Pair pair = Connect(Network());
    const std::string text = Pattern(2'000'000);
    std::vector<std::string_view> pieces;
    for (std::size_t begin = 0, i = 0; begin < text.size(); ++i) {
      const std::size_t size = i % 97 == 0 ? 50'000 : i % 7;  // some long, many short, some empty
      pieces.push_back(std::string_view(text).substr(begin, size));
      begin += size;
    }
    ASSERT_GT(pieces.size(), 3000U);
    WaitGroup group;
    group.Go([&] {
      EXPECT_EQ(pair.client->Writev(pieces).value(), text.size());
      EXPECT_FALSE(pair.client->CloseWrite());
    });
    EXPECT_TRUE(ReadAll(*pair.server).value() == text);
    group.Wait();
  });
}

TEST_P(ConnTest, EmptyTransfersReturnAtOnce) {
  Execute([this] {
    const Pair pair = Connect(Network());
    EXPECT_EQ(pair.client->Read({}).value(), 0U);
    EXPECT_EQ(pair.client->Write("").value(), 0U);
    EXPECT_EQ(pair.client->Writev({}).value(), 0U);
    const std::vector<std::string_view> nothing(200);
    EXPECT_EQ(pair.client->Writev(nothing).value(), 0U);
  });
}

TEST_P(ConnTest, BothDirectionsAtOnce) {
  Execute([this] {
    const Pair pair = Connect(Network());
    const std::string text = Pattern(3'000'000);
    WaitGroup group;
    for (const ConnPtr& conn : {pair.client, pair.server}) {
      group.Go([&text, conn] {
        EXPECT_EQ(conn->Write(text).value(), text.size());
        EXPECT_FALSE(conn->CloseWrite());
      });
      group.Go([&text, conn] { EXPECT_TRUE(ReadAll(*conn).value() == text); });
    }
    group.Wait();
  });
}

TEST_P(ConnTest, WritersTakeTurns) {
  Execute([this] {
    constexpr int kWriters = 8;
    constexpr int kRounds = 5;
    constexpr std::size_t kSize = 100'000;
    const Pair pair = Connect(Network());
    WaitGroup writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.Go([&, i] {
        const std::string text(kSize, static_cast<char>('a' + i));
        for (int round = 0; round < kRounds; ++round) EXPECT_EQ(pair.client->Write(text).value(), kSize);
      });
    }
    Go([&] {
      writers.Wait();
      EXPECT_FALSE(pair.client->CloseWrite());
    });
    const std::string received = ReadAll(*pair.server).value();
    ASSERT_EQ(received.size(), kWriters * kRounds * kSize);
    for (std::size_t i = 0; i < received.size(); i += kSize) {
      EXPECT_EQ(std::string_view(received).substr(i, kSize).find_first_not_of(received[i]), std::string_view::npos);
    }
  });
}

TEST_P(ConnTest, ReadersTakeTurnsAndLoseNothing) {
  Execute([this] {
    const Pair pair = Connect(Network());
    std::atomic<std::size_t> received{0};
    WaitGroup group;
    for (int i = 0; i < 8; ++i) {
      group.Go([&] {
        for (;;) {
          const std::string piece = ReadSome(*pair.server, 1000);
          if (piece == "error: EOF") return;
          received += piece.size();
        }
      });
    }
    for (int i = 0; i < 2000; ++i) (void)pair.client->Write(std::string(500, 'x'));
    EXPECT_FALSE(pair.client->CloseWrite());
    group.Wait();
    EXPECT_EQ(received, 1'000'000U);
  });
}

TEST_P(ConnTest, BothSidesKnowTheAddresses) {
  Execute([this] {
    const Pair pair = Connect(Network());
    EXPECT_EQ(pair.client->RemoteAddr(), pair.server->LocalAddr());
    EXPECT_EQ(pair.client->LocalAddr(), pair.server->RemoteAddr());
    EXPECT_EQ(pair.client->LocalAddr().String() == "@", !IsTcp());
    const Addr before = pair.server->LocalAddr();
    EXPECT_FALSE(pair.server->Close());
    EXPECT_EQ(pair.server->LocalAddr(), before);
  });
}

TEST_P(ConnTest, WaitReadableWaitsForBytesAndForTheEnd) {
  Execute([this] {
    const Pair pair = Connect(Network());
    WaitGroup group;
    group.Go([&] {
      for (int i = 0; i < 50; ++i) {
        if (i % 5 == 0) Sleep(1ms);
        (void)pair.client->Write("ping");
        EXPECT_EQ(ReadSome(*pair.client), "pong");
      }
      EXPECT_FALSE(pair.client->Close());
    });
    for (int i = 0; i < 50; ++i) {
      EXPECT_FALSE(pair.server->WaitReadable());
      EXPECT_EQ(ReadSome(*pair.server), "ping");
      (void)pair.server->Write("pong");
    }
    EXPECT_FALSE(pair.server->WaitReadable());
    EXPECT_EQ(ReadSome(*pair.server), "error: EOF");
    EXPECT_FALSE(pair.server->WaitReadable());
    group.Wait();
  });
}

TEST_P(ConnTest, WaitReadableSeesWhatAFullReadLeft) {
  Execute([this] {
    const Pair pair = Connect(Network());
    (void)pair.client->Write("12345678");
    EXPECT_EQ(ReadSome(*pair.server, 4), "1234");
    EXPECT_FALSE(pair.server->WaitReadable());
    EXPECT_FALSE(pair.server->WaitReadable());
    EXPECT_EQ(ReadSome(*pair.server, 100), "5678");
    pair.server->SetReadDeadline(In(20ms));
    Error error = pair.server->WaitReadable();  // may be about the bytes that have been read
    if (!error) error = pair.server->WaitReadable();
    EXPECT_EQ(error, Errc::kTimeout);
  });
}

TEST_P(ConnTest, DroppingTheLastHandleCloses) {
  Execute([this] {
    Pair pair = Connect(Network());
    const int before = OpenDescriptors();
    pair.server.reset();
    EXPECT_EQ(OpenDescriptors(), before - 1);
    EXPECT_EQ(ReadSome(*pair.client), "error: EOF");
  });
}

// RawClient is a plain socket, connected to the listener.
int RawClient(const Listener& listener) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(listener.Address().Port());
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

void ResetConnection(int fd) {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  EXPECT_EQ(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
  ::close(fd);
}

TEST(ConnErrorTest, ResetSaysWhoAndWhat) {
  gale::Run([] {
    const ListenerPtr listener = MustListen("tcp", "127.0.0.1:0");
    const int fd = RawClient(*listener);
    const ConnPtr conn = Must(listener->Accept());
    ResetConnection(fd);
    std::string buffer(10, '\0');
    const auto n = conn->Read(buffer);
    ASSERT_FALSE(n.has_value());
    EXPECT_EQ(n.error(), std::errc::connection_reset);
    EXPECT_EQ(n.error().Message(), "read tcp " + conn->LocalAddr().String() + "->" + conn->RemoteAddr().String() +
                                       ": connection reset by peer");
  });
}

TEST(ConnErrorTest, ResetWakesAReaderAndAWriter) {
  gale::Run([] {
    const ListenerPtr listener = MustListen("tcp", "127.0.0.1:0");
    const int fd = RawClient(*listener);
    const ConnPtr conn = Must(listener->Accept());
    WaitGroup group;
    group.Go([&] { EXPECT_TRUE(ReadSome(*conn).starts_with("error: read tcp ")); });
    group.Go([&] { EXPECT_FALSE(conn->Write(std::string(std::size_t{64} << 20, 'x')).has_value()); });
    Sleep(10ms);
    ResetConnection(fd);
    group.Wait();
  });
}

TEST(ConnErrorTest, DeadlineAndCloseSayWhoAndWhat) {
  gale::Run([] {
    const Pair pair = Connect("tcp");
    const std::string ends = pair.server->LocalAddr().String() + "->" + pair.server->RemoteAddr().String();
    pair.server->SetDeadline(In(-1s));
    EXPECT_EQ(ReadSome(*pair.server), "error: read tcp " + ends + ": i/o timeout");
    EXPECT_EQ(pair.server->Write("x").error().Message(), "write tcp " + ends + ": i/o timeout");
    EXPECT_FALSE(pair.server->Close());
    EXPECT_EQ(ReadSome(*pair.server), "error: read tcp " + ends + ": use of closed network connection");
    EXPECT_EQ(pair.server->Close().Message(), "close tcp " + ends + ": use of closed network connection");
    EXPECT_EQ(pair.server->CloseWrite(), Errc::kClosed);
    EXPECT_EQ(pair.server->WaitReadable(), Errc::kClosed);
    EXPECT_TRUE(pair.server->PeerClosed());
    pair.server->SetDeadline({});
  });
}

// Urgent data cuts a read short. It must not make a reader deaf for good.
TEST(ConnErrorTest, UrgentDataDelaysAtMostUntilTheNextBytes) {
  gale::Run([] {
    const ListenerPtr listener = MustListen("tcp", "127.0.0.1:0");
    const int fd = RawClient(*listener);
    const ConnPtr conn = Must(listener->Accept());
    conn->SetDeadline(In(kForever));
    ASSERT_EQ(::send(fd, "ab", 2, 0), 2);
    ASSERT_EQ(::send(fd, "!", 1, MSG_OOB), 1);
    ASSERT_EQ(::send(fd, "cd", 2, 0), 2);
    Sleep(5ms);
    std::string received = ReadSome(*conn);
    ASSERT_EQ(::send(fd, "ef", 2, 0), 2);
    ::close(fd);
    received += ReadAll(*conn).value();
    EXPECT_EQ(received, "abcdef");
  });
}

// The hazard: a peer that has closed answers the first bytes with a reset, and the rest of the same sendfile, whose
// result tells of the first bytes only, raises SIGPIPE, which would end the process.
TEST_P(ConnTest, SendingAFileToWhoHasGoneRaisesNoSignal) {
  const int file = ::memfd_create("file", 0);
  ASSERT_GE(file, 0);
  constexpr std::int64_t kSize = 16 << 20;
  ASSERT_EQ(::ftruncate(file, kSize), 0);
  Execute([&] {
    for (int i = 0; i < 20; ++i) {
      const Pair pair = Connect(Network());
      EXPECT_FALSE(pair.client->Close());
      gale::Error error;
      for (int attempt = 0; attempt < 3 && !error; ++attempt) {
        const auto sent = pair.server->SendFile(file, 0, kSize);
        if (!sent) error = sent.error();
      }
      EXPECT_TRUE(error == std::errc::broken_pipe || error == std::errc::connection_reset) << error.Message();
    }
  });
  ::close(file);
}

}  // namespace
}  // namespace gale::net

// The hazard: under edge-triggered polling the end of a stream may come with the same edge as its last bytes. A reader
// that takes a short read for "drained" and waits for the next edge then waits for ever. Thousands of connections end
// in all the ways that there are, while readers of all kinds look.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <thread>

#include "gale/net/internal/socket_address.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/net/net_testing.h"

namespace gale::net {
namespace {

using namespace testing;

constexpr std::string_view kText = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

int RawConnect(const Addr& addr) {
  const auto address = internal::ToSocketAddress(addr).value();
  const int fd = ::socket(address.Family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, address.Pointer(), address.size) != 0) ADD_FAILURE() << std::strerror(errno);
  return fd;
}

void SendRaw(int fd, std::string_view text, int flags = 0) {
  if (::send(fd, text.data(), text.size(), flags | MSG_NOSIGNAL) < 0) ADD_FAILURE() << std::strerror(errno);
}

void Spin(unsigned rounds) {
  for (unsigned i = 0; i < rounds; ++i) asm volatile("");
}

constexpr unsigned kEndings = 8;

// Sends kText and ends the stream, without closing the descriptor where the ending is a shutdown.
void SendAndEnd(int fd, unsigned ending, unsigned pause) {
  switch (ending) {
    case 0:  // one packet with everything, as soon as can be
      SendRaw(fd, kText, MSG_MORE);
      break;
    case 1: SendRaw(fd, kText); break;
    case 2:
      SendRaw(fd, kText);
      Spin(pause);
      break;
    case 3:
      SendRaw(fd, kText);
      ::sched_yield();
      break;
    case 4:
      SendRaw(fd, kText.substr(0, 10));
      SendRaw(fd, kText.substr(10));
      break;
    case 5:
      SendRaw(fd, kText.substr(0, 10));
      Spin(pause);
      SendRaw(fd, kText.substr(10), MSG_MORE);
      break;
    case 6:
      for (const char c : kText) SendRaw(fd, {&c, 1});
      break;
    default:
      SendRaw(fd, kText);
      ::usleep(pause % 300);
      break;
  }
  ::shutdown(fd, SHUT_WR);
}

// Reads to the end in pieces of a size, in one of several manners, and returns what came.
std::string ReadToEnd(Conn& conn, std::size_t piece, unsigned manner) {
  std::string received;
  std::string buffer(piece, '\0');
  for (;;) {
    if (manner == 1) {
      EXPECT_FALSE(conn.WaitReadable());
    }
    if (manner == 2) Gosched();
    if (manner == 3) Sleep(50us);
    const auto n = conn.Read(buffer);
    if (!n) {
      EXPECT_EQ(n.error(), Errc::kEof) << n.error().Message() << " after " << received.size();
      return received;
    }
    received.append(buffer, 0, *n);
  }
}

class LostEofTest : public NetworkTest {};

INSTANTIATE_TEST_SUITE_P(Networks, LostEofTest, kPlaces, PlaceName);

TEST_P(LostEofTest, NoEndIsLost) {
  constexpr int kClients = 3;
  constexpr int kConnections = 1000;
  Execute([this] {
    const ListenerPtr listener = MustListen(Network(), AnyAddress(Network()));
    std::vector<std::thread> clients;
    for (unsigned client = 0; client < kClients; ++client) {
      clients.emplace_back([&, client] {
        std::minstd_rand random(client + 1);
        for (int i = 0; i < kConnections; ++i) {
          const int fd = RawConnect(listener->Address());
          SendAndEnd(fd, random() % kEndings, random() % 20'000);
          if (random() % 2 == 0) {  // half of them stay until the server is done
            char byte;
            EXPECT_EQ(::read(fd, &byte, 1), 0);
          }
          ::close(fd);
        }
      });
    }
    constexpr std::size_t kPieces[] = {1, 7, kText.size() - 1, kText.size(), kText.size() + 1, 4096};
    std::atomic<int> complete{0};
    WaitGroup group;
    for (unsigned i = 0; i < kClients * kConnections; ++i) {
      const ConnPtr conn = Must(listener->Accept());
      conn->SetReadDeadline(In(kForever));
      group.Go([&, conn, i] {
        if (ReadToEnd(*conn, kPieces[i % std::size(kPieces)], i % 5) == kText) ++complete;
        EXPECT_FALSE(conn->Close());
      });
    }
    group.Wait();
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(complete, kClients * kConnections);
  });
}

// The same for bytes: requests of a keep-alive connection that arrive while their predecessor is read.
TEST_P(LostEofTest, NoBytesAreLost) {
  Execute([this] {
    const ListenerPtr listener = MustListen(Network(), AnyAddress(Network()));
    std::thread client([&] {
      std::minstd_rand random(7);
      for (int i = 0; i < 20; ++i) {
        const int fd = RawConnect(listener->Address());
        for (int k = 0; k < 300; ++k) {
          SendRaw(fd, kText);
          Spin(random() % 5000);
          if (random() % 16 == 0) ::usleep(random() % 100);
        }
        ::close(fd);
      }
    });
    for (unsigned i = 0; i < 20; ++i) {
      const ConnPtr conn = Must(listener->Accept());
      conn->SetReadDeadline(In(kForever));
      const std::string received = ReadToEnd(*conn, i % 2 == 0 ? 4096 : kText.size() + 1, i % 3);
      EXPECT_EQ(received.size(), 300 * kText.size());
    }
    client.join();
  });
}

}  // namespace
}  // namespace gale::net

#include "gale/net/dial.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "gale/net/internal/network.h"
#include "gale/net/internal/resolver.h"
#include "gale/net/internal/syscalls.h"
#include "gale/net/internal/unique_fd.h"
#include "gale/net/io.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/net/net_testing.h"

namespace gale::net {
namespace {

using namespace testing;

std::string DialErrorOf(std::string_view network, std::string_view address) {
  const auto conn = Dial(network, address);
  return conn ? "no error" : conn.error().Message();
}

// A port on which nobody listens: it belongs to a socket that is bound only.
class ClosedPort {
 public:
  ClosedPort() : socket_(internal::Socket(AF_INET, SOCK_STREAM)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(internal::Bind(socket_.Get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(internal::LocalName(socket_.Get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = std::to_string(ntohs(address.sin_port));
  }
  const std::string& Port() const { return port_; }

 private:
  internal::UniqueFd socket_;
  std::string port_;
};

TEST(DialTest, Refused) {
  const ClosedPort closed;
  for (const bool on_goroutine : {true, false}) {
    const auto body = [&] {
      EXPECT_EQ(DialErrorOf("tcp", "127.0.0.1:" + closed.Port()),
                "dial tcp 127.0.0.1:" + closed.Port() + ": connection refused");
      EXPECT_EQ(DialErrorOf("tcp", ":" + closed.Port()), "dial tcp :" + closed.Port() + ": connection refused");
      EXPECT_EQ(Dial("tcp4", "127.0.0.1:" + closed.Port()).error(), std::errc::connection_refused);
    };
    on_goroutine ? gale::Run(body) : body();
  }
}

TEST(DialTest, BadAddresses) {
  EXPECT_EQ(DialErrorOf("udp", "127.0.0.1:1"), "dial udp: unknown network");
  EXPECT_EQ(DialErrorOf("tcp", "127.0.0.1"), "dial tcp: address 127.0.0.1: missing port in address");
  EXPECT_EQ(DialErrorOf("tcp", "127.0.0.1:http?"), "dial tcp: lookup tcp/http?: unknown port");
  EXPECT_EQ(DialErrorOf("tcp6", "127.0.0.1:1"), "dial tcp6: address 127.0.0.1: no suitable address found");
  EXPECT_EQ(DialErrorOf("unix", "/nonexistent/x.sock"), "dial unix /nonexistent/x.sock: no such file or directory");
  EXPECT_EQ(DialErrorOf("unix", "/" + std::string(200, 'x')),
            "dial unix /" + std::string(200, 'x') + ": invalid argument");
  EXPECT_EQ(DialErrorOf("tcp", std::string("a\0b:1", 5)),
            "dial tcp: lookup " + std::string("a\0b", 3) + ": no such host");
}

TEST(DialTest, UnknownHost) {
  const auto conn = Dial("tcp", "no-such-host.invalid:80");
  ASSERT_FALSE(conn.has_value());
  EXPECT_TRUE(conn.error().Message().starts_with("dial tcp: lookup no-such-host.invalid: ")) << conn.error().Message();
  // Without a network the resolver cannot know that there is no such host.
  EXPECT_TRUE(conn.error() == Errc::kNoSuchHost || conn.error() == Errc::kServerMisbehaving) << conn.error().Message();
}

TEST(DialTest, SeveralAddressesAreTried) {
  // localhost may be ::1 and 127.0.0.1; the listener has only the latter.
  const ListenerPtr listener = MustListen("tcp", "127.0.0.1:0");
  const ConnPtr conn = Must(Dial("tcp", "localhost:" + std::to_string(listener->Address().Port())));
  EXPECT_EQ(conn->RemoteAddr(), listener->Address());
}

// A listener with a full backlog answers no further connection.
class FullListener {
 public:
  FullListener() : socket_(internal::Socket(AF_INET, SOCK_STREAM)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(internal::Bind(socket_.Get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(internal::ListenOn(socket_.Get(), 0), 0);
    EXPECT_EQ(internal::LocalName(socket_.Get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    for (int i = 0; i < 8; ++i) {
      fillers_.emplace_back(internal::Socket(AF_INET, SOCK_STREAM));
      (void)internal::Connect(fillers_.back().Get(), reinterpret_cast<sockaddr*>(&address), size);
    }
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  const std::string& Address() const { return address_; }

 private:
  internal::UniqueFd socket_;
  std::vector<internal::UniqueFd> fillers_;
  std::string address_;
};

TEST(DialTimeoutTest, NobodyAnswers) {
  const FullListener full;
  for (const bool on_goroutine : {true, false}) {
    const auto body = [&] {
      const auto before = std::chrono::steady_clock::now();
      const auto conn = DialTimeout("tcp", full.Address(), 30ms);
      ASSERT_FALSE(conn.has_value());
      EXPECT_EQ(conn.error(), std::errc::timed_out);
      EXPECT_EQ(conn.error().Message(), "dial tcp " + full.Address() + ": i/o timeout");
      EXPECT_GE(std::chrono::steady_clock::now() - before, 30ms);
    };
    on_goroutine ? gale::Run(body) : body();
  }
}

TEST(DialTimeoutTest, LeavesNoDeadlineBehind) {
  gale::Run([] {
    const ListenerPtr listener = MustListen("tcp", "127.0.0.1:0");
    const ConnPtr conn = Must(DialTimeout("tcp", listener->Address().String(), kForever));
    const ConnPtr longest = Must(DialTimeout("tcp", listener->Address().String(), std::chrono::nanoseconds::max()));
    const ConnPtr unlimited = Must(DialTimeout("tcp", listener->Address().String(), 0s));
    for (const ConnPtr& client : {conn, longest, unlimited}) {
      const ConnPtr server = Must(listener->Accept());
      EXPECT_EQ(client->Write("hi").value(), 2U);
      EXPECT_EQ(ReadSome(*server), "hi");
    }
  });
}

TEST(DialTest, ClosedDescriptorsOfFailuresDoNotLeak) {
  const ClosedPort closed;
  const FullListener full;
  (void)Dial("tcp", "127.0.0.1:" + closed.Port());
  const int before = OpenDescriptors();
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(Dial("tcp", "127.0.0.1:" + closed.Port()).has_value());
    EXPECT_FALSE(DialTimeout("tcp", full.Address(), 1ms).has_value());
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(ResolverTest, LiteralsAndNumbersNeedNoLookup) {
  using internal::Network;
  using internal::ResolveTcp;
  const auto ipv4 = ResolveTcp(Network::kTcp, "127.0.0.1:http").value();
  EXPECT_EQ(ipv4.addrs, std::vector<Addr>{*Addr::ParseIp("127.0.0.1", 80)});
  const auto ipv6 = ResolveTcp(Network::kTcp6, "[fe80::1%lo]:+443").value();
  EXPECT_EQ(ipv6.addrs, std::vector<Addr>{*Addr::ParseIp("fe80::1%lo", 443)});
  const auto any = ResolveTcp(Network::kTcp, ":https").value();
  EXPECT_TRUE(any.addrs.empty());
  EXPECT_EQ(any.port, 443);
  EXPECT_EQ(ResolveTcp(Network::kTcp, "127.0.0.1:").value().port, 0);
  EXPECT_EQ(ResolveTcp(Network::kTcp, "127.0.0.1:00080").value().port, 80);
  EXPECT_EQ(ResolveTcp(Network::kTcp, "127.0.0.1:65536").error(), Errc::kInvalidPort);
  EXPECT_EQ(ResolveTcp(Network::kTcp, "127.0.0.1:+").error(), Errc::kUnknownPort);
}

TEST(ResolverTest, ManyLookupsAtOnce) {
  gale::Run([] {
    WaitGroup group;
    for (int i = 0; i < 50; ++i) {
      group.Go([] {
        const auto found = internal::ResolveTcp(internal::Network::kTcp4, "localhost:80");
        EXPECT_EQ(found.value().addrs.front().String(), "127.0.0.1:80");
      });
    }
    group.Wait();
  });
}

}  // namespace
}  // namespace gale::net

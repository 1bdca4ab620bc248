#include "gale/net/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "gale/net/internal/socket_address.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/net/net_testing.h"

namespace gale::net {
namespace {

using namespace testing;

std::string ListenErrorOf(std::string_view network, std::string_view address) {
  const auto listener = Listen(network, address);
  return listener ? "no error" : listener.error().Message();
}

struct BadAddressRow {
  const char* name;
  const char* network;
  const char* address;
  const char* message;
};

class BadAddressTest : public ::testing::TestWithParam<BadAddressRow> {};

TEST_P(BadAddressTest, SaysWhatIsWrong) {
  EXPECT_EQ(ListenErrorOf(GetParam().network, GetParam().address), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadAddressTest,
    ::testing::Values(
        BadAddressRow{"Network", "foo", ":80", "listen foo: unknown network"},
        BadAddressRow{"NoPort", "tcp", "127.0.0.1", "listen tcp: address 127.0.0.1: missing port in address"},
        BadAddressRow{"Colons", "tcp", "::1:80", "listen tcp: address ::1:80: too many colons in address"},
        BadAddressRow{"PortTooLarge", "tcp", ":65536", "listen tcp: address 65536: invalid port"},
        BadAddressRow{"PortNegative", "tcp", ":-1", "listen tcp: address -1: invalid port"},
        BadAddressRow{"PortUnknown", "tcp", ":nosuchservice", "listen tcp: lookup tcp/nosuchservice: unknown port"},
        BadAddressRow{"WrongFamily4", "tcp4", "[::1]:0", "listen tcp4: address ::1: no suitable address found"},
        BadAddressRow{"WrongFamily6", "tcp6", "127.0.0.1:0",
                      "listen tcp6: address 127.0.0.1: no suitable address found"},
        BadAddressRow{"NotOurs", "tcp", "192.0.2.1:0", "listen tcp 192.0.2.1:0: cannot assign requested address"},
        BadAddressRow{"NoDirectory", "unix", "/nonexistent/x.sock",
                      "listen unix /nonexistent/x.sock: no such file or directory"}),
    [](const auto& row) { return row.param.name; });

TEST(ListenerTest, PortInUse) {
  const ListenerPtr first = MustListen("tcp", "127.0.0.1:0");
  const std::string address = first->Address().String();
  const auto second = Listen("tcp", address);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error(), std::errc::address_in_use);
  EXPECT_EQ(second.error().Message(), "listen tcp " + address + ": address already in use");
  EXPECT_FALSE(first->Close());
  EXPECT_TRUE(Listen("tcp", address).has_value());
}

TEST(ListenerTest, PortInUseOnAllInterfacesIsNamedAsAskedFor) {
  const ListenerPtr first = MustListen("tcp", ":0");
  const std::string address = ":" + std::to_string(first->Address().Port());
  EXPECT_EQ(ListenErrorOf("tcp", address), "listen tcp " + address + ": address already in use");
}

TEST(ListenerTest, AllInterfacesMeansBothFamilies) {
  if (!internal::HasDualStack()) GTEST_SKIP() << "no dual stack";
  for (const char* address : {":0", "[::]:0"}) {
    const ListenerPtr listener = MustListen("tcp", address);
    const std::string port = std::to_string(listener->Address().Port());
    EXPECT_EQ(listener->Address().String(), "[::]:" + port);
    for (const std::string host : {"127.0.0.1", "::1"}) {
      const ConnPtr client = Must(Dial("tcp", JoinHostPort(host, port)));
      const ConnPtr server = Must(listener->Accept());
      EXPECT_EQ(server->LocalAddr().String(), JoinHostPort(host, port));
      EXPECT_EQ(server->RemoteAddr(), client->LocalAddr());
      EXPECT_EQ(client->RemoteAddr().String(), JoinHostPort(host, port));
      EXPECT_FALSE(server->Close());
      EXPECT_EQ(server->LocalAddr(), listener->Address());  // as documented
    }
    // Without a host: this machine.
    const ConnPtr client = Must(Dial("tcp", ":" + port));
    EXPECT_EQ(client->RemoteAddr().String(), "127.0.0.1:" + port);
  }
}

TEST(ListenerTest, OneFamilyOnly) {
  const ListenerPtr ipv4 = MustListen("tcp4", ":0");
  EXPECT_TRUE(ipv4->Address().String().starts_with("0.0.0.0:"));
  EXPECT_TRUE(MustListen("tcp", "0.0.0.0:0")->Address().String().starts_with("0.0.0.0:"));
  if (!internal::HasIpv6()) GTEST_SKIP() << "no IPv6";
  const ListenerPtr ipv6 = MustListen("tcp6", ":0");
  EXPECT_TRUE(ipv6->Address().String().starts_with("[::]:"));
  const std::string port = std::to_string(ipv6->Address().Port());
  EXPECT_TRUE(Dial("tcp", "[::1]:" + port).has_value());
  EXPECT_EQ(Dial("tcp", "127.0.0.1:" + port).error(), std::errc::connection_refused);
  // The port is free for IPv4.
  EXPECT_TRUE(Listen("tcp4", "127.0.0.1:" + port).has_value());
}

TEST(ListenerTest, NamesOfHostsAndServices) {
  const ListenerPtr listener = MustListen("tcp", "localhost:0");
  EXPECT_TRUE(listener->Address().String().starts_with("127.0.0.1:")) << listener->Address().String();
  EXPECT_TRUE(Dial("tcp", "localhost:" + std::to_string(listener->Address().Port())).has_value());
}

int OptionOf(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

// The descriptor of the socket with these ends, found among all of the process.
int DescriptorOf(const Conn& conn) {
  for (int fd = 0; fd < 1024; ++fd) {
    internal::SocketAddress local;
    internal::SocketAddress remote;
    if (::getsockname(fd, local.Pointer(), &local.size) != 0) continue;
    if (::getpeername(fd, remote.Pointer(), &remote.size) != 0) continue;
    if (internal::FromSocketAddress(local.storage, local.size) == conn.LocalAddr() &&
        internal::FromSocketAddress(remote.storage, remote.size) == conn.RemoteAddr()) {
      return fd;
    }
  }
  return -1;
}

TEST(ListenerTest, ConnectionsOnBothSidesHaveTheOptions) {
  const Pair pair = Connect("tcp");
  for (const ConnPtr& conn : {pair.client, pair.server}) {
    const int fd = DescriptorOf(*conn);
    ASSERT_GE(fd, 0);
    EXPECT_NE(OptionOf(fd, IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_NE(OptionOf(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    EXPECT_EQ(OptionOf(fd, IPPROTO_TCP, TCP_KEEPIDLE), 15);
    EXPECT_EQ(OptionOf(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
    EXPECT_EQ(OptionOf(fd, IPPROTO_TCP, TCP_KEEPCNT), 9);
    EXPECT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EXPECT_EQ(::fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  }
}

TEST(ListenerTest, UnixSocketFileComesAndGoes) {
  const std::string path = SocketPath();
  struct stat status;
  {
    const ListenerPtr listener = MustListen("unix", path);
    EXPECT_EQ(listener->Address().String(), path);
    EXPECT_EQ(listener->Address().Network(), "unix");
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(ListenErrorOf("unix", path), "listen unix " + path + ": address already in use");
    EXPECT_EQ(::stat(path.c_str(), &status), 0);  // the failure has not removed the other's file
    EXPECT_FALSE(listener->Close());
    EXPECT_NE(::stat(path.c_str(), &status), 0);
    std::ofstream(path) << "somebody else's file";
  }
  EXPECT_EQ(::stat(path.c_str(), &status), 0);  // neither a second Close nor the destructor removes another file
  EXPECT_EQ(ListenErrorOf("unix", path), "listen unix " + path + ": address already in use");
  ::unlink(path.c_str());
}

TEST(ListenerTest, AbstractUnixSocket) {
  const std::string name = "@gale-net-test-" + std::to_string(::getpid());
  const ListenerPtr listener = MustListen("unix", name);
  EXPECT_EQ(listener->Address().String(), name);
  EXPECT_TRUE(Dial("unix", name).has_value());
  EXPECT_FALSE(listener->Close());
  EXPECT_EQ(Dial("unix", name).error().Message(), "dial unix " + name + ": connection refused");
}

TEST(ListenerTest, ManyConnectionsAtOnce) {
  gale::Run([] {
    constexpr int kConnections = 400;
    const ListenerPtr listener = MustListen("tcp", "127.0.0.1:0");
    WaitGroup group;
    group.Go([&] {
      for (int i = 0; i < kConnections; ++i) {
        group.Go([conn = Must(listener->Accept())] {
          for (std::string text = ReadSome(*conn); text != "error: EOF"; text = ReadSome(*conn)) {
            EXPECT_EQ(conn->Write(text).value(), text.size());
          }
        });
      }
    });
    for (int i = 0; i < kConnections; ++i) {
      group.Go([&, i] {
        const ConnPtr conn = Must(Dial("tcp", listener->Address().String()));
        conn->SetDeadline(In(kForever));
        const std::string text = std::to_string(i);
        for (int round = 0; round < 20; ++round) {
          EXPECT_EQ(conn->Write(text).value_or(0), text.size());
          EXPECT_EQ(ReadSome(*conn), text);
        }
        EXPECT_FALSE(conn->Close());
      });
    }
    group.Wait();
  });
}

// DescriptorLimit lowers the number of descriptors that may be open, to `spare` more than are open now.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int spare) {
    ::getrlimit(RLIMIT_NOFILE, &former_);
    std::vector<int> taken;  // so that every number below the limit is in use
    for (int i = 0; i < spare; ++i) taken.push_back(::dup(0));
    rlimit lower = former_;
    lower.rlim_cur = static_cast<rlim_t>(*std::max_element(taken.begin(), taken.end())) + 1;
    ::setrlimit(RLIMIT_NOFILE, &lower);
    for (const int fd : taken) ::close(fd);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &former_); }

 private:
  rlimit former_;
};

TEST(ListenerTest, AcceptSurvivesRunningOutOfDescriptors) {
  gale::Run([] {
    const ListenerPtr listener = MustListen("tcp", "127.0.0.1:0");
    const std::string address = listener->Address().String();
    std::vector<ConnPtr> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(Must(Dial("tcp", address)));  // they wait in the backlog
    std::vector<ConnPtr> servers;
    {
      const DescriptorLimit limit(2);
      servers.push_back(Must(listener->Accept()));
      servers.push_back(Must(listener->Accept()));
      for (int i = 0; i < 3; ++i) {
        const auto conn = listener->Accept();
        ASSERT_FALSE(conn.has_value());
        EXPECT_EQ(conn.error().Message(), "accept tcp " + address + ": too many open files");
        EXPECT_TRUE(IsTemporary(conn.error()));
      }
      EXPECT_EQ(Dial("tcp", address).error(), std::errc::too_many_files_open);
      servers.pop_back();
      servers.push_back(Must(listener->Accept()));  // one is free again
    }
    servers.push_back(Must(listener->Accept()));
    servers.push_back(Must(listener->Accept()));
    (void)servers.back()->Write("still alive");
    EXPECT_EQ(ReadSome(*clients.back()), "still alive");
  });
}

TEST(AcceptBackoffTest, DoublesUpToASecond) {
  AcceptBackoff backoff;
  std::vector<long> waits;
  for (int i = 0; i < 10; ++i) waits.push_back(backoff.Next().count());
  EXPECT_EQ(waits, (std::vector<long>{5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000}));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), 5ms);
}

TEST(IsTemporaryTest, OnlyLackOfMeans) {
  for (const int value : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) EXPECT_TRUE(IsTemporary(Error::FromErrno(value, "accept")));
  for (const int value : {EINVAL, EBADF, ECONNREFUSED}) EXPECT_FALSE(IsTemporary(Error::FromErrno(value)));
  EXPECT_FALSE(IsTemporary(Errc::kClosed));
  EXPECT_FALSE(IsTemporary(Error()));
}

using Shards = std::vector<ListenerPtr>;

Shards MustListenShards(const std::string& network, const std::string& address, int count) {
  auto shards = ListenShards(network, address, count);
  if (!shards) {
    ADD_FAILURE() << shards.error().Message();
    std::abort();
  }
  return *std::move(shards);
}

TEST(ListenShardsTest, ShareOnePortAndTheConnections) {
  gale::Run([] {
    constexpr int kShards = 4;
    constexpr int kConnections = 400;
    for (const char* address : {"127.0.0.1:0", ":0"}) {
      const Shards shards = MustListenShards("tcp", address, kShards);
      ASSERT_EQ(shards.size(), 4U);
      for (const ListenerPtr& shard : shards) EXPECT_EQ(shard->Address(), shards[0]->Address());
      const std::string target = ":" + std::to_string(shards[0]->Address().Port());
      std::atomic<int> counts[kShards]{};
      WaitGroup group;
      for (int i = 0; i < kShards; ++i) {
        group.Go([&, i] {
          while (auto conn = shards[static_cast<std::size_t>(i)]->Accept()) {
            ++counts[i];
            (void)(*conn)->Write("hi");
          }
        });
      }
      for (int i = 0; i < kConnections; ++i) {
        const ConnPtr conn = Must(Dial("tcp", target));
        conn->SetDeadline(In(kForever));
        EXPECT_EQ(ReadSome(*conn), "hi");
      }
      for (const ListenerPtr& shard : shards) EXPECT_FALSE(shard->Close());
      group.Wait();
      int total = 0;
      for (const auto& count : counts) {
        total += count;
        EXPECT_GT(count, kConnections / kShards / 4);
      }
      EXPECT_EQ(total, kConnections);
    }
  });
}

TEST(ListenShardsTest, APortInUseIsReported) {
  const Shards shards = MustListenShards("tcp", "127.0.0.1:0", 3);
  const std::string address = shards[0]->Address().String();
  EXPECT_EQ(ListenErrorOf("tcp", address), "listen tcp " + address + ": address already in use");
  const auto others = ListenShards("tcp", address, 3);  // as another Gale would
  ASSERT_FALSE(others.has_value());
  EXPECT_EQ(others.error().Message(), "listen tcp " + address + ": address already in use");

  const ListenerPtr single = MustListen("tcp", "127.0.0.1:0");
  EXPECT_EQ(ListenShards("tcp", single->Address().String(), 3).error(), std::errc::address_in_use);
}

TEST(ListenShardsTest, UnixSocketsHaveOne) {
  const Shards shards = MustListenShards("unix", SocketPath(), 3);
  ASSERT_EQ(shards.size(), 1U);
  EXPECT_TRUE(Dial("unix", shards[0]->Address().String()).has_value());
}

TEST(ListenShardsTest, OneIsAnOrdinaryListener) {
  EXPECT_EQ(MustListenShards("tcp", "127.0.0.1:0", 1).size(), 1U);
  EXPECT_EQ(MustListenShards("tcp", "127.0.0.1:0", 0).size(), 1U);
}

}  // namespace
}  // namespace gale::net

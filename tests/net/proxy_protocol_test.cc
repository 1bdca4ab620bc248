// The PROXY protocol, and the prefixes that say from whom.
#include "gale/net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>

#include "gale/net/dial.h"
#include "gale/net/listener.h"
#include "gale/net/pipe.h"
#include "gale/net/prefix.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/testing/synctest.h"

namespace gale::net {
namespace {

using namespace std::chrono_literals;

const Addr kProxy = Addr::Ipv4({192, 0, 2, 9}, 9);

// What comes of a connection that begins so: the client's address, the server's, and what is read then; or the error.
std::string Outcome(const std::string& bytes) {
  auto [proxy, server] = Pipe({.first = kProxy, .second = Addr::Ipv4({192, 0, 2, 1}, 80)});
  (void)proxy->Write(bytes);
  (void)proxy->CloseWrite();
  auto conn = ReadProxyHeader(server, {});
  if (!conn) return conn.error().Message();
  auto rest = gale::ReadAll(**conn);
  return (*conn)->RemoteAddr().String() + " " + (*conn)->LocalAddr().String() + " " + *rest;
}

std::string Version2(char command, char family, const std::string& rest) {
  std::string header("\r\n\r\n\0\r\nQUIT\n", 12);
  header += command;
  header += family;
  header += static_cast<char>(rest.size() >> 8);
  header += static_cast<char>(rest.size() & 255);
  return header + rest;
}

const std::string kOwn = "192.0.2.9:9 192.0.2.1:80 rest";

TEST(ProxyHeaderTest, Version1) {
  EXPECT_EQ(Outcome("PROXY TCP4 198.51.100.7 203.0.113.1 56324 443\r\nrest"),
            "198.51.100.7:56324 203.0.113.1:443 rest");
  EXPECT_EQ(Outcome("PROXY TCP6 2001:db8::1 ::1 1 65535\r\nrest"), "[2001:db8::1]:1 [::1]:65535 rest");
  EXPECT_EQ(Outcome("PROXY UNKNOWN\r\nrest"), kOwn);
  EXPECT_EQ(Outcome("PROXY UNKNOWN ffff::1 what ever\r\nrest"), kOwn);
  const std::string full = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  EXPECT_EQ(Outcome("PROXY TCP6 " + full + " " + full + " 65535 65535\r\nrest"),
            "[" + full + "]:65535 [" + full + "]:65535 rest");
}

TEST(ProxyHeaderTest, Version2) {
  const std::string ipv4("\xc6\x33\x64\x07\xcb\x00\x71\x01\xdc\x04\x01\xbb", 12);
  EXPECT_EQ(Outcome(Version2(0x21, 0x11, ipv4) + "rest"), "198.51.100.7:56324 203.0.113.1:443 rest");
  EXPECT_EQ(Outcome(Version2(0x21, 0x11, ipv4 + "and more of it") + "rest"), "198.51.100.7:56324 203.0.113.1:443 rest");
  EXPECT_EQ(Outcome(Version2(0x21, 0x21, std::string(15, 0) + "\x01" + std::string(15, 0) + "\x02" + ipv4.substr(8)) +
                    "rest"),
            "[::1]:56324 [::2]:443 rest");
  EXPECT_EQ(Outcome(Version2(0x20, 0x00, "") + "rest"), kOwn) << "LOCAL";
  EXPECT_EQ(Outcome(Version2(0x21, 0x00, "") + "rest"), kOwn) << "unspecified";
  EXPECT_EQ(Outcome(Version2(0x21, 0x31, std::string(216, 'x')) + "rest"), kOwn) << "Unix sockets";
  EXPECT_EQ(Outcome(Version2(0x21, 0x11, ipv4 + std::string(4096 - 16 - 12, 'x')) + "rest"),
            "198.51.100.7:56324 203.0.113.1:443 rest");
}

TEST(ProxyHeaderTest, MalformedOnesAreRefused) {
  const std::string ipv4("\xc6\x33\x64\x07\xcb\x00\x71\x01\xdc\x04\x01\xbb", 12);
  const std::vector<std::string> malformed = {
      "GET / HTTP/1.1\r\n\r\n",
      "PROXY TCP5 1.2.3.4 1.2.3.4 1 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n",
      "PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n",
      "PROXY TCP4 1.2.3 1.2.3.4 1 1\r\n",
      "PROXY TCP4 ::1 ::1 1 1\r\n",
      "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n",
      "PROXY TCP6 fe80::1%lo ::1 1 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n\r\n",
      "PROXY UNKNOWN " + std::string(200, 'x') + "\r\n",
      "PROXY  UNKNOWN\r\n",
      Version2(0x11, 0x11, ipv4),
      Version2(0x22, 0x11, ipv4),
      Version2(0x21, 0x11, ipv4.substr(1)),
      Version2(0x21, 0x21, ipv4),
      Version2(0x21, 0x11, ipv4 + std::string(4096 - 16 - 11, 'x')),
  };
  for (const std::string& bytes : malformed) {
    EXPECT_TRUE(Outcome(bytes).starts_with("proxy header: ")) << bytes << ": " << Outcome(bytes);
  }
}

TEST(ProxyHeaderTest, EveryPrefixOfOneIsIncomplete) {
  const std::string ipv4("\xc6\x33\x64\x07\xcb\x00\x71\x01\xdc\x04\x01\xbb", 12);
  for (const std::string& whole :
       {std::string("PROXY TCP4 198.51.100.7 203.0.113.1 56324 443\r\n"), Version2(0x21, 0x11, ipv4)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(Outcome(whole.substr(0, size)), "unexpected EOF") << size;
    }
  }
}

TEST(ProxyHeaderTest, TheTimeIsBounded) {
  gale::testing::Synctest([] {
    auto [proxy, server] = Pipe();
    (void)proxy->Write("PROXY TCP4 ");
    const auto start = Clock::now();
    EXPECT_EQ(ReadProxyHeader(server, start + 5s).error(), Errc::kTimeout);
    EXPECT_EQ(Clock::now() - start, 5s);
  });
}

// What is wrong with a file tells who has read it: CopyFile, or the kernel on the connection's behalf.
TEST(ProxyHeaderTest, TheKernelStillSendsTheFiles) {
  auto listener = Listen("tcp", "127.0.0.1:0");
  auto proxy = Dial("tcp", (*listener)->Address().String());
  auto accepted = (*listener)->Accept();
  (void)(*proxy)->Write("PROXY TCP4 198.51.100.7 203.0.113.1 1 2\r\n");
  const std::string message = (*accepted)->SendFile(-1, 0, 1).error().Message();
  auto conn = ReadProxyHeader(*accepted, {});
  ASSERT_EQ((*conn)->RemoteAddr().String(), "198.51.100.7:1");
  EXPECT_EQ((*conn)->SendFile(-1, 0, 1).error().Message(), message);
}

bool Contains(std::string_view prefix, std::string_view ip) {
  return Prefix::Parse(prefix)->Contains(*Addr::ParseIp(ip, 1234));
}

TEST(PrefixTest, ContainsItsRange) {
  EXPECT_TRUE(Contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(Contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(Contains("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(Contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(Contains("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(Contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(Contains("::1", "::1"));
  EXPECT_FALSE(Contains("::1", "::2"));
  EXPECT_TRUE(Contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(Contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(Prefix::Parse("unix")->Contains(Addr::Unix("")));
  EXPECT_FALSE(Prefix::Parse("unix")->Contains(kProxy));
}

TEST(PrefixTest, RefusesWhatIsNone) {
  for (const char* text : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8", "::/129",
                           "fe80::1%lo", "10.0.0/8", "localhost"}) {
    EXPECT_FALSE(Prefix::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace gale::net

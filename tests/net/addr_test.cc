#include "gale/net/addr.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <string_view>

#include "gale/net/internal/socket_address.h"

namespace gale::net {
namespace {

struct SplitRow {
  const char* name;
  std::string_view address;
  std::string_view host;
  std::string_view port;
  std::string_view error;  // empty: success
};

class SplitHostPortTest : public testing::TestWithParam<SplitRow> {};

TEST_P(SplitHostPortTest, SplitsAsGo) {
  const SplitRow& row = GetParam();
  const auto result = SplitHostPort(row.address);
  if (!row.error.empty()) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().Message(), "address " + std::string(row.address) + ": " + std::string(row.error));
    EXPECT_EQ(result.error(), std::errc::invalid_argument);
    return;
  }
  ASSERT_TRUE(result.has_value()) << result.error().Message();
  EXPECT_EQ(result->host, row.host);
  EXPECT_EQ(result->port, row.port);
}

constexpr std::string_view kMissingPort = "missing port in address";
constexpr std::string_view kTooManyColons = "too many colons in address";
constexpr std::string_view kUnexpectedOpen = "unexpected '[' in address";
constexpr std::string_view kUnexpectedClose = "unexpected ']' in address";

INSTANTIATE_TEST_SUITE_P(Table, SplitHostPortTest,
                         testing::Values(SplitRow{"Name", "localhost:http", "localhost", "http", ""},
                                         SplitRow{"Ipv4", "127.0.0.1:80", "127.0.0.1", "80", ""},
                                         SplitRow{"Ipv6", "[::1]:80", "::1", "80", ""},
                                         SplitRow{"Zone", "[fe80::1%eth0]:80", "fe80::1%eth0", "80", ""},
                                         SplitRow{"ZoneWithoutBrackets", "localhost%lo0:80", "localhost%lo0", "80", ""},
                                         SplitRow{"NoHost", ":80", "", "80", ""},
                                         SplitRow{"NoPort", "host:", "host", "", ""},
                                         SplitRow{"Neither", ":", "", "", ""},
                                         SplitRow{"EmptyBrackets", "[]:80", "", "80", ""},
                                         SplitRow{"MissingPort", "127.0.0.1", "", "", kMissingPort},
                                         SplitRow{"Empty", "", "", "", kMissingPort},
                                         SplitRow{"BracketsOnly", "[::1]", "", "", kMissingPort},
                                         SplitRow{"NoColonAfterBracket", "[::1]80", "", "", kMissingPort},
                                         SplitRow{"NameOnly", "[localhost]", "", "", kMissingPort},
                                         SplitRow{"BareIpv6", "::1", "", "", kTooManyColons},
                                         SplitRow{"TwoColons", "a:b:80", "", "", kTooManyColons},
                                         SplitRow{"TwoColonsAfterBracket", "[::1]::80", "", "", kTooManyColons},
                                         SplitRow{"Unclosed", "[::1:80", "", "", "missing ']' in address"},
                                         SplitRow{"OpenInside", "[a[b]:80", "", "", kUnexpectedOpen},
                                         SplitRow{"OpenInName", "a[b:80", "", "", kUnexpectedOpen},
                                         SplitRow{"OpenInPort", "[a]:8[0", "", "", kUnexpectedOpen},
                                         SplitRow{"CloseInName", "a]b:80", "", "", kUnexpectedClose},
                                         SplitRow{"CloseInPort", "[a]:8]0", "", "", kUnexpectedClose}),
                         [](const auto& row) { return row.param.name; });

TEST(JoinHostPortTest, PutsBracketsAroundColons) {
  EXPECT_EQ(JoinHostPort("localhost", "80"), "localhost:80");
  EXPECT_EQ(JoinHostPort("::1", "http"), "[::1]:http");
  EXPECT_EQ(JoinHostPort("fe80::1%eth0", "80"), "[fe80::1%eth0]:80");
  EXPECT_EQ(JoinHostPort("", ""), ":");
}

struct IpRow {
  const char* name;
  std::string_view literal;
  std::string_view text;  // as String prints it with port 80; empty: no literal
};

class ParseIpTest : public testing::TestWithParam<IpRow> {};

TEST_P(ParseIpTest, ReadsAndPrints) {
  const std::optional<Addr> addr = Addr::ParseIp(GetParam().literal, 80);
  EXPECT_EQ(addr ? addr->String() : "", GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseIpTest,
    testing::Values(
        IpRow{"Ipv4", "127.0.0.1", "127.0.0.1:80"}, IpRow{"Ipv4Zero", "0.0.0.0", "0.0.0.0:80"},
        IpRow{"Ipv6Loopback", "::1", "[::1]:80"}, IpRow{"Ipv6Zero", "::", "[::]:80"},
        IpRow{"Ipv6Full", "2001:0db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:80"},
        IpRow{"Ipv6LongestRun", "1:0:0:2:0:0:0:3", "[1:0:0:2::3]:80"},
        IpRow{"Ipv6OneZeroStays", "1:0:2:3:4:5:6:7", "[1:0:2:3:4:5:6:7]:80"},
        IpRow{"Ipv6TrailingZeros", "1:2::", "[1:2::]:80"}, IpRow{"Ipv6Upper", "FE80::ABCD", "[fe80::abcd]:80"},
        IpRow{"Ipv4Compatible", "::1.2.3.4", "[::102:304]:80"}, IpRow{"Ipv4Mapped", "::ffff:1.2.3.4", "1.2.3.4:80"},
        IpRow{"ZoneByName", "fe80::1%lo", "[fe80::1%lo]:80"}, IpRow{"ZoneByIndex", "fe80::1%1", "[fe80::1%lo]:80"},
        IpRow{"ZoneUnknownIndex", "fe80::1%4000000", "[fe80::1%4000000]:80"},
        IpRow{"ZoneUnknownName", "fe80::1%nosuch0", ""}, IpRow{"ZoneEmpty", "fe80::1%", ""},
        IpRow{"ZoneOfIpv4", "127.0.0.1%lo", ""}, IpRow{"Name", "localhost", ""}, IpRow{"Empty", "", ""},
        IpRow{"TooFew", "1.2.3", ""}, IpRow{"TooMany", "1.2.3.4.5", ""}, IpRow{"TooLarge", "1.2.3.256", ""},
        IpRow{"LeadingZero", "01.2.3.4", ""}, IpRow{"TwoRuns", "1::2::3", ""}, IpRow{"Brackets", "[::1]", ""},
        IpRow{"Space", " 127.0.0.1", ""},
        IpRow{"TooLong", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", ""}),
    [](const auto& row) { return row.param.name; });

TEST(AddrTest, Properties) {
  const Addr ipv6 = *Addr::ParseIp("::1", 8080);
  EXPECT_EQ(ipv6.Network(), "tcp");
  EXPECT_EQ(ipv6.Ip(), "::1");
  EXPECT_EQ(ipv6.Port(), 8080);
  EXPECT_FALSE(ipv6.IsUnspecified());
  EXPECT_TRUE(Addr::ParseIp("::", 1)->IsUnspecified());
  EXPECT_TRUE(Addr::Ipv4({0, 0, 0, 0}, 1).IsUnspecified());
  EXPECT_EQ(*Addr::ParseIp("127.0.0.1", 1), Addr::Ipv4({127, 0, 0, 1}, 1));
  EXPECT_NE(*Addr::ParseIp("127.0.0.1", 1), *Addr::ParseIp("127.0.0.1", 2));

  EXPECT_EQ(Addr::Unix("/tmp/x.sock").String(), "/tmp/x.sock");
  EXPECT_EQ(Addr::Unix("@abstract").String(), "@abstract");
  EXPECT_EQ(Addr::Unix("").String(), "@");
  EXPECT_EQ(Addr::Unix("/tmp/x.sock").Network(), "unix");
  EXPECT_FALSE(Addr::Unix("").IsUnspecified());

  EXPECT_EQ(Addr().String(), "");
  EXPECT_EQ(Addr().Network(), "");
  EXPECT_FALSE(Addr().IsUnspecified());
}

std::string RoundTrip(const Addr& addr) {
  const auto address = internal::ToSocketAddress(addr);
  if (!address) return address.error().message();
  return internal::FromSocketAddress(address->storage, address->size).String();
}

TEST(SocketAddressTest, RoundTrip) {
  const std::size_t room = sizeof(sockaddr_un::sun_path);
  const std::string longest_path = "/" + std::string(room - 2, 'x');
  const std::string longest_name = "@" + std::string(room - 1, 'x');
  for (const std::string_view literal : {"127.0.0.1", "::1", "fe80::1%lo"}) {
    const Addr addr = *Addr::ParseIp(literal, 65535);
    EXPECT_EQ(RoundTrip(addr), addr.String());
  }
  for (const std::string& path : {std::string("/tmp/x.sock"), std::string("relative"), std::string("@abstract"),
                                  std::string("@"), longest_path, longest_name}) {
    EXPECT_EQ(RoundTrip(Addr::Unix(path)), path);
  }
  EXPECT_EQ(RoundTrip(Addr::Unix(longest_path + "x")), "Invalid argument");
  EXPECT_EQ(RoundTrip(Addr::Unix(longest_name + "x")), "Invalid argument");
  EXPECT_EQ(RoundTrip(Addr::Unix(std::string("a\0b", 3))), "Invalid argument");
  EXPECT_EQ(RoundTrip(Addr()), "Invalid argument");
}

}  // namespace
}  // namespace gale::net

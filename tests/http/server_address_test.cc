// Where a server listens, and who its clients are said to be.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "gale/http/httptest/server.h"
#include "gale/net/fmt.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

void SayFrom(ResponseWriter& w, Request& r) { gale::Fprintf(w, "from %s", r.RemoteAddr()); }

TEST(UnixAddressTest, ListenAndServe) {
  HandlerFunc handler(SayFrom);
  const std::string path = SocketPath();
  for (const std::string& name : {path, "@" + path}) {
    ServerOptions options;
    options.addr = "unix:" + name;
    options.handler = &handler;
    Server server(options);
    std::thread serving([&] { EXPECT_EQ(server.ListenAndServe(), ErrServerClosed()); });
    if (name == path) {
      EXPECT_TRUE(Eventually([&] { return WireClient(path).Connected(); }));
      EXPECT_EQ(WireClient(path).Ask(Get("/")).body, "from @");
    }
    server.Close();
    serving.join();
    EXPECT_FALSE(std::filesystem::exists(path));
  }
}

constexpr const char* kLast = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST(ProxyProtocolTest, TheAddressIsTheClients) {
  HandlerFunc handler(SayFrom);
  httptest::Server server(handler, {.proxy_protocol_from = {"10.0.0.0/8", "192.0.2.0/24"}});
  EXPECT_TRUE(server.Exchange(std::string("PROXY TCP4 198.51.100.7 203.0.113.1 56324 443\r\n") + kLast)
                  .ends_with("from 198.51.100.7:56324"));
}

TEST(ProxyProtocolTest, FromOthersItIsNoHeader) {
  HandlerFunc handler(SayFrom);
  httptest::Server server(handler, {.proxy_protocol_from = {"10.0.0.0/8"}});
  EXPECT_TRUE(server.Exchange(std::string("PROXY TCP4 198.51.100.7 203.0.113.1 56324 443\r\n") + kLast)
                  .starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(server.Exchange(kLast).ends_with("from 192.0.2.2:10002"));
}

TEST(ProxyProtocolTest, WithoutAHeaderAProxyIsCutOff) {
  std::string log;
  HandlerFunc handler(SayFrom);
  {
    httptest::Server server(
        handler, {.proxy_protocol_from = {"192.0.2.2"}, .error_log = [&](std::string_view line) { log = line; }});
    EXPECT_EQ(server.Exchange(kLast), "");
  }
  EXPECT_EQ(log.find("http: connection from proxy 192.0.2.2:10001: proxy header: "), 0u) << log;
}

TEST(ProxyProtocolTest, TheHeaderIsBoundedInTime) {
  gale::testing::Synctest([] {
    HandlerFunc handler(SayFrom);
    httptest::Server server(handler, {.proxy_protocol_from = {"192.0.2.2"}, .error_log = [](std::string_view) {}});
    auto conn = server.Dial();
    const auto start = Clock::now();
    char byte;
    EXPECT_FALSE(conn->Read({&byte, 1}));
    EXPECT_EQ(Clock::now() - start, 10s);
  });
}

TEST(ProxyProtocolTest, ATakenOverConnectionIsTheClientsToo) {
  HandlerFunc handler([](ResponseWriter& w, Request&) {
    auto hijacked = w.Hijack();
    ASSERT_TRUE(hijacked);
    gale::Fprintf(*hijacked->conn, "%s %s", hijacked->conn->RemoteAddr().String(),
                  hijacked->conn->LocalAddr().String());
    (void)hijacked->conn->Close();
  });
  httptest::Server server(handler, {.proxy_protocol_from = {"192.0.2.2"}});
  EXPECT_EQ(server.Exchange(std::string("PROXY TCP4 198.51.100.7 203.0.113.1 56324 443\r\n") + kLast),
            "198.51.100.7:56324 203.0.113.1:443");
}

TEST(ProxyProtocolTest, ABadPrefixIsAPanic) {
  EXPECT_THROW(Server({.proxy_protocol_from = {"10.0.0.1/8"}}), gale::Panic);
}

}  // namespace
}  // namespace gale::http

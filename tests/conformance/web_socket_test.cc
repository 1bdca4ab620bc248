// The WebSocket of the wire cases' server: enough of one that handshakes can be played against it.
#include <gtest/gtest.h>

#include <string>

#include "gale/tests/conformance/handlers.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

const std::string kHandshake =
    "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

// The examples of RFC 6455, sections 1.3 and 5.7.
TEST(ConformanceWebSocketTest, SaysBackWhatItIsTold) {
  TestServer server(ServeConformance, ConformanceOptions());
  WireClient client = server.Connect();
  client.Send(Get("/ws", kHandshake) + "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  client.Send(std::string("\x88\x80\0\0\0\0", 6));
  const std::string answer = client.ReadToEnd();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nSec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with(std::string("\r\n\r\n\x81\x05Hello\x88\0", 13))) << answer;
}

TEST(ConformanceWebSocketTest, TakesAHandshakeOnly) {
  TestServer server(ServeConformance, ConformanceOptions());
  EXPECT_EQ(server.Ask(Get("/ws")).status, 426);
  EXPECT_EQ(server.Ask(Get("/ws", "Sec-WebSocket-Version: 13\r\n")).status, 400);
  EXPECT_EQ(server.Ask(Post("/ws", "", kHandshake)).status, 400);
  EXPECT_EQ(server.Ask("GET /ws HTTP/1.0\r\n" + kHandshake + "\r\n").status, 400);
}

// An unmasked frame.
TEST(ConformanceWebSocketTest, ClosesWhereSomethingIsWrong) {
  TestServer server(ServeConformance, ConformanceOptions());
  WireClient client = server.Connect();
  client.Send(Get("/ws", kHandshake) + "\x81\x05Hello");
  EXPECT_TRUE(client.ReadToEnd().ends_with("\r\n\r\n\x88\x02\x03\xea"));
}

}  // namespace
}  // namespace gale::http

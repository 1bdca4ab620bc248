// OPTIONS, for the server as a whole ("*") and for a resource.
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "gale/http/serve_mux.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

std::string Options(const std::string& target, const std::string& rest = "\r\n") {
  return "OPTIONS " + target + " HTTP/1.1\r\nHost: a\r\n" + rest;
}

// Behaviour group 45.
TEST(OptionsMethodTest, OfTheServerAreAnsweredByTheServer) {
  std::atomic<int> served = 0;
  TestServer server([&](ResponseWriter&, Request&) { ++served; });
  WireClient client = server.Connect();
  for (const std::string rest :
       {"\r\n", "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}) {
    const WireResponse response = client.Ask(Options("*", rest));
    EXPECT_EQ(response.status, 200) << rest;
    EXPECT_EQ(response.Get("Content-Length"), "0") << rest;
    EXPECT_EQ(response.Get("Connection"), "(none)") << rest;
  }
  EXPECT_EQ(served, 0);
  EXPECT_EQ(client.Ask(Get("/")).status, 200);
  EXPECT_EQ(served, 1);
}

// Behaviour group 45.
TEST(OptionsMethodTest, NoOtherMethodAsksAboutTheServer) {
  std::atomic<int> served = 0;
  for (const bool disabled : {false, true}) {
    TestServer server([&](ResponseWriter&, Request&) { ++served; }, {.disable_general_options_handler = disabled});
    for (const std::string method : {"GET", "HELLO", "options"}) {
      WireClient client = server.Connect();
      const WireResponse response = client.Ask(method + " * HTTP/1.1\r\nHost: a\r\n\r\n");
      EXPECT_EQ(response.status, 400) << method;
      EXPECT_EQ(response.Get("Connection"), "close") << method;
      EXPECT_TRUE(client.AtEnd()) << client.Ending();
    }
  }
  EXPECT_EQ(served, 0);
}

// Behaviour group 45.
TEST(OptionsMethodTest, OfAResourceAreTheHandlers) {
  ServeMux mux;
  mux.HandleFunc("OPTIONS /foo", [](ResponseWriter& w, Request& r) {
    w.Header().Set("Allow", "GET, OPTIONS");
    (void)w.Write(r.RequestURI());
  });
  TestServer server({}, {.handler = &mux});
  WireClient client = server.Connect();
  const WireResponse response = client.Ask(Options("/foo"));
  EXPECT_EQ(response.Get("Allow"), "GET, OPTIONS");
  EXPECT_EQ(response.body, "/foo");
  EXPECT_EQ(client.Ask(Options("/bar")).status, 404);
}

// Behaviour group 45.
TEST(OptionsMethodTest, OfTheServerAreTheHandlersIfItWants) {
  TestServer server(
      [](ResponseWriter& w, Request& r) { (void)w.Write(r.URL().Path() + "|" + std::string(r.RequestURI())); },
      {.disable_general_options_handler = true});
  EXPECT_EQ(server.Ask(Options("*")).body, "*|*");
  ServeMux mux;
  mux.HandleFunc("/", [](ResponseWriter&, Request&) { ADD_FAILURE(); });
  TestServer with_mux({}, {.handler = &mux, .disable_general_options_handler = true});
  EXPECT_EQ(with_mux.Ask(Options("*")).status, 400);
}

}  // namespace
}  // namespace gale::http

// A handler that throws, whatever it throws, costs its client the answer and nobody else anything.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "gale/runtime/go.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

struct Row {
  const char* name;
  HandlerFunc::Function handler;
  std::string log;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// Behaviour group 40.
class ThrowTest : public ::testing::TestWithParam<Row> {};

TEST_P(ThrowTest, Gets500AndTheServerLivesOn) {
  TestServer server(GetParam().handler);
  ASSERT_EQ(server.Ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  const Baseline base;
  for (int i = 1; i <= 3; ++i) {
    WireClient client = server.Connect();
    client.Send(Get("/") + Get("/"));
    const WireResponse response = client.ReadResponse();
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body, "500 Internal Server Error");  // and nothing of the exception
    EXPECT_EQ(response.Get("Connection"), "close");
    EXPECT_FALSE(response.Has("X"));
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
    ASSERT_EQ(server.Log().size(), static_cast<std::size_t>(i));
    const std::string log = server.Log().back();
    EXPECT_TRUE(log.starts_with("http: panic serving 127.0.0.1:")) << log;
    EXPECT_NE(log.find(": " + GetParam().log + "\ngoroutine "), log.npos) << log;
    EXPECT_NE(log.find(" [running]:\n"), log.npos) << log;
  }
  EXPECT_TRUE(base.BackAgain());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ThrowTest,
    ::testing::Values(Row{"StdException", [](ResponseWriter&, Request&) { throw std::runtime_error("oops"); }, "oops"},
                      Row{"Panic", [](ResponseWriter&, Request&) { throw gale::Panic("misuse"); }, "misuse"},
                      Row{"Int", [](ResponseWriter&, Request&) { throw 7; }, "an exception of type i"},
                      Row{"Pointer", [](ResponseWriter&, Request&) { throw "text"; }, "an exception of type PKc"},
                      Row{"Null", [](ResponseWriter&, Request&) { throw nullptr; }, "an exception of type Dn"},
                      Row{"OutOfRange", [](ResponseWriter&, Request&) { (void)std::string().at(1); },
                          "basic_string::at: __n (which is 1) >= this->size() (which is 0)"},
                      Row{"AfterHeader",
                          [](ResponseWriter& w, Request&) {
                            w.Header().Set("X", "y");
                            w.WriteHeader(201);
                            throw std::runtime_error("oops");
                          },
                          "oops"},
                      Row{"AfterSmallWrite",
                          [](ResponseWriter& w, Request&) {
                            w.Header().Set("X", "y");
                            (void)w.Write(std::string(2048, 'x'));
                            throw std::runtime_error("oops");
                          },
                          "oops"},
                      Row{"AfterParking",
                          [](ResponseWriter&, Request&) {
                            try {
                              throw std::runtime_error("oops");
                            } catch (...) {
                              gale::Sleep(1ms);
                              throw;
                            }
                          },
                          "oops"},
                      Row{"InvalidStatus", [](ResponseWriter& w, Request&) { w.WriteHeader(7); },
                          "invalid WriteHeader code 7"}),
    [](const auto& row) { return row.param.name; });

}  // namespace

// Outside the anonymous namespace: its name is looked for.
[[gnu::noinline]] void ThrowFarBelow() { throw std::runtime_error("oops"); }

namespace {

// Behaviour group 40.
TEST(ThrowTest, TheLogHasTheStackOfTheThrow) {
  TestServer server([](ResponseWriter&, Request&) {
    const std::string local(100, 'x');
    ThrowFarBelow();
    asm volatile("" : : "r"(local.data()));
  });
  EXPECT_EQ(server.Ask(Get("/")).status, 500);
  ASSERT_EQ(server.Log().size(), 1u);
  const std::string log = server.Log()[0];
  EXPECT_NE(log.find(" [running]:\ngale::http::ThrowFarBelow()"), log.npos) << log;
  EXPECT_NE(log.find("TheLogHasTheStackOfTheThrow"), log.npos) << log;
}

TEST(ThrowTest, ToAHeadRequestTheReplyHasNoBody) {
  TestServer server([](ResponseWriter&, Request&) { throw 7; });
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").status, 500);
  EXPECT_TRUE(client.AtEnd());
}

// Behaviour group 40. What has left cannot be taken back; but the client must see that the rest is missing.
TEST(ThrowLateTest, BreaksTheResponseOff) {
  TestServer server([](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/sized") w.Header().Set("Content-Length", "100000");
    (void)w.Write(std::string(50'000, 'x'));
    (void)w.Write("lost");
    throw std::runtime_error("oops");
  });
  for (const char* path : {"/sized", "/chunked"}) {
    WireClient client = server.Connect();
    client.Send(Get(path) + Get(path));
    const WireResponse response = client.ReadResponse();
    EXPECT_EQ(response.problem, "EOF");
    EXPECT_EQ(response.status, 200);
    const std::string body = client.ReadToEnd();
    EXPECT_GE(body.size(), 50'000u);
    EXPECT_LT(body.size(), 51'000u);
    EXPECT_EQ(body.find("0\r\n\r\n"), std::string::npos);
    EXPECT_EQ(body.find("HTTP/1.1"), std::string::npos);
  }
}

TEST(ThrowLateTest, TheAnswersBeforeAreComplete) {
  TestServer server([](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/throw") throw 7;
    (void)w.Write("fine");
  });
  WireClient client = server.Connect();
  client.Send(Get("/") + Get("/") + Get("/throw") + Get("/"));
  EXPECT_EQ(client.ReadResponse().body, "fine");
  EXPECT_EQ(client.ReadResponse().body, "fine");
  EXPECT_EQ(client.ReadResponse().status, 500);
  EXPECT_TRUE(client.AtEnd());
}

TEST(ThrowTest, WithAnUnreadBodyTheReplyCanBeRead) {
  TestServer server([](ResponseWriter&, Request&) { throw 7; });
  for (int i = 0; i < 10; ++i) {
    WireClient client = server.Connect();
    client.Send(Post("/", std::string(100'000, 'x')));
    EXPECT_EQ(client.ReadResponse().status, 500);
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
}

// Goexit ends the goroutine, so the connection, too; what is ready is sent, and everything is given back.
TEST(GoexitTest, EndsTheConnection) {
  TestServer server([](ResponseWriter& w, Request& r) {
    struct Local {
      std::string text = std::string(1000, 'x');
    } local;
    (void)w.Write(local.text);
    if (r.URL().Path() == "/late") (void)w.Write(std::string(10'000, 'x'));
    if (r.URL().Path() != "/") gale::Goexit();
  });
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const Baseline base;
  for (int i = 0; i < 20; ++i) {
    WireClient client = server.Connect();
    client.Send(Get("/") + Get("/exit") + Get("/"));
    EXPECT_EQ(client.ReadResponse().body.size(), 1000u);
    EXPECT_EQ(client.ReadResponse().status, 500);
    EXPECT_EQ(client.ReadToEnd(), "");
    WireClient late = server.Connect();
    EXPECT_EQ(late.Ask(Get("/late")).problem, "EOF");
  }
  EXPECT_TRUE(base.BackAgain());
  EXPECT_TRUE(server.Log().empty());
}

// Many at once, on all Ps, parked inside of catch blocks and while unwinding: each sees its own exception.
TEST(ThrowTest, ManyAtOnce) {
  struct Parks {
    ~Parks() { gale::Sleep(1ms); }
  };
  std::atomic<int> wrong = 0;
  TestServer server([&](ResponseWriter& w, Request& r) {
    const std::string mine(r.URL().RawQuery());
    try {
      const Parks parks;
      throw std::runtime_error(mine);
    } catch (const std::exception& error) {
      gale::Sleep(1ms);
      if (error.what() != mine) ++wrong;
      if (std::stoi(mine) % 2 == 0) throw;
    }
    (void)w.Write(mine);
  });
  for (int round = 0; round < 5; ++round) {
    std::vector<WireClient> clients;
    for (int i = 0; i < 50; ++i) clients.push_back(server.Connect());
    for (int i = 0; i < 50; ++i) clients[static_cast<std::size_t>(i)].Send(Get("/?" + std::to_string(i)));
    for (int i = 0; i < 50; ++i) {
      const WireResponse response = clients[static_cast<std::size_t>(i)].ReadResponse();
      EXPECT_EQ(response.status, i % 2 == 0 ? 500 : 200);
      EXPECT_EQ(response.body, i % 2 == 0 ? "500 Internal Server Error" : std::to_string(i));
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(server.Log().size(), 125u);
}

}  // namespace
}  // namespace gale::http

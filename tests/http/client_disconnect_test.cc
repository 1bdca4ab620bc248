// Clients that break off at any point, and clients that send anything at all: the server gives everything back and goes
// on.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <vector>

#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

void EchoOrLarge(ResponseWriter& w, Request& r) {
  if (r.URL().Path() == "/large") {
    for (int i = 0; i < 100; ++i) {
      if (!w.Write(std::string(50'000, 'x'))) return;
    }
    return;
  }
  if (r.URL().Path() == "/slow") gale::Sleep(5ms);
  Echo(w, r);
}

const std::vector<std::string>& Requests() {
  static const std::vector<std::string> requests = {
      Get("/"),
      Get("/slow"),
      Post("/", "hello world"),
      Get("/", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n",
      Post("/slow", "hello", "Expect: 100-continue\r\n"),
      Get("/") + Post("/", "second") + Get("/large"),
  };
  return requests;
}

enum class Way { kReset, kClose, kCloseWrite };

void Leave(WireClient& client, Way way) {
  if (way == Way::kReset) return client.Reset();
  if (way == Way::kClose) return client.Close();
  client.CloseWrite();
  client.ReadToEnd();
  EXPECT_NE(client.Ending(), "timeout");
}

class DisconnectTest : public ::testing::TestWithParam<Way> {};

TEST_P(DisconnectTest, AtEveryByteOfARequest) {
  TestServer server(EchoOrLarge);
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const Baseline base;
  for (const std::string& request : Requests()) {
    for (std::size_t size = 0; size <= request.size(); ++size) {
      WireClient client = server.Connect();
      client.Send(request.substr(0, size));
      if (size % 3 == 0) ::usleep(100);
      Leave(client, GetParam());
    }
  }
  EXPECT_EQ(server.Ask(Get("/")).status, 200);
  EXPECT_TRUE(base.BackAgain());
  EXPECT_TRUE(server.Log().empty());
}

TEST_P(DisconnectTest, InTheMiddleOfAResponse) {
  TestServer server(EchoOrLarge);
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const Baseline base;
  for (int i = 0; i < 50; ++i) {
    WireClient client = server.Connect();
    client.Send(Get("/large") + Get("/large"));
    ::usleep(static_cast<useconds_t>(i * 20));
    (void)client.ReceiveOnce();
    Leave(client, GetParam());
  }
  EXPECT_TRUE(base.BackAgain());
}

INSTANTIATE_TEST_SUITE_P(Ways, DisconnectTest, ::testing::Values(Way::kReset, Way::kClose, Way::kCloseWrite),
                         [](const auto& row) {
                           return row.param == Way::kReset   ? "Reset"
                                  : row.param == Way::kClose ? "Close"
                                                             : "CloseWrite";
                         });

// Takes a request, and changes, repeats, removes or inserts some of it.
class Mutator {
 public:
  std::string Next() {
    std::string text = Pick(Requests());
    for (std::size_t count = Below(6); count > 0; --count) Mutate(text);
    return text;
  }
  std::size_t Below(std::size_t limit) { return random_() % limit; }

 private:
  const std::string& Pick(const std::vector<std::string>& strings) { return strings[Below(strings.size())]; }

  void Mutate(std::string& text) {
    static const std::vector<std::string> kPieces = {"\r\n",
                                                     "\n",
                                                     "\r",
                                                     " ",
                                                     "\t",
                                                     ":",
                                                     ";",
                                                     ",",
                                                     std::string(1, '\0'),
                                                     "\xff",
                                                     "0\r\n\r\n",
                                                     "ffffffffffffffff",
                                                     "Content-Length: 3\r\n",
                                                     "Transfer-Encoding: chunked\r\n",
                                                     "Connection: close\r\n",
                                                     "HTTP/1.0",
                                                     "%2e%2e/",
                                                     "*",
                                                     "Expect: 100-continue\r\n",
                                                     "Host: b\r\n",
                                                     std::string(5000, 'a'),
                                                     "GET / HTTP/1.1\r\nHost: a\r\n\r\n"};
    const std::size_t at = Below(text.size() + 1);
    switch (Below(5)) {
      case 0: text.insert(at, Pick(kPieces)); break;
      case 1: text.erase(at, 1 + Below(20)); break;
      case 2: text.insert(at, text.substr(Below(text.size() + 1), Below(40))); break;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      default: text += Pick(Requests()); break;
    }
  }

  std::mt19937 random_{20260801};
};

// Whatever the client sends, what comes back is a sequence of responses.
void ExpectResponses(WireClient& client, const std::string& sent) {
  while (true) {
    const WireResponse response = client.ReadResponse();
    if (response.problem.empty()) continue;
    // A HEAD made by chance is not known here; then the body is missing.
    EXPECT_TRUE(response.problem == "EOF" || response.problem == "reset") << response.problem << " after:\n" << sent;
    return;
  }
}

TEST(GarbageTest, IsSurvived) {
  TestServer server(EchoOrLarge, {.max_body_bytes = 100'000});
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const Baseline base;
  Mutator mutator;
  for (int i = 0; i < 3000 && !HasFailure(); ++i) {
    WireClient client = server.Connect();
    const std::string text = mutator.Next();
    const std::size_t split = mutator.Below(text.size() + 1);
    client.Send(text.substr(0, split));
    if (mutator.Below(4) == 0) ::usleep(50);
    client.Send(text.substr(split));
    const std::size_t way = mutator.Below(4);
    if (way == 0) {
      client.Reset();
    } else if (way == 1) {
      client.Close();
    } else {
      client.CloseWrite();
      ExpectResponses(client, text);
    }
  }
  EXPECT_EQ(server.Ask(Get("/")).status, 200);
  EXPECT_TRUE(base.BackAgain());
  EXPECT_TRUE(server.Log().empty());
}

TEST(GarbageTest, PureNoiseIsRefusedOrWaitedFor) {
  TestServer server(Echo);
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const Baseline base;
  std::mt19937 random(1);
  for (int i = 0; i < 500 && !HasFailure(); ++i) {
    std::string noise(1 + random() % 2000, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    WireClient client = server.Connect();
    client.Send(noise);
    client.CloseWrite();
    const WireResponse response = client.ReadResponse();
    EXPECT_EQ(response.status, 400) << response.problem;
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
  EXPECT_TRUE(base.BackAgain());
}

}  // namespace
}  // namespace gale::http

// Timeouts over sockets: each comes true. What each of them cuts off, and when, is tested in simulated time.
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <string_view>

#include "gale/runtime/wait_group.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

// Short enough to wait for, and yet long for a machine that is busy with something else.
constexpr auto kShort = 150ms;
constexpr auto kLong = 10min;

// All timeouts are long; a test makes short what it tests.
ServerOptions Patient() {
  return {.read_header_timeout = kLong, .body_idle_timeout = kLong, .write_timeout = kLong, .idle_timeout = kLong};
}

class Stopwatch {
 public:
  std::chrono::nanoseconds Elapsed() const { return std::chrono::steady_clock::now() - start_; }
  // Neither before the time nor only when the client has given up, after a minute.
  ::testing::AssertionResult IsAbout(std::chrono::nanoseconds time) const {
    const auto elapsed = Elapsed();
    if (elapsed > time - 20ms && elapsed < time + 50s) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << std::chrono::duration<double>(elapsed).count() << " s";
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST(HeadTimeoutTest, SilenceIsAnsweredBySilence) {
  ServerOptions options = Patient();
  options.read_header_timeout = kShort;
  TestServer server(Echo, options);
  const Stopwatch watch;
  WireClient client = server.Connect();
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_TRUE(watch.IsAbout(kShort));
}

TEST(IdleTimeoutTest, ClosesInSilence) {
  ServerOptions options = Patient();
  options.idle_timeout = kShort;
  TestServer server(Echo, options);
  const Stopwatch watch;
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(Get("/")).status, 200);
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_TRUE(watch.IsAbout(kShort));
}

TEST(BodyTimeoutTest, FailsTheRead) {
  ServerOptions options = Patient();
  options.body_idle_timeout = kShort;
  TestServer server(Echo, options);
  for (const std::string& request :
       {Post("/", "hello"), Get("/", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n"}) {
    const Stopwatch watch;
    WireClient client = server.Connect();
    const WireResponse response = client.Ask(request.substr(0, request.size() - 3));
    EXPECT_EQ(response.status, 408);
    EXPECT_NE(response.body.find("i/o timeout"), std::string::npos) << response.body;
    EXPECT_EQ(response.Get("Connection"), "close");
    EXPECT_TRUE(client.AtEnd());
    EXPECT_TRUE(watch.IsAbout(kShort));
  }
}

// A handler writes to a client that does not read.
TEST(WriteTimeoutTest, FailsTheWriteAndClosesTheConnection) {
  ServerOptions options = Patient();
  options.write_timeout = kShort;
  gale::WaitGroup failed;
  failed.Add(1);
  TestServer server(
      [&](ResponseWriter& w, Request& r) {
        const std::string piece(r.URL().Path() == "/large" ? 50'000'000 : 5000, 'x');
        for (int i = 0; i < 100'000; ++i) {
          if (const auto written = w.Write(piece); !written) break;
          if (i == 99'999) ADD_FAILURE() << "no write has failed";
        }
        const auto again = w.Write(piece);
        EXPECT_TRUE(!again && again.error() == Errc::kTimeout) << "an error is for good";
        failed.Done();
      },
      options);
  for (const char* path : {"/small", "/large"}) {
    const Baseline base;
    const Stopwatch watch;
    WireClient client = server.Connect();
    client.Send(Get(path));
    failed.Wait();
    EXPECT_TRUE(watch.IsAbout(kShort));
    const std::string received = client.ReadToEnd();
    EXPECT_FALSE(received.ends_with("0\r\n\r\n"));
    client.Close();
    EXPECT_TRUE(base.BackAgain());
    failed.Add(1);
  }
}

// What is as good as never does not end at once because it overflows.
TEST(NoTimeoutTest, TheLongestAreNone) {
  constexpr auto kMost = std::chrono::nanoseconds::max();
  TestServer server(Echo, {.read_header_timeout = kMost,
                           .read_timeout = kMost,
                           .body_idle_timeout = kMost,
                           .min_body_rate = 1,
                           .write_timeout = kMost,
                           .idle_timeout = kMost,
                           .max_conns = std::numeric_limits<std::size_t>::max()});
  WireClient client = server.Connect();
  for (int i = 0; i < 2; ++i) {
    for (const std::string_view part : {"P", "OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n", "a"}) {
      client.Send(part);
      ::usleep(5000);
    }
    EXPECT_EQ(client.Ask("b").body, "ab");
  }
}

}  // namespace
}  // namespace gale::http

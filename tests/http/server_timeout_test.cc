// Timeouts: what each of them cuts off, with which words, and what it does not.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>

#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

// Short enough to wait for, and yet long for a machine that is busy with something else.
constexpr auto kShort = 150ms;
constexpr auto kLong = 30s;

// All timeouts are long; a test makes short what it tests.
ServerOptions Patient() {
  return {.read_header_timeout = kLong, .body_idle_timeout = kLong, .write_timeout = kLong, .idle_timeout = kLong};
}

class Stopwatch {
 public:
  std::chrono::nanoseconds Elapsed() const { return std::chrono::steady_clock::now() - start_; }
  // Neither before the time nor only when another, long timeout has passed.
  ::testing::AssertionResult IsAbout(std::chrono::nanoseconds time) const {
    const auto elapsed = Elapsed();
    if (elapsed > time - 20ms && elapsed < time + 15s) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << std::chrono::duration<double>(elapsed).count() << " s";
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Sends one byte every 10 ms until something comes back.
void Drip(WireClient& client, const std::string& bytes) {
  for (const char& c : bytes) {
    if (client.Pending() > 0 || !client.Send({&c, 1})) return;
    ::usleep(10'000);
  }
}

TEST(HeadTimeoutTest, SilenceIsAnsweredBySilence) {
  ServerOptions options = Patient();
  options.read_header_timeout = kShort;
  TestServer server(Echo, options);
  const Stopwatch watch;
  WireClient client = server.Connect();
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_TRUE(watch.IsAbout(kShort));
}

TEST(HeadTimeoutTest, HalfAHeadGets408) {
  ServerOptions options = Patient();
  options.read_header_timeout = kShort;
  TestServer server(Echo, options);
  const Stopwatch watch;
  WireClient client = server.Connect();
  const WireResponse response = client.Ask("GET / HTTP/1.1\r\nHost: a\r\n");
  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(response.Get("Connection"), "close");
  EXPECT_TRUE(client.AtEnd());
  EXPECT_TRUE(watch.IsAbout(kShort));
}

// The time is for the whole head: bytes that keep coming do not prolong it, neither for the first nor for a later one.
TEST(HeadTimeoutTest, ADrippingHeadGets408) {
  ServerOptions options = Patient();
  options.read_header_timeout = kShort;
  TestServer server(Echo, options);
  for (const bool first : {true, false}) {
    WireClient client = server.Connect();
    if (!first) {
      ASSERT_EQ(client.Ask(Get("/")).status, 200);
    }
    const Stopwatch watch;
    Drip(client, Get("/", "X: " + std::string(5000, 'x') + "\r\n"));
    EXPECT_EQ(client.ReadResponse().status, 408);
    EXPECT_TRUE(watch.IsAbout(kShort));
  }
}

TEST(HeadTimeoutTest, ForTheFirstHeadItRunsFromAccept) {
  ServerOptions options = Patient();
  options.read_header_timeout = 1s;
  TestServer server(Echo, options);
  WireClient client = server.Connect();
  const Stopwatch watch;
  ::usleep(700'000);
  EXPECT_EQ(client.Ask("GET").status, 408);
  EXPECT_LT(watch.Elapsed(), 1600ms) << "started anew with the first byte";
}

TEST(HeadTimeoutTest, HoldsForAPipelinedHeadToo) {
  ServerOptions options = Patient();
  options.read_header_timeout = kShort;
  TestServer server(Echo, options);
  WireClient client = server.Connect();
  const Stopwatch watch;
  client.Send(Get("/") + "GET");
  EXPECT_EQ(client.ReadResponse().status, 200);
  EXPECT_EQ(client.ReadResponse().status, 408);
  EXPECT_TRUE(watch.IsAbout(kShort));
}

// The head's time is over when the head is there.
TEST(HeadTimeoutTest, IsNotForTheBodyNorForTheHandler) {
  ServerOptions options = Patient();
  options.read_header_timeout = kShort;
  TestServer server(
      [](ResponseWriter& w, Request& r) {
        gale::Sleep(kShort * 2);
        Echo(w, r);
      },
      options);
  WireClient client = server.Connect();
  for (int i = 0; i < 2; ++i) {
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    ::usleep(300'000);
    client.Send("hello");
    EXPECT_EQ(client.ReadResponse().body, "hello");
  }
}

TEST(IdleTimeoutTest, ClosesInSilence) {
  ServerOptions options = Patient();
  options.idle_timeout = kShort;
  TestServer server(Echo, options);
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(Get("/")).status, 200);
  const Stopwatch watch;
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_TRUE(watch.IsAbout(kShort));
}

TEST(IdleTimeoutTest, StartsAnewAfterEachRequest) {
  ServerOptions options = Patient();
  options.idle_timeout = 500ms;
  TestServer server(Echo, options);
  WireClient client = server.Connect();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(client.Ask(Get("/")).status, 200);
    ::usleep(200'000);
  }
}

TEST(BodyTimeoutTest, FailsTheRead) {
  ServerOptions options = Patient();
  options.body_idle_timeout = kShort;
  TestServer server(Echo, options);
  for (const std::string& request :
       {Post("/", "hello"), Get("/", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n"}) {
    WireClient client = server.Connect();
    const Stopwatch watch;
    const WireResponse response = client.Ask(request.substr(0, request.size() - 3));
    EXPECT_EQ(response.status, 408);
    EXPECT_NE(response.body.find("i/o timeout"), std::string::npos) << response.body;
    EXPECT_EQ(response.Get("Connection"), "close");
    EXPECT_TRUE(client.AtEnd());
    EXPECT_TRUE(watch.IsAbout(kShort));
  }
}

TEST(BodyTimeoutTest, IsForEachRead) {
  ServerOptions options = Patient();
  options.body_idle_timeout = 500ms;
  options.min_body_rate = 0;
  TestServer server(Echo, options);
  WireClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  for (const char* piece : {"h", "e", "l", "l", "o"}) {
    ::usleep(200'000);
    client.Send(piece);
  }
  EXPECT_EQ(client.ReadResponse().body, "hello");
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

// The answers to a pipeline are sent after the handlers, but the same holds for them.
TEST(WriteTimeoutTest, HoldsWithoutAHandler) {
  ServerOptions options = Patient();
  options.write_timeout = kShort;
  TestServer server([](ResponseWriter& w, Request&) { (void)w.Write(std::string(2000, 'x')); }, options);
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const Baseline base;
  WireClient client = server.Connect();
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += Get("/");
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(client.Descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  const Stopwatch watch;
  while (client.Send(requests)) {
  }
  EXPECT_LT(watch.Elapsed(), 15s);
  client.Close();
  EXPECT_TRUE(base.BackAgain());
}

// A slow client that does read gets all of a large response, though in all it takes longer than the timeout.
TEST(WriteTimeoutTest, IsNotForTheWholeResponse) {
  ServerOptions options = Patient();
  options.write_timeout = 1s;
  const std::string body(16 << 20, 'x');
  TestServer server(
      [&](ResponseWriter& w, Request& r) {
        if (r.URL().Path() == "/sized") w.Header().Set("Content-Length", std::to_string(body.size()));
        EXPECT_TRUE(w.Write(body));
      },
      options);
  for (const char* path : {"/sized", "/chunked"}) {
    WireClient client = server.Connect();
    const int size = 64 * 1024;
    ::setsockopt(client.Descriptor(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    client.Send(Get(path));
    const Stopwatch watch;
    std::size_t received = 0;
    // 1.6 seconds in all, in steps.
    while (received < body.size()) {
      const std::size_t count = client.ReceiveOnce().size();
      received += count;
      if (count == 0 && watch.Elapsed() > 60s) break;
      ::usleep(count == 0 ? 1000 : static_cast<useconds_t>(count / 10));
    }
    EXPECT_GE(received, body.size()) << path;
    EXPECT_GT(watch.Elapsed(), options.write_timeout) << "too fast to show anything";
  }
}

TEST(NoTimeoutTest, ZeroIsNone) {
  TestServer server(Echo,
                    {.read_header_timeout = 0s, .body_idle_timeout = 0s, .write_timeout = 0s, .idle_timeout = 0s});
  WireClient client = server.Connect();
  for (int i = 0; i < 2; ++i) {
    ::usleep(50'000);
    client.Send("POST / HTTP/1.1\r\n");
    ::usleep(50'000);
    client.Send("Host: a\r\nContent-Length: 5\r\n\r\n");
    ::usleep(50'000);
    client.Send("hello");
    EXPECT_EQ(client.ReadResponse().body, "hello");
  }
}

// No other timeout may cut off a body for which there is none.
TEST(NoTimeoutTest, ForBodiesOnly) {
  TestServer server(Echo, {.read_header_timeout = kShort, .body_idle_timeout = 0s, .idle_timeout = kShort});
  WireClient client = server.Connect();
  for (int i = 0; i < 2; ++i) {
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    ::usleep(400'000);
    client.Send("hello");
    EXPECT_EQ(client.ReadResponse().body, "hello");
  }
}

}  // namespace
}  // namespace gale::http

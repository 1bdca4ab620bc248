// Every timeout of the server, to the nanosecond, in simulated time.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/runtime/context.h"
#include "gale/tests/http/bubble_server.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;
using gale::testing::Synctest;

// Behaviour group 36.
TEST(SimulatedTimeTest, HeadOfASilentClient) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    EXPECT_EQ(client.Receive(), "EOF");
    EXPECT_EQ(client.Elapsed(), 10s);
  });
}

// Behaviour group 36.
TEST(SimulatedTimeTest, HeadThatDrips) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    gale::Go([&] { client.Drip("GET / HTTP/1.1\r\nHost: a\r\n", 900ms); });
    EXPECT_EQ(client.Status(), "408");
    EXPECT_EQ(client.Elapsed(), 10s);
    gale::Sleep(20s);  // until the other goroutine has come to its end
  });
}

TEST(SimulatedTimeTest, HeadTimeoutOfALaterRequestBeginsWithItsFirstByte) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    client.Send(Get("/"));
    EXPECT_EQ(client.Status(), "200");
    gale::Sleep(50s);
    gale::Go([&] { client.Drip("GET / HTTP/1.1\r\n", 900ms); });
    EXPECT_EQ(client.Status(), "408");
    EXPECT_EQ(client.Elapsed(), 60s);
    gale::Sleep(20s);  // until the other goroutine has come to its end
  });
}

TEST(SimulatedTimeTest, HalfAHeadGets408) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    client.Send("GET / HTTP/1.1\r\nHost: a\r\n");
    const std::string answer = client.Receive();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), answer.npos) << answer;
    EXPECT_EQ(client.Receive(), "EOF");
    EXPECT_EQ(client.Elapsed(), 10s);
  });
}

TEST(SimulatedTimeTest, HeadTimeoutOfTheFirstRequestRunsFromAccept) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    gale::Sleep(7s);
    client.Send("GET");
    EXPECT_EQ(client.Status(), "408");
    EXPECT_EQ(client.Elapsed(), 10s);
  });
}

TEST(SimulatedTimeTest, HeadTimeoutHoldsForAPipelinedHeadToo) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    gale::Sleep(3s);
    client.Send(Get("/") + "GET");
    EXPECT_EQ(client.Status(), "200");
    EXPECT_EQ(client.Status(), "408");
    EXPECT_EQ(client.Elapsed(), 13s);
  });
}

// The head's time is over when the head is there.
TEST(SimulatedTimeTest, HeadTimeoutIsNotForTheBodyNorForTheHandler) {
  InBubble(
      [](ResponseWriter& w, Request& r) {
        gale::Sleep(20s);
        Echo(w, r);
      },
      {},
      [](httptest::Server& server) {
        BubbleClient client(server);
        for (int i = 0; i < 2; ++i) {
          client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
          gale::Sleep(40s);
          client.Send("hello");
          EXPECT_TRUE(client.Receive().ends_with("\r\n\r\nhello"));
        }
      });
}

TEST(SimulatedTimeTest, ZeroIsNoTimeout) {
  const ServerOptions none = {
      .read_header_timeout = 0s, .body_idle_timeout = 0s, .write_timeout = 0s, .idle_timeout = 0s};
  InBubble(Echo, none, [](httptest::Server& server) {
    BubbleClient client(server);
    for (int i = 0; i < 2; ++i) {
      for (const char* piece : {"POST / HTTP/1.1\r\n", "Host: a\r\nContent-Length: 5\r\n\r\n", "hello"}) {
        gale::Sleep(24h);
        client.Send(piece);
      }
      EXPECT_TRUE(client.Receive().ends_with("\r\n\r\nhello"));
    }
  });
}

// No other timeout may cut off a body for which there is none.
TEST(SimulatedTimeTest, NoTimeoutForBodiesOnly) {
  InBubble(Echo, {.body_idle_timeout = 0s}, [](httptest::Server& server) {
    BubbleClient client(server);
    for (int i = 0; i < 2; ++i) {
      client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
      gale::Sleep(24h);
      client.Send("hello");
      EXPECT_TRUE(client.Receive().ends_with("\r\n\r\nhello"));
    }
  });
}

// Behaviour group 36.
TEST(SimulatedTimeTest, Idle) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    for (int i = 0; i < 3; ++i) {
      client.Send(Get("/"));
      EXPECT_EQ(client.Status(), "200");
      gale::Sleep(59s);
    }
    EXPECT_EQ(client.Receive(), "EOF");
    EXPECT_EQ(client.Elapsed(), 2 * 59s + 60s);
  });
}

// Behaviour group 36.
TEST(SimulatedTimeTest, ReadTimeoutIsForHeadAndBody) {
  InBubble(Echo, {.read_timeout = 20s}, [](httptest::Server& server) {
    BubbleClient client(server);
    client.Send("POST / HTTP/1.1\r\n");
    gale::Sleep(8s);
    client.Send("Host: a\r\nContent-Length: 10\r\n\r\n");
    gale::Sleep(8s);
    client.Send("hello");
    EXPECT_EQ(client.Status(), "408");
    EXPECT_EQ(client.Elapsed(), 20s);
  });
}

TEST(SimulatedTimeTest, ReadTimeoutIsForTheHeadAlone) {
  InBubble(Echo, {.read_header_timeout = 0s, .read_timeout = 20s}, [](httptest::Server& server) {
    BubbleClient client(server);
    client.Send("POST / HTTP/1.1\r\n");
    EXPECT_EQ(client.Status(), "408");
    EXPECT_EQ(client.Elapsed(), 20s);
  });
}

// Behaviour group 36. The timeout is not for the time between requests.
TEST(SimulatedTimeTest, ReadTimeoutIsOverWhenTheRequestIsThere) {
  InBubble(
      [](ResponseWriter& w, Request& r) {
        gale::Sleep(30s);
        Echo(w, r);
      },
      {.read_timeout = 5s, .idle_timeout = 10min},
      [](httptest::Server& server) {
        BubbleClient client(server);
        for (int i = 0; i < 2; ++i) {
          client.Send(Get("/"));
          EXPECT_EQ(client.Status(), "200");
          gale::Sleep(5min);
        }
      });
}

TEST(SimulatedTimeTest, BodyThatStops) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n" + std::string(9000, 'x'));
    EXPECT_EQ(client.Status(), "408");
    EXPECT_EQ(client.Elapsed(), 30s);
  });
}

TEST(SimulatedTimeTest, BodyThatDrips) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
    gale::Go([&] {
      for (int i = 0; i < 100; ++i) {
        client.Send("x");
        gale::Sleep(10s);
      }
    });
    EXPECT_EQ(client.Status(), "408");
    EXPECT_GE(client.Elapsed(), 30s);
    EXPECT_LT(client.Elapsed(), 31s);
    gale::Sleep(1000s);
  });
}

// 300 bytes per second, and a pause, are enough.
TEST(SimulatedTimeTest, BodyThatIsSlow) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n");
    for (int i = 0; i < 100; ++i) {
      gale::Sleep(i == 50 ? 25s : 1s);
      client.Send(std::string(300, 'x'));
    }
    EXPECT_EQ(client.Status(), "200");
  });
}

// Behaviour group 36.
TEST(SimulatedTimeTest, WriteToAClientThatDoesNotRead) {
  std::chrono::nanoseconds failed_after{};
  InBubble(
      [&](ResponseWriter& w, Request& r) {
        const Context context = r.Context();
        const auto start = Clock::now();
        while (w.Write(std::string(10'000, 'x'))) {
        }
        failed_after = Clock::now() - start;
        EXPECT_EQ(context.Err(), Errc::kCanceled);
      },
      {},
      [](httptest::Server& server) {
        BubbleClient client(server);
        client.Send(Get("/"));
        gale::Sleep(60s);
        while (client.Receive() != "EOF") {
        }
      });
  EXPECT_EQ(failed_after, 30s);
}

TEST(SimulatedTimeTest, WriteToAClientThatReadsSlowlyIsNotForTheWholeResponse) {
  const std::string body(2 << 20, 'x');
  for (const bool is_chunked : {true, false}) {
    InBubble(
        [&](ResponseWriter& w, Request&) {
          if (!is_chunked) w.Header().Set("Content-Length", std::to_string(body.size()));
          EXPECT_TRUE(w.Write(body));
        },
        {},
        [&](httptest::Server& server) {
          BubbleClient client(server);
          client.Send(Get("/"));
          std::size_t received = 0;
          while (received < body.size()) {
            received += client.Receive().size();  // 4 KiB
            gale::Sleep(400ms);
          }
          EXPECT_GT(client.Elapsed(), 200s);
        });
  }
}

// The answers to a pipeline are sent after the handlers, but the same holds for them.
TEST(SimulatedTimeTest, WriteWithoutAHandler) {
  InBubble([](ResponseWriter& w, Request&) { (void)w.Write(std::string(2000, 'x')); }, {},
           [](httptest::Server& server) {
             BubbleClient client(server);
             std::string requests;
             for (int i = 0; i < 10'000; ++i) requests += Get("/");
             EXPECT_FALSE(client.Conn().Write(requests));
             EXPECT_EQ(client.Elapsed(), 30s);
           });
}

// Behaviour group 37.
TEST(SimulatedTimeTest, ShutdownsDeadline) {
  InBubble([](ResponseWriter&, Request&) { gale::Sleep(60s); }, {},
           [](httptest::Server& server) {
             BubbleClient client(server);
             client.Send(Get("/"));
             gale::testing::Wait();
             auto [context, cancel] = WithTimeout(Background(), 10s);
             EXPECT_EQ(server.Config().Shutdown(context), Errc::kDeadlineExceeded);
             cancel();
             EXPECT_EQ(client.Elapsed(), 10s);
             EXPECT_EQ(client.Status(), "200");
             EXPECT_EQ(client.Elapsed(), 60s);
           });
}

// Behaviour group 37. A new connection may still make its request; one that makes none is closed after 5 s.
TEST(SimulatedTimeTest, ShutdownLeavesNewConnectionsSomeTime) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient silent(server);
    BubbleClient late(server);
    gale::Sleep(2s);
    gale::Go([&] { EXPECT_FALSE(server.Config().Shutdown(Background())); });
    gale::testing::Wait();
    gale::Sleep(1s);
    late.Send(Get("/"));
    EXPECT_EQ(late.Status(), "200");
    EXPECT_EQ(late.Receive(), "EOF");
    EXPECT_EQ(silent.Receive(), "EOF");
    EXPECT_GT(silent.Elapsed(), 5s);
    EXPECT_LT(silent.Elapsed(), 6s);
  });
}

// A client that does not close its end after "Connection: close" is waited for half a second.
TEST(SimulatedTimeTest, Lingering) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    BubbleClient client(server);
    client.Send("not a request\r\n\r\n");
    EXPECT_EQ(client.Status(), "400");
    EXPECT_EQ(client.Receive(), "EOF");
    EXPECT_TRUE(client.Conn().Write("x"));
    gale::Sleep(499ms);
    EXPECT_TRUE(client.Conn().Write("x"));
    gale::Sleep(2ms);
    EXPECT_FALSE(client.Conn().Write("x"));
  });
}

TEST(SimulatedTimeTest, DatesFollowTheBubble) {
  InBubble(Echo, {}, [](httptest::Server& server) {
    gale::Sleep(1h);
    BubbleClient client(server);
    client.Send(Get("/"));
    EXPECT_NE(client.Receive().find("Date: Sat, 01 Jan 2000 01:00:00 GMT"), std::string::npos);
  });
}

// Behaviour group 43. 5 ms, doubled up to 1 s, and anew after a success.
TEST(SimulatedTimeTest, AcceptBacksOff) {
  class Failing : public net::Listener {
   public:
    std::expected<std::shared_ptr<net::Conn>, gale::Error> Accept() override {
      times_.push_back(Clock::now());
      if (times_.size() == 11) return net::Pipe().first;
      if (times_.size() == 14) return std::unexpected(gale::Error(Errc::kClosed));
      return std::unexpected(gale::Error(std::error_code(EMFILE, std::system_category())));
    }
    gale::Error Close() override { return {}; }
    const net::Addr& Address() const override { return address_; }
    std::vector<std::int64_t> Pauses() const {
      std::vector<std::int64_t> pauses;
      for (std::size_t i = 1; i < times_.size(); ++i) pauses.push_back((times_[i] - times_[i - 1]) / 1ms);
      return pauses;
    }

   private:
    std::vector<Clock::time_point> times_;
    net::Addr address_;
  };
  Synctest([] {
    auto listener = std::make_shared<Failing>();
    Server server({.error_log = [](std::string_view) {}});
    EXPECT_EQ(server.Serve(listener), Errc::kClosed);
    EXPECT_EQ(listener->Pauses(), (std::vector<std::int64_t>{5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 0, 5, 10}));
  });
}

// The same with a seed: whatever the order, a request that has begun is answered, and Shutdown returns.
TEST(SimulatedTimeTest, ShutdownInManyOrders) {
  Synctest(
      [] {
        int begun = 0, answered = 0;
        HandlerFunc handler([&](ResponseWriter&, Request& r) {
          ++begun;
          gale::Sleep(1ms);
          EXPECT_FALSE(r.Context().Err());
        });
        httptest::Server server(handler);
        WaitGroup clients;
        for (int i = 0; i < 3; ++i) {
          clients.Go([&] {
            BubbleClient client(server);
            for (;;) {
              client.Send(Get("/"));
              if (client.Status() != "200") break;
              ++answered;
            }
          });
        }
        gale::Sleep(3ms);
        EXPECT_FALSE(server.Config().Shutdown(Background()));
        clients.Wait();
        EXPECT_GT(begun, 0);
        EXPECT_EQ(begun, answered);
      },
      {.seed = 1, .runs = 30, .failed = [] { return ::testing::Test::HasFailure(); }});
}

}  // namespace
}  // namespace gale::http

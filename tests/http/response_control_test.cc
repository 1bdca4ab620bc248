// What a handler can do with a response beyond writing it: flush, take the connection over, set deadlines, send files
// and trailers.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>
#include <string>

#include "gale/http/status.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

TEST(FlushTest, SendsWhatWasWritten) {
  Chan<int> go_on(0);
  TestServer server([&](ResponseWriter& w, Request&) {
    (void)w.Write("first");
    EXPECT_FALSE(w.Flush());
    (void)go_on.Recv();
    (void)w.Write("second");
  });
  WireClient client = server.Connect();
  client.Send(Get("/"));
  std::string received;
  while (received.find("first") == std::string::npos) received += client.ReceiveOnce();
  EXPECT_NE(received.find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_EQ(received.find("second"), std::string::npos);
  go_on.Send(1);
  while (received.find("0\r\n\r\n") == std::string::npos) received += client.ReceiveOnce();
  EXPECT_NE(received.find("second"), std::string::npos);
}

TEST(FlushTest, SendsTheHeadAlone) {
  Chan<int> go_on(0);
  TestServer server([&](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Length", "4");
    EXPECT_FALSE(ResponseController(w).Flush());
    (void)go_on.Recv();
    (void)w.Write("body");
  });
  WireClient client = server.Connect();
  client.Send(Get("/"));
  std::string received;
  while (received.find("\r\n\r\n") == std::string::npos) received += client.ReceiveOnce();
  EXPECT_TRUE(received.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(received.ends_with("\r\n\r\n"));
  go_on.Send(1);
  while (!received.ends_with("body")) received += client.ReceiveOnce();
}

// A wrapper, as middleware has it.
class Wrapper : public ResponseWriter {
 public:
  explicit Wrapper(ResponseWriter& inner) : inner_(inner) {}
  http::Header& Header() override { return inner_.Header(); }
  void WriteHeader(int status) override { inner_.WriteHeader(status); }
  std::expected<std::size_t, gale::Error> Write(std::string_view data) override {
    written += data;
    return inner_.Write(data);
  }
  std::string written;

 protected:
  ResponseWriter& inner_;
};
class OpenWrapper : public Wrapper {
 public:
  using Wrapper::Wrapper;
  ResponseWriter* Unwrap() override { return &inner_; }
};

TEST(UnwrapTest, AWrapperCanDoWhatItTellsAbout) {
  TestServer server([&](ResponseWriter& w, Request&) {
    OpenWrapper open(w);
    OpenWrapper twice(open);
    EXPECT_FALSE(twice.Flush());
    EXPECT_FALSE(twice.EnableFullDuplex());
    Wrapper closed(w);
    EXPECT_EQ(closed.Flush(), std::errc::not_supported);
    EXPECT_EQ(closed.SetReadDeadline({}), std::errc::not_supported);
    EXPECT_EQ(closed.Hijack().error().Message(), "http: feature not supported: operation not supported");
  });
  EXPECT_EQ(server.Ask(Get("/")).status, 200);
}

// Behaviour group 41.
TEST(HijackTest, TheConnectionIsTheHandlers) {
  gale::Run([] {});  // starts the runtime, which has descriptors of its own
  Baseline baseline;
  {
    TestServer server([&](ResponseWriter& w, Request& r) {
      auto hijacked = w.Hijack();
      ASSERT_TRUE(hijacked) << hijacked.error().Message();
      EXPECT_EQ(hijacked->received, "more");
      EXPECT_EQ(w.Write("x").error().Message(), "http: connection has been hijacked: operation not permitted");
      EXPECT_EQ(w.Hijack().error().Message(), "http: connection has been hijacked: operation not permitted");
      w.WriteHeader(500);
      char byte;
      EXPECT_FALSE(r.Body().Read({&byte, 1}));
      Go([conn = hijacked->conn] {
        (void)conn->Write("raw bytes");
        char buffer[10];
        auto count = conn->Read(buffer);
        EXPECT_EQ(std::string(buffer, count.value_or(0)), "ping");
        (void)conn->Close();
      });
    });
    WireClient client = server.Connect();
    client.Send(Get("/") + "more");
    std::string received;
    while (received.size() < 9) received += client.ReceiveOnce();
    EXPECT_EQ(received, "raw bytes");
    client.Send("ping");
    EXPECT_TRUE(client.AtEnd()) << client.Ending();
  }
  EXPECT_TRUE(baseline.BackAgain());
}

// Behaviour groups 33 and 41.
TEST(HijackTest, EarlierAnswersAndTheHeadGoFirst) {
  TestServer server([&](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/first") return (void)w.Write("one");
    w.Header().Set("Connection", "Upgrade");
    w.Header().Set("Upgrade", "echo");
    w.WriteHeader(kStatusSwitchingProtocols);
    auto hijacked = w.Hijack();
    ASSERT_TRUE(hijacked);
    (void)hijacked->conn->Write("hello");
    (void)hijacked->conn->Close();
  });
  WireClient client = server.Connect();
  client.Send(Get("/first") + Get("/second", "Connection: Upgrade\r\nUpgrade: echo\r\n"));
  std::string received;
  while (!received.ends_with("hello")) received += client.ReceiveOnce();
  const std::size_t second = received.find("one") + 3;
  EXPECT_EQ(received.substr(second, 23), "HTTP/1.1 101 Switching ") << received;
  EXPECT_EQ(received.find("Connection: close"), std::string::npos) << received;
  EXPECT_TRUE(received.ends_with("\r\n\r\nhello")) << received;
}

TEST(HijackTest, CloseAndShutdownLeaveItAlone) {
  Chan<std::shared_ptr<net::Conn>> taken(1);
  auto server = std::make_unique<TestServer>([&](ResponseWriter& w, Request&) { taken.Send(w.Hijack()->conn); });
  WireClient client = server->Connect();
  client.Send(Get("/"));
  auto conn = *taken.Recv();
  server.reset();
  EXPECT_TRUE(conn->Write("still here"));
  EXPECT_EQ(client.ReceiveOnce(), "still here");
}

TEST(ResponseDeadlineTest, ReadingTheBodyEndsInTime) {
  TestServer server([&](ResponseWriter& w, Request& r) {
    EXPECT_FALSE(w.SetReadDeadline(std::chrono::steady_clock::now() + 50ms));
    auto body = gale::ReadAll(r.Body());
    ASSERT_FALSE(body);
    EXPECT_EQ(body.error(), Errc::kTimeout);
    (void)w.Write("late");
  });
  WireClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(client.ReadResponse().body, "late");
}

TEST(ResponseDeadlineTest, WritingEndsInTimeAndOnlyThisResponse) {
  TestServer server([&](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/next") return (void)w.Write("fine");
    EXPECT_FALSE(w.SetWriteDeadline(std::chrono::steady_clock::now() - 1s));
    EXPECT_EQ(w.Flush(), Errc::kTimeout);
    EXPECT_FALSE(w.SetWriteDeadline({}));
  });
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_TRUE(client.AtEnd()) << client.Ending();
  EXPECT_EQ(server.Ask(Get("/next")).body, "fine");
}

class File {
 public:
  explicit File(std::string_view content) {
    char name[] = "/tmp/gale-file-XXXXXX";
    descriptor = ::mkstemp(name);
    ::unlink(name);
    EXPECT_EQ(::write(descriptor, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  }
  ~File() { ::close(descriptor); }
  int descriptor;
};

std::string Numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i) + ' ';
  return text;
}

TEST(SendFileTest, InAllWaysABodyGoes) {
  const std::string content = Numbers(200'000);
  File file(content);
  const auto size = static_cast<std::int64_t>(content.size());
  TestServer server([&](ResponseWriter& w, Request& r) {
    const std::string_view path = r.URL().Path();
    w.Header().Set("Content-Type", "text/plain");
    if (path == "/sized" || path == "/after-text") w.Header().Set("Content-Length", std::to_string(size));
    if (path == "/after-text") {
      (void)w.Write(content.substr(0, 100));
      EXPECT_EQ(w.SendFile(file.descriptor, 100, size - 100).value_or(-1), size - 100);
    } else {
      EXPECT_EQ(w.SendFile(file.descriptor, 0, size).value_or(-1), size);
    }
  });
  for (const char* path : {"/sized", "/after-text", "/chunked"}) {
    WireClient client = server.Connect();
    EXPECT_TRUE(client.Ask(Get(path)).body == content) << path;
    EXPECT_TRUE(client.Ask(Get(path)).body == content) << path << " again";
  }
  const WireResponse old = server.Ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.body == content);
  WireClient client = server.Connect();
  const WireResponse head = client.Ask("HEAD /sized HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.Get("Content-Length"), std::to_string(size));
  EXPECT_EQ(client.Ask(Get("/sized")).status, 200);
}

TEST(SendFileTest, AFileThatEndsEarlyBreaksTheResponseOff) {
  File file(std::string(50'000, 'x'));
  TestServer server([&](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Type", "text/plain");
    w.Header().Set("Content-Length", "60000");
    EXPECT_EQ(w.SendFile(file.descriptor, 0, 60'000).value_or(-1), 50'000);
  });
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_NE(client.ReadResponse().problem, "");
}

// However large the number: a sum that overflows would let the rest of the file be the next response.
TEST(SendFileTest, MoreThanWasDeclaredIsNotSent) {
  File file(std::string(100'000, 'x'));
  TestServer server([&](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Type", "text/plain");
    w.Header().Set("Content-Length", "50005");
    (void)w.Write("12345");
    for (const std::int64_t count : {std::int64_t{50'001}, std::numeric_limits<std::int64_t>::max()}) {
      EXPECT_TRUE(w.SendFile(file.descriptor, 0, count).error() == std::errc::message_size) << count;
    }
    EXPECT_TRUE(w.SendFile(file.descriptor, 0, -1).error() == std::errc::invalid_argument);
    EXPECT_EQ(w.SendFile(file.descriptor, 0, 50'000).value_or(-1), 50'000);
  });
  WireClient client = server.Connect();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(client.Ask(Get("/")).body, "12345" + std::string(50'000, 'x'));
}

TEST(SendFileTest, ABadDescriptorAndAClosedClientAreErrors) {
  File file(std::string(8 << 20, 'x'));
  Chan<int> closed(0);
  TestServer server([&](ResponseWriter& w, Request&) {
    EXPECT_FALSE(w.SendFile(-1, 0, 100));
    w.Header().Set("Content-Type", "text/plain");
    w.Header().Set("Content-Length", std::to_string(80 << 20));
    (void)closed.Recv();
    bool failed = false;
    for (int i = 0; i < 10 && !failed; ++i) failed = !w.SendFile(file.descriptor, 0, 8 << 20);
    EXPECT_TRUE(failed);
  });
  {
    WireClient client = server.Connect();
    client.Send(Get("/"));
  }
  closed.Send(1);
  EXPECT_EQ(server.Close().Message(), "http: Server closed");
}

// Behaviour group 44.
TEST(TrailerTest, AreSentBehindTheBody) {
  TestServer server([&](ResponseWriter& w, Request&) {
    w.Header().Set("Trailer", "X-Sum, Content-Length, X-Unset");
    (void)w.Write("body");
    w.Header().Set("X-Sum", "42");
    w.Header().Set("Content-Length", "7");
    w.Header().Set(std::string(kTrailerPrefix) + "x-late", "later");
    w.Header().Set(std::string(kTrailerPrefix) + "Host", "never");
  });
  WireClient client = server.Connect();
  client.Send(Get("/") + Get("/"));
  std::string received;
  while (received.find("X-Late: later\r\n\r\n") == std::string::npos) {
    received += client.ReceiveOnce();
  }
  EXPECT_NE(received.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << received;
  EXPECT_NE(received.find("\r\n0\r\nX-Sum: 42\r\nX-Late: later\r\n\r\n"), std::string::npos) << received;
  EXPECT_EQ(received.find("Trailer:x"), std::string::npos) << received;
  EXPECT_EQ(received.find("never"), std::string::npos) << received;
}

TEST(TrailerTest, AreDroppedWhereTheyCannotBeSent) {
  TestServer server([&](ResponseWriter& w, Request&) {
    w.Header().Set("Trailer", "X-Sum");
    (void)w.Write("body");
    w.Header().Set("X-Sum", "42");
  });
  const WireResponse old = server.Ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.body, "body");
  EXPECT_EQ(old.Get("X-Sum"), "(none)");
}

TEST(TrailerTest, ANameMustBeAToken) {
  Header header;
  EXPECT_THROW(header.Set("Trailer:a b", "x"), Panic);
  EXPECT_THROW(header.Set("Trailer:", "x"), Panic);
  EXPECT_THROW(header.Set("Trailers:x", "x"), Panic);
}

TEST(LateUseTest, IsAReportedError) {
  Chan<ResponseWriter*> kept(1);
  TestServer server([&](ResponseWriter& w, Request&) { kept.Send(&w); });
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(Get("/")).status, 200);
  ResponseWriter* w = *kept.Recv();
  EXPECT_EQ(w->Write("late").error().Message(), "http: the handler has returned: operation not permitted");
  EXPECT_TRUE(w->Flush());
  EXPECT_EQ(server.Log().size(), 2u);
}

}  // namespace
}  // namespace gale::http

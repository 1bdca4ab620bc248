// Request::Context: who is told that a request is over, and what belongs to it.
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "gale/runtime/chan.h"
#include "gale/runtime/context.h"
#include "gale/runtime/select.h"
#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;
using gale::Context;
using Network = TestServer::Network;

const ContextKey<std::string> kName("name");

// WaitForEnd answers when the request's context is done; what came first is "done" or, after a minute, "timeout".
std::string WaitForEnd(const Context& context) {
  std::string first;
  gale::Select(gale::OnRecv(context.Done(), [&](auto) { first = "done"; }),
               gale::OnRecv(gale::After(60s), [&](auto) { first = "timeout"; }));
  return first;
}

// TellTheEnd is a handler that says "serving", and then what came first.
HandlerFunc::Function TellTheEnd(Chan<std::string> events) {
  return [events](ResponseWriter&, Request& r) mutable {
    const Context context = r.Context();
    events.Send("serving");
    events.Send(WaitForEnd(context));
  };
}

class RequestContextTest : public ::testing::TestWithParam<Network> {};

// Behaviour group 39.
TEST_P(RequestContextTest, IsDoneWhenTheHandlerHasReturned) {
  Chan<Context> contexts(1);
  TestServer server(
      [&](ResponseWriter&, Request& r) {
        EXPECT_FALSE(r.Context().Err());
        contexts.Send(r.Context());
      },
      {}, GetParam());
  WireClient client = server.Connect();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.Ask(Get("/")).status, 200);
    const Context context = *contexts.Recv();
    EXPECT_EQ(context.Err(), Errc::kCanceled);
  }
}

// Behaviour group 39.
TEST_P(RequestContextTest, IsDoneWhenTheClientGoesAway) {
  Chan<std::string> events(2);
  TestServer server(TellTheEnd(events), {}, GetParam());
  enum class Way { kReset, kClose, kCloseWrite };
  for (Way way : {Way::kReset, Way::kClose, Way::kCloseWrite}) {
    WireClient client = server.Connect();
    client.Send(Get("/"));
    EXPECT_EQ(events.Recv(), "serving");
    if (way == Way::kReset) client.Reset();
    if (way == Way::kClose) client.Close();
    if (way == Way::kCloseWrite) client.CloseWrite();
    EXPECT_EQ(events.Recv(), "done");
  }
}

TEST_P(RequestContextTest, IsDoneAtOnceWhenTheClientHasGoneBefore) {
  Chan<std::string> events(0);
  TestServer server(
      [&](ResponseWriter&, Request& r) {
        events.Send("serving");
        events.Recv();
        events.Send(WaitForEnd(r.Context()));
      },
      {}, GetParam());
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_EQ(events.Recv(), "serving");
  client.Close();
  events.Send("gone");
  EXPECT_EQ(events.Recv(), "done");
}

// Behaviour group 39.
TEST_P(RequestContextTest, IsNotDoneByAPipelinedRequest) {
  Chan<std::string> events(0);
  std::atomic<int> served{0};
  TestServer server(
      [&](ResponseWriter&, Request& r) {
        if (served++ > 0) return;
        const Context context = r.Context();
        events.Send("serving");
        events.Recv();
        gale::Sleep(20ms);
        events.Send(context.Err() ? "done" : "going on");
      },
      {}, GetParam());
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_EQ(events.Recv(), "serving");
  client.Send("G");
  events.Send("sent");
  EXPECT_EQ(events.Recv(), "going on");
  EXPECT_EQ(client.ReadResponse().status, 200);
  client.Send(Get("/").substr(1));
  EXPECT_EQ(client.ReadResponse().status, 200);
  EXPECT_EQ(served, 2);
}

TEST_P(RequestContextTest, IsDoneWhenTheClientGoesAwayBehindAPipelinedRequest) {
  Chan<std::string> events(0);
  auto tell = TellTheEnd(events);
  TestServer server(
      [&](ResponseWriter& w, Request& r) {
        if (r.URL().Path() == "/first") tell(w, r);
      },
      {}, GetParam());
  WireClient client = server.Connect();
  client.Send(Get("/first"));
  EXPECT_EQ(events.Recv(), "serving");
  client.Send(Get("/second"));
  client.Close();
  EXPECT_EQ(events.Recv(), "done");
}

TEST_P(RequestContextTest, IsDoneWhenTheServerIsClosed) {
  Chan<std::string> events(0);
  TestServer server(TellTheEnd(events), {}, GetParam());
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_EQ(events.Recv(), "serving");
  EXPECT_EQ(server.Close(), ErrServerClosed());
  EXPECT_EQ(events.Recv(), "done");
}

TEST_P(RequestContextTest, IsDoneWhenAnAnswerCannotBeSent) {
  Chan<std::string> events(1);
  ServerOptions options;
  options.write_timeout = 50ms;
  TestServer server(
      [&](ResponseWriter& w, Request& r) {
        const Context context = r.Context();
        while (w.Write(std::string(100'000, 'x'))) {
        }
        events.Send(WaitForEnd(context));
      },
      options, GetParam());
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_EQ(events.Recv(), "done");
}

INSTANTIATE_TEST_SUITE_P(Networks, RequestContextTest, ::testing::Values(Network::kTcp, Network::kUnix),
                         [](const auto& row) { return row.param == Network::kTcp ? "Tcp" : "Unix"; });

TEST(RequestContext, HasWhatTheServerAndTheConnectionGaveIt) {
  ServerOptions options;
  std::atomic<int> bases{0}, conns{0};
  options.base_context = [&](const std::shared_ptr<net::Listener>& listener) {
    ++bases;
    return WithValue(gale::Background(), kName, listener->Address().String());
  };
  options.conn_context = [&](const Context& context, const std::shared_ptr<net::Conn>& conn) {
    ++conns;
    EXPECT_NE(context.Value(kServerContextKey), nullptr);
    return WithValue(context, kName, *context.Value(kName) + " from " + conn->RemoteAddr().String());
  };
  std::atomic<Server*> found = nullptr;
  TestServer server(
      [&](ResponseWriter& w, Request& r) {
        const Context context = r.Context();
        EXPECT_EQ(context.Value(kLocalAddrContextKey)->String() + " from " + std::string(r.RemoteAddr()),
                  *context.Value(kName));
        found = *context.Value(kServerContextKey);
        (void)w.Write(*context.Value(kName));
      },
      options);
  WireClient client = server.Connect();
  const std::string first = client.Ask(Get("/")).body;
  EXPECT_EQ(client.Ask(Get("/")).body, first);
  EXPECT_EQ(bases, 1);
  EXPECT_EQ(conns, 1);
  EXPECT_NE(server.Ask(Get("/")).body, first);
  EXPECT_EQ(conns, 2);
  EXPECT_EQ(found, &server.server());
}

TEST(RequestContext, IsDoneWhenTheBaseContextIs) {
  auto [base, cancel] = gale::WithCancel(gale::Background());
  ServerOptions options;
  options.base_context = [base = base](const auto&) { return base; };
  Chan<std::string> events(0);
  TestServer server(TellTheEnd(events), options);
  WireClient client = server.Connect();
  client.Send(Get("/"));
  EXPECT_EQ(events.Recv(), "serving");
  cancel();
  EXPECT_EQ(events.Recv(), "done");
  EXPECT_EQ(client.ReadResponse().status, 200);
}

TEST(RequestContext, CanBeReplacedOnTheWayToAHandler) {
  HandlerFunc inner([](ResponseWriter& w, Request& r) { (void)w.Write(*r.Context().Value(kName)); });
  TestServer server([&](ResponseWriter& w, Request& r) {
    r.SetContext(WithValue(r.Context(), kName, std::string(r.URL().Path())));
    inner.ServeHTTP(w, r);
  });
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(Get("/a")).body, "/a");
  EXPECT_EQ(client.Ask(Get("/b")).body, "/b");
}

TEST(RequestContext, OfARequestMadeByHandIsTheBackground) {
  Request request;
  EXPECT_FALSE(request.Context().Err());
  EXPECT_EQ(request.Context().Value(kName), nullptr);
  request.SetContext(WithValue(gale::Background(), kName, "x"));
  EXPECT_EQ(*request.Context().Value(kName), "x");
  request.Reset();
  EXPECT_EQ(request.Context().Value(kName), nullptr);
}

// Many contexts that end for both reasons at the same time, over connections that come and go.
TEST(RequestContext, EndsOnceWhereClientAndHandlerEndTogether) {
  TestServer server([&](ResponseWriter&, Request& r) {
    const Context context = r.Context();
    if (r.URL().Path() != "/wait") return;
    EXPECT_EQ(WaitForEnd(context), "done");
  });
  ASSERT_EQ(server.Ask(Get("/")).status, 200);
  const Baseline base;
  for (int i = 0; i < 200; ++i) {
    WireClient client = server.Connect();
    client.Send(Get(i % 4 == 0 ? "/wait" : "/"));
    if (i % 3 == 0) ::usleep(50);
    if (i % 2 == 0) client.Reset();
  }
  EXPECT_TRUE(base.BackAgain());
}

}  // namespace
}  // namespace gale::http

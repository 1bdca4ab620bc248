// TimeoutHandler. Behaviour group 51.
#include "gale/http/timeout_handler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "gale/http/httptest/new_request.h"
#include "gale/http/httptest/response_recorder.h"
#include "gale/http/message_errc.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;
using gale::testing::Synctest;
using httptest::NewRequest;
using httptest::ResponseRecorder;

TEST(TimeoutHandlerTest, AnAnswerInTimeIsPassedOn) {
  Synctest([] {
    HandlerFunc inner([](ResponseWriter& w, Request& r) {
      gale::Sleep(999ms);
      w.Header().Set("X", "inner");
      w.Header().Add("Y", "1");
      w.Header().Add("Y", "2");
      w.WriteHeader(201);
      w.WriteHeader(500);
      (void)w.Write("hello ");
      (void)w.Write(*ReadAll(r.Body()));
    });
    TimeoutHandler handler(inner, 1s);
    ResponseRecorder w;
    w.Header().Set("X", "outer");
    w.Header().Set("Z", "outer");
    const auto r = NewRequest("POST", "/", "body");
    const Reader* body = &r->Body();
    handler.ServeHTTP(w, *r);
    EXPECT_EQ(w.Code(), 201);
    EXPECT_EQ(w.Body(), "hello body");
    EXPECT_EQ(w.Header().Values("X"), std::vector<std::string_view>{"inner"});
    EXPECT_EQ(w.Header().Values("Y"), (std::vector<std::string_view>{"1", "2"}));
    EXPECT_EQ(w.ResultHeader().Get("Z"), "outer");
    EXPECT_EQ(&r->Body(), body);
  });
}

TEST(TimeoutHandlerTest, AnEmptyAnswerIs200) {
  Synctest([] {
    HandlerFunc inner([](ResponseWriter&, Request&) {});
    TimeoutHandler handler(inner, 1s);
    ResponseRecorder w;
    Request r;
    handler.ServeHTTP(w, r);
    EXPECT_EQ(w.Code(), 200);
    EXPECT_EQ(w.Body(), "");
  });
}

TEST(TimeoutHandlerTest, TooLateIs503) {
  for (const std::string text : {"", "too late"}) {
    Synctest([&] {
      std::string read, written, context, header;
      HandlerFunc inner([&](ResponseWriter& w, Request& r) {
        w.Header().Set("X", "inner");
        (void)w.Write("never seen");
        EXPECT_TRUE(r.Context().Deadline().has_value());
        gale::Sleep(1001ms);
        context = r.Context().Err().Message();
        written = w.Write("late").error().Message();
        read = ReadAll(r.Body()).error().Message();
        header = r.Header().Get("A");
      });
      {
        TimeoutHandler handler(inner, 1s, text);
        ResponseRecorder w;
        {
          const auto r = NewRequest("POST", "/", "body");
          r->Header().Set("A", "b");
          handler.ServeHTTP(w, *r);
        }
        EXPECT_EQ(w.Code(), 503);
        EXPECT_EQ(w.Body(), text.empty()
                                ? "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>"
                                : text);
        EXPECT_EQ(w.ResultHeader().Get("X"), "");
        EXPECT_EQ(written, "") << "the handler still runs";
      }
      // The destructor has waited for it; the request is gone, but not the handler's copy.
      EXPECT_EQ(written, "http: Handler timeout");
      EXPECT_EQ(read, "http: Handler timeout");
      EXPECT_EQ(context, "context deadline exceeded");
      EXPECT_EQ(header, "b");
    });
  }
}

TEST(TimeoutHandlerTest, NoTimeAtAll) {
  Synctest([] {
    HandlerFunc inner([](ResponseWriter&, Request& r) { (void)r.Context().Done().Recv(); });
    TimeoutHandler handler(inner, 0s);
    ResponseRecorder w;
    Request r;
    handler.ServeHTTP(w, r);
    EXPECT_EQ(w.Code(), 503);
  });
}

TEST(TimeoutHandlerTest, AClientThatIsGoneGetsAnEmpty503) {
  Synctest([] {
    HandlerFunc inner([](ResponseWriter& w, Request& r) {
      (void)r.Context().Done().Recv();
      gale::Sleep(1s);
      EXPECT_EQ(w.Write("late").error().Message(), "context canceled");
    });
    TimeoutHandler handler(inner, 1min);
    const auto [context, cancel] = WithCancel(Background());
    ResponseRecorder w;
    Request r;
    r.SetContext(context);
    Go([cancel = cancel] { cancel(); });
    handler.ServeHTTP(w, r);
    EXPECT_EQ(w.Code(), 503);
    EXPECT_EQ(w.Body(), "");
  });
}

TEST(TimeoutHandlerTest, WhatTheHandlerThrowsIsThrown) {
  Synctest([] {
    HandlerFunc inner([](ResponseWriter& w, Request&) {
      (void)w.Write("x");
      throw std::runtime_error("inner");
    });
    TimeoutHandler handler(inner, 1s);
    ResponseRecorder w;
    Request r;
    EXPECT_THROW(handler.ServeHTTP(w, r), std::runtime_error);
    EXPECT_EQ(w.Body(), "");
    HandlerFunc bad_status([](ResponseWriter& out, Request&) { out.WriteHeader(99); });
    EXPECT_THROW(TimeoutHandler(bad_status, 1s).ServeHTTP(w, r), Panic);
  });
}

TEST(TimeoutHandlerTest, AGoexitRunsIntoTheTimeout) {
  Synctest([] {
    HandlerFunc inner([](ResponseWriter&, Request&) { Goexit(); });
    TimeoutHandler handler(inner, 1s);
    ResponseRecorder w;
    Request r;
    handler.ServeHTTP(w, r);
    EXPECT_EQ(w.Code(), 503);
  });
}

TEST(TimeoutHandlerTest, TheCopySeesTheSameRequest) {
  Synctest([] {
    const auto r = NewRequest("POST", "/a%2Fb?q=1", "x=2");
    r->SetProto(1, 0);
    r->SetHost("example.org");
    r->SetRemoteAddr("1.2.3.4:5");
    r->SetClose(true);
    r->SetPattern("/{id}");
    r->SetPathValue("id", "7");
    r->Header().Set("A", "b");
    r->Header().Set("Content-Type", "application/x-www-form-urlencoded");
    EXPECT_EQ(r->FormValue("x"), "2");
    HandlerFunc inner([](ResponseWriter&, Request& copy) {
      EXPECT_EQ(copy.Method(), "POST");
      EXPECT_EQ(copy.URL().String(), "/a%2Fb?q=1");
      EXPECT_EQ(copy.RequestURI(), "/a%2Fb?q=1");
      EXPECT_EQ(copy.Proto(), "HTTP/1.0");
      EXPECT_EQ(copy.Host(), "example.org");
      EXPECT_EQ(copy.RemoteAddr(), "1.2.3.4:5");
      EXPECT_TRUE(copy.Close());
      EXPECT_EQ(copy.Pattern(), "/{id}");
      EXPECT_EQ(copy.PathValue("id"), "7");
      EXPECT_EQ(copy.Header().Get("A"), "b");
      EXPECT_EQ(copy.ContentLength(), 3);
      EXPECT_EQ(copy.FormValue("x"), "2") << "what was parsed before";
    });
    ResponseRecorder w;
    TimeoutHandler(inner, 1s).ServeHTTP(w, *r);
  });
}

TEST(TimeoutHandlerTest, OverTheWire) {
  const Baseline baseline;
  {
    std::atomic<bool> let_go = false;
    HandlerFunc inner([&](ResponseWriter& w, Request& r) {
      if (r.URL().Path() == "/slow") {
        while (!let_go) gale::Sleep(1ms);
      }
      (void)w.Write(r.URL().Path());
    });
    TimeoutHandler slow(inner, 20ms);
    TimeoutHandler quick(inner, 1min);
    TestServer server(
        [&](ResponseWriter& w, Request& r) { (r.URL().Path() == "/slow" ? slow : quick).ServeHTTP(w, r); });
    WireClient client = server.Connect();
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(client.Ask(Get("/slow")).status, 503);
      const WireResponse response = client.Ask(Get("/quick"));
      EXPECT_EQ(response.status, 200);
      EXPECT_EQ(response.body, "/quick");
    }
    let_go = true;
  }
  EXPECT_TRUE(baseline.BackAgain());
}

}  // namespace
}  // namespace gale::http

// HandlerRef: in what forms ServeMux, Server and the handlers made of others take a handler.
#include "gale/http/handler_ref.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>

#include "gale/http/default_serve_mux.h"
#include "gale/http/file_server.h"
#include "gale/http/httptest/httptest.h"
#include "gale/http/max_bytes.h"
#include "gale/http/serve_mux.h"
#include "gale/http/server.h"
#include "gale/http/strip_prefix.h"
#include "gale/http/timeout_handler.h"
#include "gale/net/fmt.h"
#include "gale/net/pipe.h"
#include "gale/runtime/go.h"
#include "gale/runtime/panic.h"
#include "gale/tests/http/temp_folder.h"

namespace gale::http {
namespace {

using http::testing::TempFolder;
using httptest::NewRequest;
using httptest::ResponseRecorder;
using namespace std::chrono_literals;

void SayPath(ResponseWriter& w, Request& r) { gale::Fprint(w, r.URL().Path()); }

std::string Ask(const HandlerRef& handler, std::string_view target) {
  ResponseRecorder w;
  handler.ServeHTTP(w, *NewRequest("GET", target));
  return w.Body();
}

TEST(HandlerRefTest, RefersToANamedHandler) {
  int calls = 0;
  HandlerFunc handler([&](ResponseWriter&, Request&) { ++calls; });
  const HandlerRef by_reference(handler);
  const HandlerRef by_pointer(&handler);
  EXPECT_EQ(&*by_reference, &handler);
  EXPECT_EQ(&*by_pointer, &handler);
  (void)Ask(by_reference, "/");
  (void)Ask(by_pointer, "/");
  EXPECT_EQ(calls, 2);
}

TEST(HandlerRefTest, SharesASharedHandler) {
  auto handler = std::make_shared<HandlerFunc>(SayPath);
  std::weak_ptr<HandlerFunc> watch = handler;
  HandlerRef ref(std::move(handler));
  EXPECT_EQ(Ask(ref, "/a"), "/a");
  ref = {};
  EXPECT_TRUE(watch.expired());
}

TEST(HandlerRefTest, OwnsATemporary) {
  auto token = std::make_shared<int>(7);
  std::weak_ptr<int> watch = token;
  HandlerRef ref = HandlerFunc([token = std::move(token)](ResponseWriter& w, Request&) { gale::Fprint(w, *token); });
  const HandlerRef copy = ref;
  ref = {};
  EXPECT_EQ(Ask(copy, "/"), "7");
  EXPECT_FALSE(watch.expired());
}

TEST(HandlerRefTest, MakesAHandlerOfAFunction) {
  EXPECT_EQ(Ask(SayPath, "/a"), "/a");
  EXPECT_EQ(Ask([p = std::make_unique<int>(3)](auto& w, auto&) { gale::Fprint(w, *p); }, "/"), "3");
  EXPECT_TRUE(HandlerRef(std::function<void(ResponseWriter&, Request&)>()) == nullptr);
  static_assert(!std::is_constructible_v<HandlerRef, int>);
  static_assert(!std::is_constructible_v<HandlerRef, const HandlerFunc&>);
}

TEST(HandlerRefTest, IsNullByDefault) {
  EXPECT_FALSE(HandlerRef());
  EXPECT_TRUE(HandlerRef() == nullptr);
  EXPECT_TRUE(HandlerRef(nullptr) == nullptr);
  EXPECT_TRUE(HandlerRef(SayPath) != nullptr);
}

HandlerFunc Tagged(std::string tag, HandlerRef next) {
  return HandlerFunc([tag = std::move(tag), next = std::move(next)](ResponseWriter& w, Request& r) {
    gale::Fprint(w, "<", tag, ">");
    next.ServeHTTP(w, r);
  });
}

TEST(HandlerRefTest, HandlersNestAsInGo) {
  ServeMux mux;
  mux.Handle("/a/", StripPrefix("/a", HandlerFunc(SayPath)));
  mux.Handle("/b/", Tagged("outer", Tagged("inner", MaxBytesHandler(TimeoutHandler(SayPath, 10s), 1))));
  EXPECT_EQ(Ask(mux, "/a/x"), "/x");
  EXPECT_EQ(Ask(mux, "/b/x"), "<outer><inner>/b/x");
  EXPECT_THROW(mux.Handle("/c", nullptr), gale::Panic);
}

TEST(HandlerRefTest, AFileServerMayBeMoved) {
  TempFolder folder;
  folder.Write("a.txt", "text");
  ServeMux mux;
  mux.Handle("/static/", StripPrefix("/static", FileServer(folder.Path())));
  EXPECT_EQ(Ask(mux, "/static/a.txt"), "text");
}

TEST(HandlerRefTest, AServerKeepsWhatItWasGiven) {
  httptest::Server server(Tagged("kept", SayPath));
  EXPECT_NE(server.Exchange("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("<kept>/a"),
            std::string::npos);
}

std::string AskServer(net::PipeListener& listener) {
  auto conn = *listener.Dial();
  (void)conn->Write("GET /served HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  return gale::ReadAll(*conn).value_or("failed");
}

TEST(ServeTest, ServesAListener) {
  auto listener = std::make_shared<net::PipeListener>();
  gale::WaitGroup serving;
  serving.Go([&] { EXPECT_EQ(http::Serve(listener, SayPath), Errc::kClosed); });
  EXPECT_NE(AskServer(*listener).find("\r\n\r\n/served"), std::string::npos);
  (void)listener->Close();
  serving.Wait();
}

TEST(ServeTest, WithoutAHandlerIsTheDefaultServeMux) {
  http::HandleFunc("/served", SayPath);
  auto listener = std::make_shared<net::PipeListener>();
  gale::WaitGroup serving;
  serving.Go([&] { (void)http::Serve(listener); });
  EXPECT_NE(AskServer(*listener).find("\r\n\r\n/served"), std::string::npos);
  (void)listener->Close();
  serving.Wait();
}

}  // namespace
}  // namespace gale::http

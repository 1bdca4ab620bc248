// The head of a response: what the server adds to it, what the handler can suppress, when it freezes, and what can
// never get into it.
#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "gale/http/status.h"
#include "gale/runtime/panic.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

TEST(ResponseHeaderTest, HasOneDateAndNoServer) {
  TestServer server([](ResponseWriter& w, Request&) { (void)w.Write("x"); });
  const WireResponse response = server.Ask(Get("/"));
  const std::string date(response.Get("Date"));
  std::tm time{};
  const char* end = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  EXPECT_TRUE(date.size() == 29 && end != nullptr && *end == '\0') << date;
  EXPECT_FALSE(response.Has("Server"));
}

TEST(ResponseHeaderTest, KeepsTheHandlersOrderAndSpelling) {
  TestServer server([](ResponseWriter& w, Request&) {
    w.Header().Add("x-b", "1");
    w.Header().Add("X-A", " 2\t");
    w.Header().Add("x-b", "3");
    w.Header().Set("Date", "");
  });
  EXPECT_EQ(server.Ask(Get("/")).raw_head,
            "HTTP/1.1 200 OK\r\nX-B: 1\r\nX-A: 2\r\nX-B: 3\r\nContent-Length: 0\r\n\r\n");
}

// Behaviour group 29.
TEST(ResponseHeaderTest, TheHandlersDateStands) {
  TestServer server(
      [](ResponseWriter& w, Request& r) { w.Header().Set("Date", r.URL().Path() == "/none" ? "" : "yesterday"); });
  EXPECT_EQ(server.Ask(Get("/")).Get("Date"), "yesterday");
  EXPECT_FALSE(server.Ask(Get("/none")).Has("Date"));
}

// Behaviour groups 29 and 53. Content-Type is guessed from the body unless somebody knows better.
struct TypeRow {
  const char* name;
  HandlerFunc::Function handler;
  const char* type;
};
void PrintTo(const TypeRow& row, std::ostream* out) { *out << row.name; }

class ContentTypeTest : public ::testing::TestWithParam<TypeRow> {};

TEST_P(ContentTypeTest, IsAsExpected) {
  TestServer server(GetParam().handler);
  EXPECT_EQ(server.Ask(Get("/")).Get("Content-Type"), GetParam().type);
}

HandlerFunc::Function Body(std::string body, std::string name = "", std::string value = "", int status = 200) {
  return [=](ResponseWriter& w, Request&) {
    if (!name.empty()) w.Header().Set(name, value);
    if (status != 200) w.WriteHeader(status);
    (void)w.Write(body);
  };
}

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kNone = "(none)";

INSTANTIATE_TEST_SUITE_P(
    Rows, ContentTypeTest,
    ::testing::Values(TypeRow{"Text", Body("hello"), kText}, TypeRow{"Html", Body("<html>"), kHtml},
                      TypeRow{"LargeHtml", Body("<html>" + std::string(5000, ' ')), kHtml},
                      TypeRow{"HtmlInPieces",
                              [](ResponseWriter& w, Request&) {
                                (void)w.Write("<h");
                                (void)w.Write("tml>" + std::string(5000, ' '));
                              },
                              kHtml},
                      TypeRow{"Empty", Body(""), kNone}, TypeRow{"Set", Body("<html>", "Content-Type", "a/b"), "a/b"},
                      TypeRow{"Suppressed", Body("<html>", "Content-Type", ""), kNone},
                      TypeRow{"Encoded", Body("<html>", "Content-Encoding", "gzip"), kNone},
                      TypeRow{"EncodedBytes", Body("\x1f\x8b\x08", "Content-Encoding", "gzip"), kNone},
                      TypeRow{"EncodedAsNobodyKnows", Body("<html>", "Content-Encoding", "phony"), kNone},
                      TypeRow{"OnlyTheBytesAreEncoded", Body("\x1f\x8b\x08"), "application/x-gzip"},
                      TypeRow{"EncodingEmpty", Body("<html>", "Content-Encoding", ""), kHtml},
                      TypeRow{"Chunked", Body("<html>", "Transfer-Encoding", "chunked"), kNone},
                      TypeRow{"Of204", Body("", "Content-Type", "a/b", 204), "a/b"},
                      TypeRow{"Of304", Body("", "Content-Type", "a/b", 304), kNone},
                      TypeRow{"Of404", Body("<html>", "", "", 404), kHtml}),
    [](const auto& row) { return row.param.name; });

// Behaviour group 28.
TEST(ContentTypeTest, IsGuessedForHeadToo) {
  TestServer server(Body("<html>"));
  EXPECT_EQ(server.Ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").Get("Content-Type"), kHtml);
}

// Behaviour group 31.
TEST(FreezeTest, ChangesAfterWriteHeaderOrWriteHaveNoEffect) {
  TestServer server([](ResponseWriter& w, Request& r) {
    w.Header().Set("A", "before");
    if (r.URL().Path() == "/write") {
      (void)w.Write("x");
    } else if (r.URL().Path() == "/empty") {
      (void)w.Write("");
    } else {
      w.WriteHeader(kStatusAccepted);
    }
    w.Header().Set("A", "after");
    w.Header().Set("B", "after");
  });
  for (const char* path : {"/write", "/empty", "/status"}) {
    const WireResponse response = server.Ask(Get(path));
    EXPECT_EQ(response.Get("A"), "before") << path;
    EXPECT_FALSE(response.Has("B")) << path;
  }
}

TEST(FreezeTest, ASecondWriteHeaderIsLoggedAndIgnored) {
  TestServer server([](ResponseWriter& w, Request&) {
    w.WriteHeader(kStatusCreated);
    w.WriteHeader(kStatusNotFound);
    (void)w.Write("x");
    w.WriteHeader(kStatusProcessing);
  });
  const WireResponse response = server.Ask(Get("/"));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "x");
  ASSERT_EQ(server.Log().size(), 2u);
  EXPECT_TRUE(server.Log()[0].starts_with("http: superfluous")) << server.Log()[0];
}

TEST(FreezeTest, AnInvalidStatusIsAPanic) {
  TestServer server([](ResponseWriter& w, Request&) {
    for (int status : {-1, 0, 99, 1000}) EXPECT_THROW(w.WriteHeader(status), gale::Panic) << status;
    w.WriteHeader(999);
  });
  EXPECT_EQ(server.Ask(Get("/")).status, 999);
}

// Whatever a handler takes from its input, it cannot end the head or add a field.
TEST(InjectionTest, IsRefused) {
  TestServer server([](ResponseWriter& w, Request&) {
    for (std::string value : {"a\r\nB: c", "a\nB: c", "a\rB: c", "a\r\n\r\n<html>"}) {
      EXPECT_THROW(w.Header().Set("A", value), gale::Panic);
      EXPECT_THROW(w.Header().Add("Location", value), gale::Panic);
    }
    EXPECT_THROW(w.Header().Set("A", std::string_view("\0", 1)), gale::Panic);
    for (const char* name : {"", "A B", "A:", "A\r\nB", "\xc3\xa4"}) {
      EXPECT_THROW(w.Header().Set(name, "x"), gale::Panic) << name;
    }
    w.Header().Set("Date", "");
  });
  EXPECT_EQ(server.Ask(Get("/")).raw_head, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(InjectionTest, NotCaughtItIsA500) {
  TestServer server([](ResponseWriter& w, Request& r) { w.Header().Set("A", r.URL().Path()); });
  const WireResponse response = server.Ask(Get("/%0d%0aB:%20c"));
  EXPECT_EQ(response.status, 500);
  EXPECT_FALSE(response.Has("B"));
}

// Only one of Content-Length, Transfer-Encoding and Connection comes out, and it is the server's.
TEST(InjectionTest, FramingFieldsCannotBeDoubled) {
  TestServer server([](ResponseWriter& w, Request&) {
    w.Header().Add("Content-Length", "3");
    w.Header().Add("content-length", "3");
    w.Header().Add("Connection", "keep-alive");
    (void)w.Write("abc");
  });
  const WireResponse response = server.Ask(Get("/"));
  EXPECT_EQ(response.Get("Content-Length"), "3");
  EXPECT_FALSE(response.Has("Connection"));
  EXPECT_FALSE(response.Has("Transfer-Encoding"));
}

TEST(ResponseHeaderTest, MayBeLarge) {
  TestServer server([](ResponseWriter& w, Request&) {
    for (int i = 0; i < 1000; ++i) w.Header().Add("X-" + std::to_string(i), std::string(200, 'v'));
  });
  WireClient client = server.Connect();
  for (int i = 0; i < 3; ++i) {
    const WireResponse response = client.Ask(Get("/"));
    EXPECT_EQ(response.fields.size(), 1002u);
    EXPECT_EQ(response.Get("X-999"), std::string(200, 'v'));
  }
}

}  // namespace
}  // namespace gale::http

// What Go's server makes of a handler's response: which fields it adds, which it leaves out, and when they freeze.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>
#include <vector>

#include "gale/http/sniff.h"
#include "gale/http/status.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

constexpr const char* kNone = "(none)";

// Everything that comes back to a request after which the connection ends.
std::string Exchange(const TestServer& server, const std::string& request) {
  WireClient client = server.Connect();
  client.Send(request);
  return client.ReadToEnd();
}

// Behaviour group 27.
TEST(NoContentTest, HasNeitherTypeNorLengthNorBody) {
  TestServer server([](ResponseWriter& w, Request& r) {
    const std::string& path = r.URL().Path();
    if (path == "/header") w.Header().Set("Content-Length", "123");
    w.WriteHeader(std::stoi(std::string(r.URL().RawQuery())));
    if (path == "/more") {
      EXPECT_FALSE(w.Write("stuff"));
    }
  });
  for (const std::string status : {"204", "304"}) {
    for (const std::string path : {"/?", "/header?", "/more?"}) {
      SCOPED_TRACE(path + status);
      WireClient client = server.Connect();
      const WireResponse response = client.Ask(Get(path + status));
      EXPECT_EQ(response.problem, "");
      EXPECT_EQ(response.Get("Content-Type"), kNone);
      EXPECT_EQ(response.Get("Content-Length"), kNone);
      EXPECT_EQ(std::to_string(client.Ask(Get("/?" + status)).status), status);

      const std::string old = Exchange(server, "GET " + path + status + " HTTP/1.0\r\n\r\n");
      EXPECT_TRUE(old.starts_with("HTTP/1.0 " + status)) << old;
      EXPECT_TRUE(old.ends_with("\r\n\r\n")) << old;
      EXPECT_EQ(old.find("Content-"), std::string::npos) << old;
    }
  }
}

class TextFile {
 public:
  explicit TextFile(std::string_view content) : descriptor(::memfd_create("text", MFD_CLOEXEC)) {
    EXPECT_EQ(::write(descriptor, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  }
  ~TextFile() { ::close(descriptor); }
  const int descriptor;
};

// Behaviour group 28.
TEST(HeadRequestTest, GetsTheTypeOfWhatIsWrittenOrSent) {
  const TextFile file("<html>");
  TestServer server([&](ResponseWriter& w, Request& r) {
    if (r.URL().Path() == "/file") {
      EXPECT_EQ(w.SendFile(file.descriptor, 0, 6).value_or(-1), 6);
    } else {
      EXPECT_EQ(w.Write("<html>").value_or(0), 6u);
    }
  });
  for (const std::string path : {"/file", "/text"}) {
    WireClient client = server.Connect();
    for (int i = 0; i < 2; ++i) {
      const WireResponse response = client.Ask("HEAD " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
      EXPECT_EQ(response.Get("Content-Type"), "text/html; charset=utf-8") << path;
      EXPECT_EQ(response.Get("Content-Length"), "6") << path;
    }
    EXPECT_EQ(client.Ask(Get(path)).body, "<html>");
  }
}

// Behaviour group 28.
TEST(HeadRequestTest, ItsBodyComesToTheHandlerAsAGetsDoes) {
  TestServer server([](ResponseWriter& w, Request& r) {
    auto body = gale::ReadAll(r.Body());
    w.Header().Set("Body", body.value_or("error"));
  });
  WireClient client = server.Connect();
  for (const std::string method : {"HEAD", "GET"}) {
    for (const std::string body :
         {"Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}) {
      EXPECT_EQ(client.Ask(method + " / HTTP/1.1\r\nHost: a\r\n" + body).Get("Body"), "hello") << method << " " << body;
    }
  }
}

// Behaviour group 29.
TEST(SuppressedFieldTest, IsNotSent) {
  TestServer server([](ResponseWriter& w, Request& r) {
    w.Header().Set(r.URL().Path().substr(1), "");
    (void)w.Write("<html>foo</html>");
  });
  WireClient client = server.Connect();
  for (const std::string name : {"Date", "Content-Type", "Content-Length"}) {
    const WireResponse response = client.Ask(Get("/" + name));
    for (const std::string other : {"Date", "Content-Type", "Content-Length"}) {
      EXPECT_EQ(response.Has(other), other != name) << other << " without " << name;
    }
    EXPECT_EQ(response.body, "<html>foo</html>") << name;
  }
}

// Behaviour group 30. The handler has coded the body itself; "chunked" is added, as the last and once.
TEST(TransferCodingTest, TheHandlersIsKept) {
  TestServer server([](ResponseWriter& w, Request& r) {
    w.Header().Set("Date", "");
    w.Header().Set("Transfer-Encoding", std::string(r.Header().Get("Coding")));
    (void)w.Write("hello");
  });
  const std::string chunked = "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  const struct {
    std::string coding;
    std::string response;
  } rows[] = {
      {"chunked", chunked},
      {"Chunked", chunked},
      {"gzip", "Transfer-Encoding: gzip\r\n" + chunked},
      {"foo", "Transfer-Encoding: foo\r\n" + chunked},
      {"gzip, chunked", "Transfer-Encoding: gzip\r\n" + chunked},
  };
  for (const auto& row : rows) {
    const std::string fields = "Coding: " + row.coding + "\r\nConnection: close\r\n";
    EXPECT_EQ(Exchange(server, Get("/", fields)), "HTTP/1.1 200 OK\r\n" + row.response);
    EXPECT_EQ(Exchange(server, "HEAD / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"),
              "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(Exchange(server, "GET / HTTP/1.0\r\n" + fields + "\r\n"),
              "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nhello");
  }
}

// Behaviour group 31.
struct FreezeRow {
  const char* name;
  HandlerFunc::Function handler;
  std::string response;
};
void PrintTo(const FreezeRow& row, std::ostream* out) { *out << row.name; }

class HeadFreezesTest : public ::testing::TestWithParam<FreezeRow> {};

TEST_P(HeadFreezesTest, WithTheseBytes) {
  TestServer server([](ResponseWriter& w, Request& r) {
    w.Header().Set("Date", "");
    GetParam().handler(w, r);
    w.Header().Set("Too-Late", "bogus");
    w.Header().Set("Content-Type", "too/late");
    w.Header().Set("Content-Length", "1");
    w.Header().Del("Early");
  });
  WireClient client = server.Connect();
  const WireResponse response = client.Ask(Get("/"));
  EXPECT_EQ(response.raw_head + response.body, "HTTP/1.1 " + GetParam().response);
}

constexpr const char* kPage = "<html><head></head><body>some html</body></html>";

INSTANTIATE_TEST_SUITE_P(
    Rows, HeadFreezesTest,
    ::testing::Values(
        FreezeRow{"Write", [](ResponseWriter& w, Request&) { (void)w.Write("hello world"); },
                  "200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 11\r\n\r\nhello world"},
        FreezeRow{"EmptyWrite", [](ResponseWriter& w, Request&) { (void)w.Write(""); },
                  "200 OK\r\nContent-Length: 0\r\n\r\n"},
        FreezeRow{"FieldThenWrite",
                  [](ResponseWriter& w, Request&) {
                    w.Header().Set("Content-Type", "some/type");
                    w.Header().Set("Early", "here");
                    (void)w.Write("hello world");
                  },
                  "200 OK\r\nContent-Type: some/type\r\nEarly: here\r\nContent-Length: 11\r\n\r\nhello world"},
        FreezeRow{"FlushThenWrite",
                  [](ResponseWriter& w, Request&) {
                    EXPECT_FALSE(w.Flush());
                    (void)w.Write("post-flush");
                  },
                  "200 OK\r\nTransfer-Encoding: chunked\r\n\r\npost-flush"},
        FreezeRow{"FieldThenFlush",
                  [](ResponseWriter& w, Request&) {
                    w.Header().Set("Content-Type", "some/type");
                    EXPECT_FALSE(w.Flush());
                    (void)w.Write("post-flush");
                  },
                  "200 OK\r\nContent-Type: some/type\r\nTransfer-Encoding: chunked\r\n\r\npost-flush"},
        FreezeRow{"WriteThenFlush",
                  [](ResponseWriter& w, Request&) {
                    (void)w.Write("pre-");
                    EXPECT_FALSE(w.Flush());
                    (void)w.Write("flush");
                  },
                  "200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\npre-flush"},
        FreezeRow{
            "TypeOfTheFirstWrite",
            [](ResponseWriter& w, Request&) {
              (void)w.Write(kPage);
              w.Header().Set("Content-Type", "x/wrong");
            },
            "200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 48\r\n\r\n" + std::string(kPage)},
        FreezeRow{"TypeOfTheHandler",
                  [](ResponseWriter& w, Request&) {
                    w.Header().Set("Content-Type", "some/type");
                    (void)w.Write(kPage);
                  },
                  "200 OK\r\nContent-Type: some/type\r\nContent-Length: 48\r\n\r\n" + std::string(kPage)},
        FreezeRow{"WriteHeader", [](ResponseWriter& w, Request&) { w.WriteHeader(kStatusNotFound); },
                  "404 Not Found\r\nContent-Length: 0\r\n\r\n"},
        FreezeRow{"WriteHeaderThenWrite",
                  [](ResponseWriter& w, Request&) {
                    w.WriteHeader(kStatusNotFound);
                    w.Header().Set("Content-Type", "x/wrong");
                    (void)w.Write("hello world");
                  },
                  "404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 11\r\n\r\nhello world"}),
    [](const auto& row) { return row.param.name; });

// Behaviour group 31. Where nothing is written the fields are those at the end.
TEST(HeadFreezesTest, AtTheEndIfTheHandlerWritesNothing) {
  TestServer server([](ResponseWriter& w, Request& r) {
    w.Header().Set("Date", "");
    if (r.URL().Path() == "/field") w.Header().Set("Some-Header", "some-value");
  });
  WireClient client = server.Connect();
  EXPECT_EQ(client.Ask(Get("/")).raw_head, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.Ask(Get("/field")).raw_head,
            "HTTP/1.1 200 OK\r\nSome-Header: some-value\r\nContent-Length: 0\r\n\r\n");
}

// Behaviour group 34.
TEST(ErrorResponseTest, HasItsOwnLength) {
  TestServer server([](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Length", "1000");
    Error(w, "an error occurred", kStatusBadRequest);
  });
  WireClient client = server.Connect();
  for (int i = 0; i < 2; ++i) {
    const WireResponse response = client.Ask(Get("/"));
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.Get("Content-Length"), "18");
    EXPECT_EQ(response.body, "an error occurred\n");
  }
}

// Behaviour group 53.
TEST(SniffedTypeTest, IsThatOfTheFirstBytesHoweverManyAreWritten) {
  TestServer server([](ResponseWriter& w, Request& r) {
    const auto size = static_cast<std::size_t>(std::stoi(std::string(r.URL().RawQuery())));
    EXPECT_EQ(w.Write(std::string(size, 'x')).value_or(size + 1), size);
  });
  WireClient client = server.Connect();
  for (const std::size_t size : {0u, 1u, 200u, 600u, 999u, 1000u, 1023u, 1024u, 512u << 10, 1u << 20}) {
    const WireResponse response = client.Ask(Get("/?" + std::to_string(size)));
    EXPECT_EQ(response.body.size(), size);
    EXPECT_EQ(response.Get("Content-Type"), size == 0 ? kNone : "text/plain; charset=utf-8") << size;
  }
}

// Behaviour group 53.
TEST(SniffedTypeTest, IsSentByTheServer) {
  const std::vector<std::string> bodies = {"<html>", "plain", "%PDF-1.7", "GIF89a...", "\x1f\x8b\x08", "\x01\x02"};
  TestServer server(Echo);
  WireClient client = server.Connect();
  for (const std::string& body : bodies) {
    EXPECT_EQ(client.Ask(Post("/", body)).Get("Content-Type"), DetectContentType(body)) << body;
  }
}

}  // namespace
}  // namespace gale::http

#include "gale/http/serve_mux.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gale/http/default_serve_mux.h"
#include "gale/http/httptest/new_request.h"
#include "gale/http/httptest/response_recorder.h"
#include "gale/http/internal/request_router.h"
#include "gale/http/status.h"
#include "gale/runtime/panic.h"

namespace gale::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

// A handler that answers with the pattern and the path values of the names.
auto Echo(std::vector<std::string> names = {}) {
  return [names = std::move(names)](ResponseWriter& w, Request& r) {
    std::string answer(r.Pattern());
    for (const std::string& name : names) answer.append(" ").append(name).append("=").append(r.PathValue(name));
    (void)w.Write(answer);
  };
}

void Register(ServeMux& mux, const std::vector<const char*>& patterns) {
  for (const char* pattern : patterns) mux.HandleFunc(pattern, Echo());
}

// What came back, in one line: "200 body", "307 Location" or "405 Allow".
std::string Summary(const ResponseRecorder& w) {
  const std::string status = std::to_string(w.Code());
  if (w.Code() == kStatusTemporaryRedirect) return status + " " + std::string(w.ResultHeader().Get("Location"));
  if (w.Code() == kStatusMethodNotAllowed) return status + " " + std::string(w.ResultHeader().Get("Allow"));
  return w.Code() == kStatusOK ? status + " " + w.Body() : status;
}

std::string Serve(http::Handler& handler, const std::string& method, const std::string& host,
                  const std::string& target) {
  const auto r = NewRequest(method, target);
  if (r->URL().Host().empty()) r->SetHost(host);
  ResponseRecorder w;
  handler.ServeHTTP(w, *r);
  return Summary(w);
}

// As Serve, with a path set by hand: CONNECT has none on the wire, but may have one behind other front ends.
std::string ServePath(http::Handler& handler, const std::string& method, const std::string& host,
                      const std::string& path) {
  Request r;
  r.SetMethod(method);
  r.SetHost(host);
  r.URL().SetHost(host);
  r.URL().SetPath(path);
  ResponseRecorder w;
  handler.ServeHTTP(w, r);
  return Summary(w);
}

std::string PanicMessage(const std::function<void()>& action) {
  try {
    action();
  } catch (const Panic& panic) {
    return panic.what();
  }
  return "no panic";
}

TEST(ServeMuxTest, RoutesByPathAndHost) {
  ServeMux mux;
  Register(mux, {"/dir/", "/search", "codesearch.example.com/search", "codesearch.example.com/",
                 "images.example.com/search", "/{$}", "GET /items/{id}", "POST /items"});
  const struct {
    const char* method;
    const char* host;
    const char* target;
    const char* answer;
  } rows[] = {
      {"GET", "example.com", "/", "200 /{$}"},
      {"GET", "example.com", "/search", "200 /search"},
      {"GET", "example.com", "/search?q=1", "200 /search"},
      {"GET", "example.com", "/search/", "404"},
      {"GET", "example.com", "/search/foo", "404"},
      {"GET", "example.com", "/dir/", "200 /dir/"},
      {"GET", "example.com", "/dir/file", "200 /dir/"},
      {"GET", "example.com", "/dir", "307 /dir/"},
      {"GET", "codesearch.example.com", "/search", "200 codesearch.example.com/search"},
      {"GET", "codesearch.example.com", "/search/", "200 codesearch.example.com/"},
      {"GET", "codesearch.example.com", "/search/foo", "200 codesearch.example.com/"},
      {"GET", "codesearch.example.com:443", "/search", "200 codesearch.example.com/search"},
      {"GET", "codesearch.example.com", "/", "200 codesearch.example.com/"},
      {"GET", "images.example.com", "/search", "200 images.example.com/search"},
      {"GET", "images.example.com", "/search/", "404"},
      {"GET", "images.example.com", "/dir/x", "200 /dir/"},
      {"GET", "other.com", "http://images.example.com/search", "200 images.example.com/search"},
      {"GET", "example.com", "/items/7", "200 GET /items/{id}"},
      {"HEAD", "example.com", "/items/7", "200 GET /items/{id}"},
      {"POST", "example.com", "/items", "200 POST /items"},
      {"GET", "example.com", "/items/", "404"},
      {"POST", "example.com", "/items/7", "405 GET, HEAD"},
      {"GET", "example.com", "/items", "405 POST"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.method) + " " + row.host + " " + row.target);
    EXPECT_EQ(Serve(mux, row.method, row.host, row.target), row.answer);
  }
}

TEST(ServeMuxTest, RedirectsToTheCleanPath) {
  ServeMux mux;
  Register(mux, {"/dir/", "/search", "/a/{x}/{$}"});
  const struct {
    const char* target;
    const char* answer;
  } rows[] = {
      {"//foo.txt", "307 /foo.txt"},
      {"///foo.txt", "307 /foo.txt"},
      {"/../../foo.txt", "307 /foo.txt"},
      {"//evil.example/..", "307 /"},
      {"/dir/../search", "307 /search"},
      {"/../search", "307 /search"},
      {"/dir/./file", "307 /dir/file"},
      {"/x/../dir", "307 /dir/"},
      {"/dir//", "307 /dir/"},
      {"/dir/.", "307 /dir/"},
      {"//nowhere", "307 /nowhere"},
      {"//search?q=a//b&c=..", "307 /search?q=a//b&c=.."},
      {"/dir?x=1", "307 /dir/?x=1"},
      {"/a/b%2Fc", "307 /a/b%2Fc/"},
      {"/dir//a%2Fb%20c", "307 /dir/a%2Fb%20c"},
      {"/dir//a%2fb!*()", "307 /dir/a%2fb!*()"},
      {"/dir/%2e%2e/x", "200 /dir/"},
      {"/dir/a%2F..%2Fb", "200 /dir/"},
      {"/dir//%5Cx", "307 /dir/%5Cx"},
      {"//%5Cevil.example/", "307 /%5Cevil.example/"},
      {"/dir//%C3%BC", "307 /dir/%C3%BC"},
      {"/dir//%0D%0AX:%20y", "307 /dir/%0D%0AX:%20y"},
      {"/dir//%25%32%65", "307 /dir/%25%32%65"},
      {"http://example.com", "404"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.target);
    EXPECT_EQ(Serve(mux, "GET", "example.com", row.target), row.answer);
    if (std::string_view(row.answer).starts_with("307")) {
      EXPECT_EQ(Serve(mux, "POST", "example.com", row.target), row.answer);
    }
  }
  EXPECT_EQ(ServePath(mux, "GET", "", ""), "307 /");
  EXPECT_EQ(ServePath(mux, "GET", "", "dir/x"), "307 /dir/x");
  EXPECT_EQ(ServePath(mux, "GET", "", "//a b\n"), "307 /a%20b%0A");
}

TEST(ServeMuxTest, RedirectHasALinkForGetOnly) {
  ServeMux mux;
  Register(mux, {"/tree/"});
  const struct {
    const char* method;
    const char* content_type;
    const char* body;
  } rows[] = {
      {"GET", "text/html; charset=utf-8", "<a href=\"/tree/?a=1&amp;b=%22\">Temporary Redirect</a>.\n\n"},
      {"HEAD", "text/html; charset=utf-8", ""},
      {"POST", "", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.method);
    const auto r = NewRequest(row.method, "/tree?a=1&b=%22");
    ResponseRecorder w;
    mux.ServeHTTP(w, *r);
    EXPECT_EQ(w.Code(), 307);
    EXPECT_EQ(w.ResultHeader().Get("Location"), "/tree/?a=1&b=%22");
    EXPECT_EQ(w.ResultHeader().Get("Content-Type"), row.content_type);
    EXPECT_EQ(w.Body(), row.body);
    EXPECT_EQ(r->Pattern(), "/tree/");
  }
}

TEST(ServeMuxTest, RedirectsToTheSlashOnlyWhereThatIsExact) {
  ServeMux mux;
  Register(mux, {"/", "/a/", "/b", "/b/", "/c/{x...}", "/d/{$}", "/e/{x}/", "GET /f/", "/g/{x}"});
  const struct {
    const char* method;
    const char* target;
    const char* answer;
  } rows[] = {
      {"GET", "/a", "307 /a/"},         {"GET", "/a/", "200 /a/"},        {"GET", "/b", "200 /b"},
      {"GET", "/c", "307 /c/"},         {"GET", "/c/x", "200 /c/{x...}"}, {"GET", "/d", "307 /d/"},
      {"GET", "/d/x", "200 /"},         {"GET", "/e", "200 /"},           {"GET", "/e/1", "307 /e/1/"},
      {"GET", "/e/1/2", "200 /e/{x}/"}, {"GET", "/f", "307 /f/"},         {"POST", "/f", "200 /"},
      {"GET", "/g", "200 /"},           {"GET", "/g/", "200 /"},          {"GET", "/a/b", "200 /a/"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.method) + " " + row.target);
    EXPECT_EQ(Serve(mux, row.method, "", row.target), row.answer);
  }
}

TEST(ServeMuxTest, RedirectsToTheSlashForHostPatterns) {
  ServeMux mux;
  Register(mux, {"example.com/pkg/foo/", "example.com/pkg/bar", "example.com/pkg/bar/", "/pkg/baz/",
                 "example.com:3000/pkg/connect/", "example.com:9000/"});
  const struct {
    const char* method;
    const char* host;
    const char* path;
    const char* answer;
  } rows[] = {
      {"GET", "example.com", "/", "404"},
      {"GET", "example.com", "/pkg/foo", "307 /pkg/foo/"},
      {"GET", "example.com", "/pkg/bar", "200 example.com/pkg/bar"},
      {"GET", "example.com", "/pkg/bar/", "200 example.com/pkg/bar/"},
      {"GET", "example.com", "/pkg/baz", "307 /pkg/baz/"},
      {"GET", "example.com:3000", "/pkg/foo", "307 /pkg/foo/"},
      {"CONNECT", "example.com", "/", "404"},
      {"CONNECT", "example.com:3000", "/", "404"},
      {"CONNECT", "example.com:9000", "/", "200 example.com:9000/"},
      {"CONNECT", "example.com", "/pkg/foo", "307 /pkg/foo/"},
      {"CONNECT", "example.com:3000", "/pkg/foo", "404"},
      {"CONNECT", "example.com:3000", "/pkg/baz", "307 /pkg/baz/"},
      {"CONNECT", "example.com:3000", "/pkg/connect", "307 /pkg/connect/"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.method) + " " + row.host + row.path);
    EXPECT_EQ(ServePath(mux, row.method, row.host, row.path), row.answer);
  }
}

TEST(ServeMuxTest, LeavesPathsOfConnectAsTheyAre) {
  ServeMux mux;
  Register(mux, {"/dir/", "/search", "POST /only", "CONNECT //raw", "/x/../up/"});
  const struct {
    const char* path;
    const char* answer;
  } rows[] = {
      {"/dir", "307 /dir/"},    {"/../foo", "404"},
      {"/dir/..", "200 /dir/"}, {"/dir/./a", "200 /dir/"},
      {"/../search", "404"},    {"/search", "200 /search"},
      {"/only", "405 POST"},    {"//raw", "200 CONNECT //raw"},
      {"/x/../up", "307 /up/"}, {"", "404"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.path);
    EXPECT_EQ(ServePath(mux, "CONNECT", "example.com:443", row.path), row.answer);
  }
  EXPECT_EQ(Serve(mux, "CONNECT", "", "example.com:443"), "404");
}

TEST(ServeMuxTest, AnswersMethodNotAllowedAndNotFound) {
  ServeMux mux;
  Register(mux, {"GET /g", "POST /p", "PATCH /p", "PUT /r", "GET /r", "POST /s/", "GET h.com/p", "HEAD /head"});
  const struct {
    const char* method;
    const char* host;
    const char* target;
    const char* answer;
  } rows[] = {
      {"GET", "", "/g", "200 GET /g"},      {"HEAD", "", "/g", "200 GET /g"},
      {"get", "", "/g", "405 GET, HEAD"},   {"GET", "", "/x", "404"},
      {"GET", "", "/p", "405 PATCH, POST"}, {"GET", "", "/./p", "307 /p"},
      {"GET", "", "/r/q", "404"},           {"GET", "", "/r/", "404"},
      {"GET", "", "/r?a", "200 GET /r"},    {"POST", "", "/r", "405 GET, HEAD, PUT"},
      {"POST", "", "/s", "307 /s/"},        {"GET", "", "/s", "405 POST"},
      {"GET", "", "/s/x", "405 POST"},      {"PUT", "h.com", "/p", "405 GET, HEAD, PATCH, POST"},
      {"GET", "", "/head", "405 HEAD"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.method) + " " + row.host + row.target);
    EXPECT_EQ(Serve(mux, row.method, row.host, row.target), row.answer);
  }
}

TEST(ServeMuxTest, ErrorAnswersArePlainText) {
  ServeMux mux;
  Register(mux, {"POST /p"});
  const struct {
    const char* target;
    int status;
    const char* body;
  } rows[] = {{"/p", 405, "Method Not Allowed\n"}, {"/x", 404, "404 page not found\n"}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.target);
    const auto r = NewRequest("GET", row.target);
    r->SetPattern("that of an outer mux");
    ResponseRecorder w;
    mux.ServeHTTP(w, *r);
    EXPECT_EQ(w.Code(), row.status);
    EXPECT_EQ(w.Body(), row.body);
    EXPECT_EQ(w.ResultHeader().Get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(w.ResultHeader().Get("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(r->Pattern(), "");
  }
}

TEST(ServeMuxTest, RefusesTheAsterisk) {
  ServeMux mux;
  Register(mux, {"/"});
  const struct {
    int major;
    int minor;
    const char* connection;
  } rows[] = {{1, 0, ""}, {1, 1, "close"}, {2, 0, ""}};
  for (const auto& row : rows) {
    const auto r = NewRequest("OPTIONS", "*");
    r->SetProto(row.major, row.minor);
    ResponseRecorder w;
    mux.ServeHTTP(w, *r);
    EXPECT_EQ(w.Code(), 400);
    EXPECT_EQ(w.ResultHeader().Get("Connection"), row.connection);
    EXPECT_EQ(w.Body(), "");
  }
}

TEST(ServeMuxTest, SetsPatternAndPathValues) {
  const struct {
    const char* pattern;
    const char* target;
    std::vector<std::string> names;
    const char* answer;
  } rows[] = {
      {"/{a}", "/x", {"a", "none"}, "200 /{a} a=x none="},
      {"/", "/x/y", {""}, "200 / ="},
      {"/a/{b}/c/{d...}", "/a/1/c/2/3/", {"b", "d"}, "200 /a/{b}/c/{d...} b=1 d=2/3/"},
      {"/a/{d...}", "/a/", {"d"}, "200 /a/{d...} d="},
      {"/{x}/{y}", "/a%2Fb/%25%20c", {"x", "y"}, "200 /{x}/{y} x=a/b y=% c"},
      {"/{x}/{y...}", "/a+b/c%2Fd/e", {"x", "y"}, "200 /{x}/{y...} x=a+b y=c/d/e"},
      {"/a%20b/{x}", "/a%20b/%C3%BC", {"x"}, "200 /a%20b/{x} x=\xc3\xbc"},
      {"/b!/{x}", "/%62!/%2525", {"x"}, "200 /b!/{x} x=%25"},
      {"/p/{x}", "/p/%25zz", {"x"}, "200 /p/{x} x=%zz"},
      {"GET h.com/{x}/{$}", "http://h.com:80/v/", {"x"}, "200 GET h.com/{x}/{$} x=v"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.pattern);
    ServeMux mux;
    mux.HandleFunc(row.pattern, Echo(row.names));
    EXPECT_EQ(Serve(mux, "GET", "", row.target), row.answer);
  }
}

TEST(ServeMuxTest, KeepsPathValuesThatWereSetBefore) {
  ServeMux inner;
  inner.HandleFunc("/{tenant}/items/{id}", Echo({"tenant", "id", "user"}));
  ServeMux outer;
  outer.HandleFunc("/{id}/", [&](ResponseWriter& w, Request& r) {
    EXPECT_EQ(r.Pattern(), "/{id}/");
    EXPECT_EQ(r.PathValue("id"), "acme");
    r.SetPathValue("user", "ann");
    inner.ServeHTTP(w, r);
    EXPECT_EQ(r.Pattern(), "/{tenant}/items/{id}");
  });
  EXPECT_EQ(Serve(outer, "GET", "", "/acme/items/7"), "200 /{tenant}/items/{id} tenant=acme id=7 user=ann");
}

TEST(ServeMuxTest, HandlerTellsWhoWouldAnswer) {
  ServeMux mux;
  auto hello = std::make_shared<HandlerFunc>(Echo());
  mux.Handle("POST /hello", hello);
  Register(mux, {"/tree/", "example.com/"});
  const struct {
    const char* method;
    const char* host;
    const char* target;
    const char* pattern;
    const char* answer;
  } rows[] = {
      {"POST", "", "/hello", "POST /hello", "200 "},
      {"GET", "", "/hello", "", "405 POST"},
      {"GET", "", "/tree", "/tree/", "307 /tree/"},
      {"GET", "", "//tree/x", "/tree/", "307 /tree/x"},
      {"GET", "", "//none", "", "307 /none"},
      {"GET", "", "/none", "", "404"},
      {"GET", "example.com:8080", "/none", "example.com/", "200 "},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.method) + " " + row.target);
    const auto r = NewRequest(row.method, row.target);
    r->SetHost(row.host);
    const auto [handler, pattern] = mux.Handler(*r);
    EXPECT_EQ(pattern, row.pattern);
    EXPECT_EQ(r->Pattern(), "");
    ResponseRecorder w;
    handler->ServeHTTP(w, *r);
    EXPECT_EQ(Summary(w), row.answer);
  }
  const auto r = NewRequest("POST", "/hello");
  r->SetHost("");
  EXPECT_EQ(mux.Handler(*r).handler, hello);
}

void PlainFunction(ResponseWriter& w, Request&) { (void)w.Write("plain"); }

TEST(ServeMuxTest, TakesHandlersOfAllKinds) {
  ServeMux mux;
  HandlerFunc not_owned([](ResponseWriter& w, Request&) { (void)w.Write("not owned"); });
  mux.Handle("/reference", not_owned);
  mux.Handle("/shared", std::make_shared<HandlerFunc>(PlainFunction));
  mux.HandleFunc("/function", PlainFunction);
  mux.HandleFunc("/pointer", &PlainFunction);
  mux.HandleFunc("/std", std::function<void(ResponseWriter&, Request&)>(PlainFunction));
  mux.HandleFunc("/move-only", [text = std::make_unique<std::string>("moved")](ResponseWriter& w, Request&) {
    (void)w.Write(*text);
  });
  mux.HandleFunc("/mutable",
                 [calls = 0](ResponseWriter& w, Request&) mutable { (void)w.Write(std::to_string(++calls)); });
  EXPECT_EQ(Serve(mux, "GET", "", "/reference"), "200 not owned");
  EXPECT_EQ(Serve(mux, "GET", "", "/shared"), "200 plain");
  EXPECT_EQ(Serve(mux, "GET", "", "/function"), "200 plain");
  EXPECT_EQ(Serve(mux, "GET", "", "/pointer"), "200 plain");
  EXPECT_EQ(Serve(mux, "GET", "", "/std"), "200 plain");
  EXPECT_EQ(Serve(mux, "GET", "", "/move-only"), "200 moved");
  EXPECT_EQ(Serve(mux, "GET", "", "/mutable"), "200 1");
  EXPECT_EQ(Serve(mux, "GET", "", "/mutable"), "200 2");
}

TEST(ServeMuxTest, OwnsSharedHandlersOnly) {
  auto shared = std::make_shared<HandlerFunc>(PlainFunction);
  {
    ServeMux mux;
    mux.Handle("/shared", shared);
    mux.Handle("/reference", *shared);
    EXPECT_EQ(shared.use_count(), 2);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(ServeMuxTest, RegistrationPanicsWithGosWords) {
  ServeMux mux;
  using Function = std::function<void(ResponseWriter&, Request&)>;
  void (*null_function)(ResponseWriter&, Request&) = nullptr;
  const struct {
    std::function<void()> action;
    const char* message;
  } rows[] = {
      {[&] { mux.HandleFunc("", PlainFunction); }, "http: invalid pattern"},
      {[&] { mux.Handle("/", nullptr); }, "http: nil handler"},
      {[&] { mux.HandleFunc("/", null_function); }, "http: nil handler"},
      {[&] { mux.HandleFunc("/", Function()); }, "http: nil handler"},
      {[&] { mux.HandleFunc("a", PlainFunction); }, "parsing \"a\": at offset 0: host/path missing /"},
      {[&] { mux.HandleFunc("GET /{x", PlainFunction); },
       "parsing \"GET /{x\": at offset 5: bad wildcard segment (must end with '}')"},
  };
  for (const auto& row : rows) EXPECT_EQ(PanicMessage(row.action), row.message);
  EXPECT_EQ(Serve(mux, "GET", "", "/"), "404");
}

TEST(ServeMuxTest, ConflictNamesBothRegistrations) {
  ServeMux mux;
  const std::string file = __FILE__;
  const int first_line = __LINE__ + 1;
  mux.HandleFunc("/a/{x}", PlainFunction);
  const int second_line = __LINE__ + 1;
  EXPECT_EQ(PanicMessage([&] {
              mux.HandleFunc("GET /a/{y}/", PlainFunction);
              mux.HandleFunc("/{y}/b", PlainFunction);
            }),
            "pattern \"/{y}/b\" (registered at " + file + ":" + std::to_string(second_line) +
                ") conflicts with pattern \"/a/{x}\" (registered at " + file + ":" + std::to_string(first_line) +
                "):\n/{y}/b and /a/{x} both match some paths, like \"/a/b\".\n"
                "But neither is more specific than the other.\n"
                "/{y}/b matches \"/y/b\", but /a/{x} doesn't.\n"
                "/a/{x} matches \"/a/x\", but /{y}/b doesn't.");
  EXPECT_EQ(PanicMessage([&] { mux.HandleFunc("/a/{z}", PlainFunction, {}); }).substr(0, 39),
            "pattern \"/a/{z}\" (registered at :0) con");
  EXPECT_EQ(Serve(mux, "GET", "", "/a/b"), "200 plain");
  EXPECT_EQ(Serve(mux, "GET", "", "/c/b"), "404");
}

TEST(ServeMuxTest, RegistersAndServesAtTheSameTime) {
  constexpr int kPatterns = 400;
  ServeMux mux;
  Register(mux, {"/", "/fixed/{id}"});
  std::atomic<int> registered = 0;
  std::atomic<int> failures = 0;
  const auto serve = [&] {
    Request r;
    while (registered < kPatterns) {
      const int known = registered;
      const std::string path = known % 2 == 0 || known == 0 ? "/fixed/7" : "/p" + std::to_string(known - 1) + "/x";
      const char* expected = path.starts_with("/fixed") ? "/fixed/{id}" : "new";
      r.SetMethod("GET");
      r.URL().SetPath(path);
      ResponseRecorder w;
      mux.ServeHTTP(w, r);
      if (w.Body() != expected) ++failures;
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(serve);
  for (int i = 0; i < kPatterns; ++i) {
    mux.HandleFunc("/p" + std::to_string(i) + "/{x}", [](ResponseWriter& w, Request&) { (void)w.Write("new"); });
    registered = i + 1;
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failures, 0);
}

// Registers patterns for "h/a/a/.../a" that all fail at their last segment, so that a search for that path goes
// through a branch for each of them, the branch of the path itself first.
void MakeSearchLong(ServeMux& mux, int depth) {
  for (int branch = 0; branch < 1 << depth; ++branch) {
    std::string pattern = "h";
    for (int i = 0; i < depth; ++i) pattern += branch >> i & 1 ? "/{w" + std::to_string(i) + "}" : "/a";
    mux.HandleFunc(pattern + "/end" + std::to_string(branch), PlainFunction);
  }
}

// A search that is past the place of a pattern when that is registered must not answer with a pattern that was
// registered even later.
TEST(ServeMuxTest, SeesRegistrationsInTheirOrder) {
  constexpr int kDepth = 8;
  std::string path;
  for (int i = 0; i < kDepth; ++i) path += "/a";
  for (int round = 0; round < 20; ++round) {
    ServeMux mux;
    MakeSearchLong(mux, kDepth);
    std::atomic<bool> started = false;
    std::atomic<bool> stop = false;
    std::atomic<int> failures = 0;
    std::thread reader([&] {
      while (!stop) {
        const std::string answer = ServePath(mux, "GET", "h", path);
        if (answer != "404" && answer != "200 h" + path) ++failures;
        started = true;
      }
    });
    while (!started) std::this_thread::yield();
    mux.HandleFunc("h" + path, Echo());
    mux.HandleFunc("/{rest...}", Echo());
    stop = true;
    reader.join();
    ASSERT_EQ(failures, 0);
  }
}

TEST(ServeMuxTest, StripsPorts) {
  const struct {
    const char* host;
    const char* stripped;
  } rows[] = {
      {"", ""},
      {"example.com", "example.com"},
      {"example.com:80", "example.com"},
      {"example.com:", "example.com"},
      {":80", ""},
      {"127.0.0.1:8080", "127.0.0.1"},
      {"[::1]:80", "::1"},
      {"[::1]", "[::1]"},
      {"::1", "::1"},
      {"a:b:80", "a:b:80"},
      {"[a:80", "[a:80"},
      {"a]:80", "a]:80"},
      {"[a]b:80", "[a]b:80"},
      {"a:[80]", "a:[80]"},
  };
  for (const auto& row : rows) EXPECT_EQ(internal::StripPort(row.host), row.stripped) << row.host;
}

TEST(DefaultServeMuxTest, IsOneForTheProcess) {
  HandlerFunc not_owned([](ResponseWriter& w, Request&) { (void)w.Write("not owned"); });
  static HandlerFunc kept = not_owned;
  Handle("/default/reference", kept);
  Handle("/default/shared", std::make_shared<HandlerFunc>(PlainFunction));
  HandleFunc("/default/function", PlainFunction);
  EXPECT_EQ(&DefaultServeMux(), &DefaultServeMux());
  EXPECT_EQ(Serve(DefaultServeMux(), "GET", "", "/default/reference"), "200 not owned");
  EXPECT_EQ(Serve(DefaultServeMux(), "GET", "", "/default/shared"), "200 plain");
  EXPECT_EQ(Serve(DefaultServeMux(), "GET", "", "/default/function"), "200 plain");
  const std::string message = PanicMessage([] { HandleFunc("/default/function", PlainFunction); });
  EXPECT_NE(message.find(std::string(__FILE__) + ":" + std::to_string(__LINE__ - 1)), std::string::npos) << message;
}

}  // namespace
}  // namespace gale::http

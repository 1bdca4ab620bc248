// FileServer and ServeFile: which file is meant, and what is said of it. Behaviour group 52.
#include "gale/http/file_server.h"

#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "gale/http/httptest/new_request.h"
#include "gale/http/httptest/response_recorder.h"
#include "gale/http/serve_file.h"
#include "gale/http/serve_mux.h"
#include "gale/http/strip_prefix.h"
#include "gale/tests/http/temp_folder.h"

namespace gale::http {
namespace {

using http::testing::TempFolder;
using httptest::NewRequest;
using httptest::ResponseRecorder;

ResponseRecorder Asked(Handler& handler, std::string_view target, std::string_view method = "GET",
                       std::string_view field = "", std::string_view value = "") {
  ResponseRecorder w;
  const auto r = NewRequest(method, target);
  if (!field.empty()) r->Header().Set(field, value);
  handler.ServeHTTP(w, *r);
  return w;
}

// "200 body", or "301 location", or only the status.
std::string Answer(Handler& handler, std::string_view target) {
  const ResponseRecorder w = Asked(handler, target);
  const std::string code = std::to_string(w.Code());
  if (w.Code() == 200) return code + ' ' + w.Body();
  if (w.ResultHeader().Has("Location")) return code + ' ' + std::string(w.ResultHeader().Get("Location"));
  return code;
}

class FileServerTest : public ::testing::Test {
 protected:
  FileServerTest() {
    folder_.Write("root/a.txt", "a");
    folder_.Write("root/dir/index.html", "<p>index");
    folder_.Write("root/dir/b.txt", "b");
    folder_.Write("root/empty/sub/c.txt", "c");
    folder_.Write("secret.txt", "secret");
  }
  FileServer Files(const FileServerOptions& options = {}) { return FileServer(folder_.PathOf("root"), options); }

  TempFolder folder_;
};

TEST_F(FileServerTest, Files) {
  FileServer files = Files();
  EXPECT_EQ(Answer(files, "/a.txt"), "200 a");
  EXPECT_EQ(Answer(files, "/a.txt?x=1"), "200 a");
  EXPECT_EQ(Answer(files, "/dir/b.txt"), "200 b");
  EXPECT_EQ(Answer(files, "/missing"), "404");
  EXPECT_EQ(Answer(files, "/a.txt/b"), "404");
  EXPECT_EQ(Answer(files, "/dir/"), "200 <p>index");
  const ResponseRecorder w = Asked(files, "/a.txt");
  EXPECT_EQ(w.ResultHeader().Get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(w.ResultHeader().Get("Content-Length"), "1");
  EXPECT_EQ(w.ResultHeader().Get("X-Content-Type-Options"), "nosniff");
  EXPECT_FALSE(w.ResultHeader().Has("Vary"));
  EXPECT_EQ(Asked(files, "/missing").Body(), "404 page not found\n");
}

TEST_F(FileServerTest, OnePathForEach) {
  FileServer files = Files();
  EXPECT_EQ(Answer(files, "/dir"), "301 dir/");
  EXPECT_EQ(Answer(files, "/dir?a=b%20c"), "301 dir/?a=b%20c");
  EXPECT_EQ(Answer(files, "/dir/index.html"), "301 ./");
  EXPECT_EQ(Answer(files, "/index.html?x=1"), "301 ./?x=1");
  EXPECT_EQ(Answer(files, "/a.txt/"), "301 ../a.txt");
  EXPECT_EQ(Answer(files, "/dir/b.txt/?q"), "301 ../b.txt?q");
  EXPECT_EQ(Answer(files, "/dir/."), "301 ./");
  EXPECT_EQ(Asked(files, "/dir").Body(), "");
}

TEST_F(FileServerTest, RedirectsStayOnTheServer) {
  folder_.MakeFolder("root/evil.example");
  folder_.MakeFolder("root/javascript:x");
  folder_.MakeFolder("root/a b\r\nX: y");
  FileServer files = Files();
  EXPECT_EQ(Answer(files, "//evil.example"), "301 evil.example/");
  EXPECT_EQ(Answer(files, "/javascript:x"), "301 ./javascript:x/");
  EXPECT_EQ(Answer(files, "/a%20b%0d%0aX:%20y"), "301 ./a%20b%0D%0AX:%20y/");
  EXPECT_EQ(Answer(files, "/%5cevil.example"), "404");
}

TEST_F(FileServerTest, NothingOutside) {
  FileServer files = Files();
  for (const char* target :
       {"/../secret.txt", "/dir/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt", "/%252e%252e/secret.txt", "/dir/..%2f..%2fsecret.txt", "/%c0%ae%c0%ae/secret.txt",
        "/.../secret.txt", "//..//secret.txt", "/dir%2fb.txt", "/dir%2Fb.txt"}) {
    EXPECT_EQ(Answer(files, target), "404") << target;
  }
  EXPECT_EQ(Answer(files, "/../a.txt"), "200 a") << "the root has no parent";
  EXPECT_EQ(Answer(files, "/dir/../a.txt"), "200 a");
  EXPECT_EQ(Answer(files, "/./dir//b.txt"), "200 b");
}

TEST_F(FileServerTest, NamesThatCannotBe) {
  FileServer files = Files();
  EXPECT_EQ(Answer(files, "/%0a"), "404");
  EXPECT_EQ(Answer(files, "/%0d%0aX:y"), "404");
  EXPECT_EQ(Answer(files, "/%ff%fe"), "404");
  EXPECT_EQ(Answer(files, "/" + std::string(255, 'x')), "404");
  EXPECT_EQ(Answer(files, "/" + std::string(5000, 'x')), "404");
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "/x";
  EXPECT_EQ(Answer(files, deep), "404");
  // A server refuses this one before.
  ResponseRecorder w;
  Request r;
  r.URL().SetPath(std::string_view("/a.txt\0.html", 12));
  files.ServeHTTP(w, r);
  EXPECT_EQ(w.Code(), 404);
}

TEST_F(FileServerTest, OnlyGetAndHead) {
  FileServer files = Files();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const ResponseRecorder w = Asked(files, "/a.txt", method);
    EXPECT_EQ(w.Code(), 405);
    EXPECT_EQ(w.ResultHeader().Get("Allow"), "GET, HEAD");
  }
  const ResponseRecorder head = Asked(files, "/a.txt", "HEAD");
  EXPECT_EQ(head.Code(), 200);
  EXPECT_EQ(head.Body(), "");
  EXPECT_EQ(head.ResultHeader().Get("Content-Length"), "1");
}

TEST_F(FileServerTest, RangesAndConditions) {
  folder_.Write("root/r.txt", "0123456789\n");
  folder_.SetModified("root/r.txt", 784111777);
  FileServer files = Files();
  const ResponseRecorder part = Asked(files, "/r.txt", "GET", "Range", "bytes=-3");
  EXPECT_EQ(part.Code(), 206);
  EXPECT_EQ(part.Body(), "89\n");
  EXPECT_EQ(part.ResultHeader().Get("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(Asked(files, "/r.txt", "GET", "If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT").Code(), 304);
}

TEST_F(FileServerTest, Lists) {
  for (const char* name : {"z", "B", "a", "foo:bar", "?foo=bar#baz", "\"'<>&", "<combo>?foo"}) {
    folder_.Write("root/empty/" + std::string(name), "");
  }
  FileServer files = Files();
  const ResponseRecorder w = Asked(files, "/empty/");
  EXPECT_EQ(w.Code(), 200);
  EXPECT_EQ(w.ResultHeader().Get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(w.ResultHeader().Has("Last-Modified"));
  EXPECT_EQ(w.Body(),
            "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n"
            "<a href=\"%22%27%3C%3E&amp;\">&#34;&#39;&lt;&gt;&amp;</a>\n"
            "<a href=\"%3Ccombo%3E%3Ffoo\">&lt;combo&gt;?foo</a>\n"
            "<a href=\"%3Ffoo=bar%23baz\">?foo=bar#baz</a>\n"
            "<a href=\"B\">B</a>\n"
            "<a href=\"a\">a</a>\n"
            "<a href=\"./foo:bar\">foo:bar</a>\n"
            "<a href=\"sub/\">sub/</a>\n"
            "<a href=\"z\">z</a>\n"
            "</pre>\n");
  folder_.SetModified("root/empty", 784111777);
  EXPECT_EQ(Asked(files, "/empty/", "GET", "If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT").Code(), 304);
  FileServer silent = Files({.list_directories = false});
  EXPECT_EQ(Answer(silent, "/empty/"), "404");
  EXPECT_EQ(Answer(silent, "/dir/"), "200 <p>index");
}

TEST_F(FileServerTest, DotFiles) {
  folder_.Write("root/empty/.env", "key");
  folder_.Write("root/.git/config", "x");
  folder_.Write("root/.well-known/security.txt", "mail");
  FileServer files = Files();
  EXPECT_EQ(Answer(files, "/.git/config"), "200 x");
  EXPECT_NE(Asked(files, "/empty/").Body().find(".env"), std::string::npos);
  FileServer hiding = Files({.hide_dot_files = true});
  for (const char* target : {"/.git/config", "/.git", "/.git/", "/empty/.env", "/x/../.git/config", "/%2egit/config"}) {
    EXPECT_EQ(Answer(hiding, target), "404") << target;
  }
  EXPECT_EQ(Asked(hiding, "/empty/").Body().find(".env"), std::string::npos);
  EXPECT_EQ(Answer(hiding, "/.well-known/security.txt"), "200 mail");
  EXPECT_EQ(Answer(hiding, "/a.txt"), "200 a");
}

// A FIFO whose other end nobody has opened must not hold the thread.
TEST_F(FileServerTest, WhatIsNoFileIsNotServed) {
  ASSERT_EQ(::mkfifo(folder_.PathOf("root/fifo").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(folder_.PathOf("root/empty/index.html").c_str(), 0600), 0);
  const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  folder_.PathOf("root/socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  FileServer files = Files();
  EXPECT_EQ(Answer(files, "/fifo"), "404");
  EXPECT_EQ(Answer(files, "/socket"), "404");
  EXPECT_EQ(Answer(files, "/empty/"), "404");
  ::close(listening);
  FileServer devices("/dev");
  EXPECT_EQ(Answer(devices, "/null"), "404");
  EXPECT_EQ(Answer(devices, "/zero"), "404");
}

TEST_F(FileServerTest, ErrorsSayNothing) {
  folder_.Write("root/locked/index.html", "x");
  FileServer missing(folder_.PathOf("nowhere"));
  EXPECT_EQ(missing.OpenError(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(Answer(missing, "/"), "404");
  ASSERT_EQ(::chmod(folder_.PathOf("root/a.txt").c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder_.PathOf("root/locked/index.html").c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder_.Path().c_str(), 0755), 0);
  FileServer files = Files();
  // Root may read everything.
  const bool is_root = ::geteuid() == 0;
  if (is_root) ::setfsuid(65534);
  EXPECT_EQ(Asked(files, "/a.txt").Body(), "403 Forbidden\n");
  EXPECT_EQ(Answer(files, "/a.txt"), "403");
  EXPECT_EQ(Answer(files, "/locked/"), "403") << "no list in the place of a page that may not be read";
  if (is_root) ::setfsuid(0);
}

TEST_F(FileServerTest, WithoutSniffingTheExtensionAloneCounts) {
  folder_.Write("root/upload", "<script>");
  FileServer files = Files();
  EXPECT_EQ(Asked(files, "/upload").ResultHeader().Get("Content-Type"), "text/html; charset=utf-8");
  FileServer careful = Files({.sniff = false});
  EXPECT_EQ(Asked(careful, "/upload").ResultHeader().Get("Content-Type"), "application/octet-stream");
  EXPECT_EQ(Asked(careful, "/a.txt").ResultHeader().Get("Content-Type"), "text/plain; charset=utf-8");
}

TEST_F(FileServerTest, UnderAPrefixAndAMux) {
  FileServer files = Files();
  StripPrefix strip("/static", files);
  ServeMux mux;
  mux.Handle("/static/", strip);
  EXPECT_EQ(Answer(mux, "/static/dir/b.txt"), "200 b");
  EXPECT_EQ(Answer(mux, "/static/dir"), "301 dir/");
  EXPECT_EQ(Answer(mux, "/static/dir/index.html"), "301 ./");
  EXPECT_EQ(Answer(mux, "/static/dir%2fb.txt"), "404");
  EXPECT_EQ(Answer(mux, "/static/..%2f..%2fsecret.txt"), "404");
}

class PrecompressedTest : public FileServerTest {
 protected:
  PrecompressedTest() {
    folder_.Write("root/s.css", "plain");
    for (const char* extension : {"br", "zst", "gz"}) folder_.Write(std::string("root/s.css.") + extension, extension);
  }
  std::string Chosen(std::string_view accept, std::string_view target = "/s.css") {
    const ResponseRecorder w = Asked(files_, target, "GET", "Accept-Encoding", accept);
    EXPECT_EQ(w.ResultHeader().Get("Vary"), "Accept-Encoding");
    EXPECT_EQ(w.ResultHeader().Get("Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(w.ResultHeader().Get("Content-Length"), std::to_string(w.Body().size()));
    return std::string(w.ResultHeader().Get("Content-Encoding")) + '|' + w.Body();
  }

  FileServer files_{folder_.PathOf("root"), {.precompressed = true}};
};

TEST_F(PrecompressedTest, TheClientsPreferenceDecides) {
  EXPECT_EQ(Chosen("gzip, br, zstd"), "br|br");
  EXPECT_EQ(Chosen("gzip, zstd"), "zstd|zst");
  EXPECT_EQ(Chosen("gzip"), "gzip|gz");
  EXPECT_EQ(Chosen("*"), "br|br");
  EXPECT_EQ(Chosen("br;q=0.1, gzip;q=0.2"), "gzip|gz");
  EXPECT_EQ(Chosen("*, br;q=0"), "zstd|zst");
  EXPECT_EQ(Chosen("*;q=0"), "|plain");
  EXPECT_EQ(Chosen("gzip;q=0"), "|plain");
  EXPECT_EQ(Chosen("identity, gzip;q=0.5"), "|plain");
  EXPECT_EQ(Chosen("identity;q=0.1, gzip;q=0.5"), "gzip|gz");
  EXPECT_EQ(Chosen("deflate"), "|plain");
  EXPECT_EQ(Chosen(""), "|plain");
}

TEST_F(PrecompressedTest, WhatIsOlderThanTheFileIsNotUsed) {
  folder_.SetModified("root/s.css", 2000);
  folder_.SetModified("root/s.css.br", 1999);
  folder_.SetModified("root/s.css.gz", 2000);
  folder_.SetModified("root/s.css.zst", 1000);
  EXPECT_EQ(Chosen("gzip, br, zstd"), "gzip|gz");
}

TEST_F(PrecompressedTest, TheFileItselfMustExist) {
  folder_.Write("root/t.css.br", "br");
  EXPECT_EQ(Asked(files_, "/t.css", "GET", "Accept-Encoding", "br").Code(), 404);
  EXPECT_EQ(Asked(files_, "/s.css.gz").Body(), "gz");
  EXPECT_EQ(Asked(files_, "/s.css.gz").ResultHeader().Get("Content-Encoding"), "");
}

TEST_F(PrecompressedTest, UnknownTypesAreSniffedBeforeTheEncoding) {
  folder_.Write("root/page", "<html>");
  folder_.Write("root/page.br", "\x01\x02");
  const ResponseRecorder w = Asked(files_, "/page", "GET", "Accept-Encoding", "br");
  EXPECT_EQ(w.ResultHeader().Get("Content-Encoding"), "br");
  EXPECT_EQ(w.ResultHeader().Get("Content-Type"), "text/html; charset=utf-8");
}

TEST_F(PrecompressedTest, OffByDefault) {
  FileServer files = Files();
  EXPECT_EQ(Asked(files, "/s.css", "GET", "Accept-Encoding", "br").Body(), "plain");
}

TEST_F(FileServerTest, ServeFileAnswersWithWhatTheProgramNames) {
  const auto serve = [&](std::string_view target, std::string_view name) {
    HandlerFunc handler([&](ResponseWriter& w, Request& r) { ServeFile(w, r, folder_.PathOf(name)); });
    return Answer(handler, target);
  };
  EXPECT_EQ(serve("/x", "root/a.txt"), "200 a");
  EXPECT_EQ(serve("/x/", "root/a.txt"), "200 a");
  EXPECT_EQ(serve("/x", "root/missing"), "404");
  EXPECT_EQ(serve("/x/", "root/dir"), "200 <p>index");
  EXPECT_EQ(serve("/x", "root/dir"), "301 x/");
  EXPECT_EQ(serve("/x/index.html", "root/a.txt"), "301 ./");
  for (const char* target : {"/..", "/../x", "/x/..", "/x/../y", "/..%2fx", "/x%5c..%5cy", "/%2e%2e/x"}) {
    EXPECT_EQ(serve(target, "root/a.txt"), "400") << target;
  }
  EXPECT_EQ(serve("/x..", "root/a.txt"), "200 a");
  EXPECT_EQ(serve("/...", "root/a.txt"), "200 a");
}

}  // namespace
}  // namespace gale::http

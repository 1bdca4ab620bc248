// Files over sockets: what the kernel sends. Behaviour group 52.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "gale/http/file_server.h"
#include "gale/http/serve_content.h"
#include "gale/tests/http/temp_folder.h"
#include "gale/tests/http/test_server.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;

// Text in which every place looks different.
std::string LongText(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
  text.resize(size);
  return text;
}

class FileWireTest : public ::testing::Test {
 protected:
  FileWireTest()
      : text_(LongText(1'000'000)),
        files_(folder_.Path()),
        server_([](ResponseWriter&, Request&) {}, {.handler = &files_}) {
    folder_.Write("large.txt", text_);
    folder_.Write("small.txt", "small");
  }

  static std::string Range(const std::string& range) { return "Range: bytes=" + range + "\r\n"; }

  TempFolder folder_;
  const std::string text_;
  FileServer files_;
  TestServer server_;
};

TEST_F(FileWireTest, WholeAndInPartsOnOneConnection) {
  WireClient client = server_.Connect();
  for (int i = 0; i < 3; ++i) {
    const WireResponse whole = client.Ask(Get("/large.txt"));
    EXPECT_EQ(whole.status, 200);
    EXPECT_TRUE(whole.body == text_);
    EXPECT_EQ(whole.Get("Content-Length"), "1000000");
    const WireResponse part = client.Ask(Get("/large.txt", Range("123456-654321")));
    EXPECT_EQ(part.status, 206);
    EXPECT_TRUE(part.body == text_.substr(123456, 654321 - 123456 + 1));
    EXPECT_EQ(part.Get("Content-Range"), "bytes 123456-654321/1000000");
    const WireResponse end = client.Ask(Get("/large.txt", Range("-10000")));
    EXPECT_TRUE(end.body == text_.substr(990'000));
    EXPECT_EQ(client.Ask(Get("/small.txt")).body, "small");
    EXPECT_EQ(client.Ask(Get("/small.txt", Range("1-2"))).body, "ma");
    EXPECT_EQ(client.Ask(Get("/small.txt", Range("5-"))).status, 416);
  }
}

TEST_F(FileWireTest, SeveralRanges) {
  WireClient client = server_.Connect();
  const WireResponse response = client.Ask(Get("/large.txt", Range("0-99999,500000-599999,-7")));
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.problem, "");
  const std::string type = response.Get("Content-Type");
  const std::string boundary = "--" + type.substr(type.find('=') + 1);
  const auto part = [&](const std::string& range, const std::string& bytes) {
    return boundary + "\r\nContent-Range: bytes " + range +
           "/1000000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + bytes + "\r\n";
  };
  EXPECT_TRUE(response.body == part("0-99999", text_.substr(0, 100'000)) +
                                   part("500000-599999", text_.substr(500'000, 100'000)) +
                                   part("999993-999999", text_.substr(999'993)) + boundary + "--\r\n");
  EXPECT_EQ(client.Ask(Get("/small.txt")).body, "small");
}

TEST_F(FileWireTest, HeadAndNotModified) {
  WireClient client = server_.Connect();
  const WireResponse head = client.Ask("HEAD /large.txt HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Get("Content-Length"), "1000000");
  const std::string since = "If-Modified-Since: " + head.Get("Last-Modified") + "\r\n";
  const WireResponse same = client.Ask(Get("/large.txt", since));
  EXPECT_EQ(same.status, 304);
  EXPECT_FALSE(same.Has("Content-Length"));
  EXPECT_FALSE(same.Has("Content-Type"));
  EXPECT_FALSE(same.Has("Transfer-Encoding"));
  EXPECT_EQ(client.Ask(Get("/small.txt")).body, "small");
}

TEST_F(FileWireTest, BeyondFourGigabytes) {
  const std::int64_t start = (std::int64_t{5} << 30) + 3;
  {
    std::ofstream file(folder_.PathOf("sparse.bin"), std::ios::binary);
    file.seekp(start);
    file << "the end";
  }
  const WireResponse head = server_.Ask("HEAD /sparse.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.Get("Content-Length"), std::to_string(start + 7));
  EXPECT_EQ(server_.Ask(Get("/sparse.bin", Range(std::to_string(start) + "-"))).body, "the end");
  const WireResponse large = server_.Ask(Get("/sparse.bin", Range(std::to_string(start - 100'000) + "-")));
  EXPECT_EQ(large.body.size(), 100'007u);
  EXPECT_TRUE(large.body.ends_with("the end"));
}

// A file that becomes shorter while it is sent is never filled up: the client sees that something is missing.
TEST_F(FileWireTest, AFileThatIsCutMeanwhile) {
  HandlerFunc handler([&](ResponseWriter& w, Request& r) {
    const int descriptor = ::open(folder_.PathOf("large.txt").c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(::truncate(folder_.PathOf("large.txt").c_str(), 300'000), 0);
    FileContent content(descriptor, 1'000'000);
    ServeContent(w, r, "large.txt", {}, content);
    ::close(descriptor);
  });
  TestServer server([](ResponseWriter&, Request&) {}, {.handler = &handler});
  WireClient client = server.Connect();
  const WireResponse response = client.Ask(Get("/"));
  EXPECT_EQ(response.Get("Content-Length"), "1000000");
  EXPECT_EQ(response.problem, "EOF");
  EXPECT_EQ(client.ReadToEnd().size(), 300'000u);
  EXPECT_EQ(client.Ending(), "EOF");
}

// Who has a file open keeps it, whatever takes its name.
TEST_F(FileWireTest, AFileThatIsReplacedMeanwhile) {
  folder_.Write("huge.txt", LongText(20'000'000));
  WireClient client = server_.Connect();
  client.Send(Get("/huge.txt"));
  ASSERT_TRUE(Eventually([&] { return client.Pending() > 0; }));
  folder_.Write("new.txt", "new");
  std::filesystem::rename(folder_.PathOf("new.txt"), folder_.PathOf("huge.txt"));
  const WireResponse response = client.ReadResponse();
  EXPECT_EQ(response.problem, "");
  EXPECT_TRUE(response.body == LongText(20'000'000));
  EXPECT_EQ(client.Ask(Get("/huge.txt")).body, "new");
}

TEST_F(FileWireTest, DescriptorsAreClosed) {
  WireClient client = server_.Connect();
  EXPECT_EQ(client.Ask(Get("/small.txt")).status, 200);
  const int before = OpenDescriptors();
  for (int i = 0; i < 50; ++i) {
    for (const char* path : {"/small.txt", "/large.txt", "/", "/missing", "/small.txt/"}) (void)client.Ask(Get(path));
  }
  // The runtime may have opened some of its own meanwhile.
  EXPECT_LT(OpenDescriptors(), before + 50);
}

}  // namespace
}  // namespace gale::http

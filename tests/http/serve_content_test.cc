// ServeContent: types, ranges, conditions. Behaviour group 52.
#include "gale/http/serve_content.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gale/http/httptest/new_request.h"
#include "gale/http/httptest/response_recorder.h"
#include "gale/http/type_by_extension.h"

namespace gale::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;
using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr std::string_view kText = "0123456789\n";
constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kDateBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view kDateAfter = "Sun, 06 Nov 1994 08:49:38 GMT";
// Half a second later than the date can tell.
constexpr std::chrono::system_clock::time_point kModified(std::chrono::milliseconds(784111777500));

struct Case {
  std::string_view method = "GET";
  std::string_view name = "a.txt";
  std::string_view text = kText;
  std::chrono::system_clock::time_point modified = kModified;
  Fields request = {};
  Fields response = {};  // what the handler has set
};

ResponseRecorder Served(const Case& c) {
  ResponseRecorder w;
  const auto r = NewRequest(c.method, "/");
  for (const auto& [name, value] : c.request) r->Header().Add(name, value);
  for (const auto& [name, value] : c.response) w.Header().Add(name, value);
  BytesContent content(c.text);
  ServeContent(w, *r, c.name, c.modified, content);
  return w;
}

ResponseRecorder Ranged(std::string_view range, std::string_view text = kText) {
  return Served({.text = text, .request = {{"Range", range}}});
}

TEST(ServeContentTest, Whole) {
  const ResponseRecorder w = Served({});
  EXPECT_EQ(w.Code(), 200);
  EXPECT_EQ(w.Body(), kText);
  EXPECT_EQ(w.ResultHeader().Get("Content-Length"), "11");
  EXPECT_EQ(w.ResultHeader().Get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(w.ResultHeader().Get("Last-Modified"), kDate);
  EXPECT_EQ(w.ResultHeader().Get("Accept-Ranges"), "bytes");
  EXPECT_FALSE(w.ResultHeader().Has("Content-Range"));
}

TEST(ServeContentTest, HeadHasTheSameFieldsAndNoBody) {
  const ResponseRecorder get = Served({});
  const ResponseRecorder head = Served({.method = "HEAD", .request = {{"Range", "bytes=0-1"}}});
  EXPECT_EQ(head.Code(), 200) << "only GET has ranges";
  EXPECT_EQ(head.Body(), "");
  ASSERT_EQ(head.ResultHeader().size(), get.ResultHeader().size());
  for (const auto& [name, value] : get.ResultHeader()) EXPECT_EQ(head.ResultHeader().Get(name), value);
}

TEST(ServeContentTest, TheTypeComesFromTheHandlerTheNameOrTheBytes) {
  EXPECT_EQ(Served({.name = "a.CSS"}).ResultHeader().Get("Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(Served({.name = "a", .text = "<html>"}).ResultHeader().Get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(Served({.name = "a.css", .text = "<html>"}).ResultHeader().Get("Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(Served({.name = "a.unknown"}).ResultHeader().Get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(Served({.response = {{"Content-Type", "x/y"}}}).ResultHeader().Get("Content-Type"), "x/y");
  const ResponseRecorder none = Served({.response = {{"Content-Type", ""}}});
  EXPECT_EQ(none.ResultHeader().Get("Content-Type"), "");
}

TEST(ServeContentTest, TypesByExtension) {
  EXPECT_EQ(TypeByExtension("x.html"), "text/html; charset=utf-8");
  EXPECT_EQ(TypeByExtension("dir.js/x.y.MJS"), "text/javascript; charset=utf-8");
  EXPECT_EQ(TypeByExtension("x.wasm"), "application/wasm");
  for (const char* name : {"", "x", "x.", ".", "dir.js/x", "x.unknown", "x.a-very-long-extension"}) {
    EXPECT_EQ(TypeByExtension(name), "") << name;
  }
}

TEST(ServeContentTest, OneRange) {
  const ResponseRecorder w = Ranged("bytes=2-4");
  EXPECT_EQ(w.Code(), 206);
  EXPECT_EQ(w.Body(), "234");
  EXPECT_EQ(w.ResultHeader().Get("Content-Range"), "bytes 2-4/11");
  EXPECT_EQ(w.ResultHeader().Get("Content-Length"), "3");
  EXPECT_EQ(w.ResultHeader().Get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(w.ResultHeader().Get("Last-Modified"), kDate);
}

TEST(ServeContentTest, RangeTable) {
  for (const auto& [range, code, body] : {
           std::tuple{"", 200, kText},
           {"bytes=0-4", 206, kText.substr(0, 5)},
           {"bytes=2-", 206, kText.substr(2)},
           {"bytes=-5", 206, kText.substr(6)},
           {"bytes=3-7", 206, kText.substr(3, 5)},
           {"bytes=5-1000", 206, kText.substr(5)},
           {"bytes=0-,1-,2-,3-,4-", 200, kText},
           {"bytes=0-9", 206, kText.substr(0, 10)},
           {"bytes=0-10", 206, kText},
           {"bytes=0-11", 206, kText},
           {"bytes=10-11", 206, kText.substr(10)},
           {"bytes=10-", 206, kText.substr(10)},
           {"bytes=0-99999", 206, kText},
           {"bytes=0-18446744073709551615", 206, kText},
           {"items=0-1", 200, kText},
       }) {
    const ResponseRecorder w = Ranged(range);
    EXPECT_EQ(w.Code(), code) << range;
    EXPECT_EQ(w.Body(), body) << range;
    EXPECT_EQ(w.ResultHeader().Get("Content-Length"), std::to_string(body.size())) << range;
  }
}

TEST(ServeContentTest, NoSuchRange) {
  for (const char* range : {"bytes=11-", "bytes=11-12", "bytes=12-12", "bytes=11-100", "bytes=100-", "bytes=100-1000",
                            "bytes=-0", "bytes=100000000000000000000-"}) {
    const ResponseRecorder w = Ranged(range);
    EXPECT_EQ(w.Code(), 416) << range;
    EXPECT_EQ(w.Body(), "invalid range: failed to overlap\n") << range;
    EXPECT_EQ(w.ResultHeader().Get("Content-Range"), "bytes */11") << range;
  }
  for (const char* range : {"bytes=5-2", "x", "bytes=", "bytes=a-b"}) {
    const ResponseRecorder w = Ranged(range);
    EXPECT_EQ(w.Code(), 416) << range;
    EXPECT_EQ(w.Body(), "invalid range\n") << range;
    EXPECT_EQ(w.ResultHeader().Get("Content-Range"), "bytes */11") << range;
  }
}

TEST(ServeContentTest, ErrorsHaveNoFieldsOfTheContent) {
  const ResponseRecorder w = Served(
      {.request = {{"Range", "bytes=100-"}},
       .response = {
           {"Etag", "\"a\""}, {"Cache-Control", "immutable"}, {"Content-Encoding", "gzip"}, {"X-Other", "stays"}}});
  EXPECT_EQ(w.Code(), 416);
  for (const char* name : {"Etag", "Cache-Control", "Content-Encoding", "Last-Modified", "Content-Length"}) {
    EXPECT_FALSE(w.ResultHeader().Has(name)) << name;
  }
  EXPECT_EQ(w.ResultHeader().Get("X-Other"), "stays");
  EXPECT_EQ(w.ResultHeader().Get("Content-Type"), "text/plain; charset=utf-8");
}

TEST(ServeContentTest, SeveralRanges) {
  const ResponseRecorder w = Ranged("bytes=0-1,5-8");
  EXPECT_EQ(w.Code(), 206);
  const std::string type(w.ResultHeader().Get("Content-Type"));
  constexpr std::string_view kPrefix = "multipart/byteranges; boundary=";
  ASSERT_TRUE(type.starts_with(kPrefix)) << type;
  const std::string boundary = type.substr(kPrefix.size());
  EXPECT_EQ(
      w.Body(),
      "--" + boundary + "\r\nContent-Range: bytes 0-1/11\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n01\r\n--" +
          boundary + "\r\nContent-Range: bytes 5-8/11\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n5678\r\n--" +
          boundary + "--\r\n");
  EXPECT_EQ(w.ResultHeader().Get("Content-Length"), std::to_string(w.Body().size()));
  EXPECT_FALSE(w.ResultHeader().Has("Content-Range"));
  EXPECT_NE(Ranged("bytes=0-1,5-8").ResultHeader().Get("Content-Type"), type) << "nobody can guess the boundary";
}

// An attack on servers that make a part of each range (CVE-2011-3192).
TEST(ServeContentTest, AThousandOverlappingRangesAreTheWhole) {
  std::string range = "bytes=0-";
  for (int i = 0; i < 1000; ++i) range += ",5-" + std::to_string(i + 5);
  const ResponseRecorder w = Ranged(range);
  EXPECT_EQ(w.Code(), 200);
  EXPECT_EQ(w.Body(), kText);
}

TEST(ServeContentTest, EmptyContentHasNoRanges) {
  for (const char* range : {"bytes=0-", "bytes=0-4", "bytes=-5"}) {
    const ResponseRecorder w = Ranged(range, "");
    EXPECT_EQ(w.Code(), 200) << range;
    EXPECT_EQ(w.ResultHeader().Get("Content-Length"), "0");
  }
}

TEST(ServeContentTest, WhatIsEncodedLaterHasNoLength) {
  const Fields gzip = {{"Content-Encoding", "gzip"}};
  EXPECT_FALSE(Served({.response = gzip}).ResultHeader().Has("Content-Length"));
  const ResponseRecorder part = Served({.request = {{"Range", "bytes=0-1"}}, .response = gzip});
  EXPECT_EQ(part.Code(), 206);
  EXPECT_EQ(part.ResultHeader().Get("Content-Length"), "2");
}

TEST(ServeContentTest, AnUnknownTimeIsNotSaid) {
  for (const auto modified :
       {std::chrono::system_clock::time_point(), std::chrono::system_clock::time_point(std::chrono::milliseconds(999)),
        std::chrono::system_clock::time_point(std::chrono::seconds(-5))}) {
    const ResponseRecorder w = Served({.modified = modified, .request = {{"If-Modified-Since", kDateAfter}}});
    EXPECT_EQ(w.Code(), 200);
    EXPECT_FALSE(w.ResultHeader().Has("Last-Modified"));
  }
}

struct Row {
  Fields request;
  int code;
  std::string_view tag = "\"a\"";
  std::string_view method = "GET";
};

std::string Described(const Row& row) {
  std::string text(row.method);
  for (const auto& [name, value] : row.request) text.append("; ").append(name).append(": ").append(value);
  return text + " with " + std::string(row.tag);
}

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    Case c{.method = row.method, .request = row.request};
    if (!row.tag.empty()) c.response = {{"Etag", row.tag}};
    EXPECT_EQ(Served(c).Code(), row.code) << Described(row);
  }
}

TEST(ServeContentTest, IfNoneMatch) {
  Check({
      {{{"If-None-Match", "\"a\""}}, 304},
      {{{"If-None-Match", "W/\"a\""}}, 304},
      {{{"If-None-Match", "\"a\""}}, 304, "W/\"a\""},
      {{{"If-None-Match", "\"x\", \"a\""}}, 304},
      {{{"If-None-Match", "\"x\""}, {"If-None-Match", "\"a\""}}, 304},
      {{{"If-None-Match", "*"}}, 304},
      {{{"If-None-Match", "*"}}, 304, ""},
      {{{"If-None-Match", "\"a\""}}, 304, "\"a\"", "HEAD"},
      {{{"If-None-Match", "\"a\""}}, 412, "\"a\"", "POST"},
      {{{"If-None-Match", "\"x\""}}, 200},
      {{{"If-None-Match", "\"a\""}}, 200, ""},
      {{{"If-None-Match", "a"}}, 200},
      {{{"If-None-Match", "\"x\""}, {"If-Modified-Since", kDateAfter}}, 200},
      {{{"If-None-Match", "\"a\""}, {"Range", "bytes=0-1"}}, 304},
      {{{"If-None-Match", "\"x\""}, {"Range", "bytes=0-1"}}, 206},
  });
}

TEST(ServeContentTest, IfModifiedSince) {
  Check({
      {{{"If-Modified-Since", kDate}}, 304},
      {{{"If-Modified-Since", kDateAfter}}, 304},
      {{{"If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT"}}, 304},
      {{{"If-Modified-Since", kDateBefore}}, 200},
      {{{"If-Modified-Since", "Sun Nov  6 08:49:37 1994"}}, 304},
      {{{"If-Modified-Since", "yesterday"}}, 200},
      {{{"If-Modified-Since", "0"}}, 200},
      {{{"If-Modified-Since", kDate}}, 304, "\"a\"", "HEAD"},
      {{{"If-Modified-Since", kDate}}, 200, "\"a\"", "POST"},
      {{{"If-Modified-Since", kDate}, {"Range", "bytes=0-1"}}, 304},
  });
}

TEST(ServeContentTest, IfMatchAndIfUnmodifiedSince) {
  Check({
      {{{"If-Match", "\"a\""}}, 200},
      {{{"If-Match", "\"x\", \"a\""}}, 200},
      {{{"If-Match", "*"}}, 200},
      {{{"If-Match", "\"x\""}}, 412},
      {{{"If-Match", "W/\"a\""}}, 412},
      {{{"If-Match", "\"a\""}}, 412, "W/\"a\""},
      {{{"If-Match", "\"a\""}}, 412, ""},
      {{{"If-Match", "\"x\""}, {"If-Unmodified-Since", kDateAfter}}, 412},
      {{{"If-Match", "\"a\""}, {"If-Unmodified-Since", kDateBefore}}, 200},
      {{{"If-Match", "\"a\""}, {"If-None-Match", "\"a\""}}, 304},
      {{{"If-Match", "\"x\""}, {"If-None-Match", "\"a\""}}, 412},
      {{{"If-Unmodified-Since", kDate}}, 200},
      {{{"If-Unmodified-Since", kDateAfter}}, 200},
      {{{"If-Unmodified-Since", kDateBefore}}, 412},
      {{{"If-Unmodified-Since", "tomorrow"}}, 200},
      {{{"If-Unmodified-Since", kDateBefore}}, 412, "\"a\"", "POST"},
  });
}

TEST(ServeContentTest, IfRange) {
  Check({
      {{{"If-Range", "\"a\""}, {"Range", "bytes=0-1"}}, 206},
      {{{"If-Range", "\"x\""}, {"Range", "bytes=0-1"}}, 200},
      {{{"If-Range", "W/\"a\""}, {"Range", "bytes=0-1"}}, 200},
      {{{"If-Range", "W/\"a\""}, {"Range", "bytes=0-1"}}, 200, "W/\"a\""},
      {{{"If-Range", kDate}, {"Range", "bytes=0-1"}}, 206},
      {{{"If-Range", kDateAfter}, {"Range", "bytes=0-1"}}, 200},
      {{{"If-Range", kDateBefore}, {"Range", "bytes=0-1"}}, 200},
      {{{"If-Range", "nonsense"}, {"Range", "bytes=0-1"}}, 200},
      {{{"If-Range", "\"a\""}}, 200},
      {{{"If-Range", "\"x\""}, {"Range", "bytes=100-"}}, 200},
  });
}

TEST(ServeContentTest, NotModifiedHasNothingOfABody) {
  const ResponseRecorder w = Served({.request = {{"If-None-Match", "\"a\""}},
                                     .response = {{"Etag", "\"a\""},
                                                  {"Content-Type", "text/x"},
                                                  {"Content-Length", "11"},
                                                  {"Content-Encoding", "gzip"},
                                                  {"Cache-Control", "no-cache"}}});
  EXPECT_EQ(w.Code(), 304);
  EXPECT_EQ(w.Body(), "");
  for (const char* name : {"Content-Type", "Content-Length", "Content-Encoding", "Last-Modified"}) {
    EXPECT_FALSE(w.ResultHeader().Has(name)) << name;
  }
  EXPECT_EQ(w.ResultHeader().Get("Etag"), "\"a\"");
  EXPECT_EQ(w.ResultHeader().Get("Cache-Control"), "no-cache");
  const ResponseRecorder without_tag = Served({.request = {{"If-Modified-Since", kDate}}});
  EXPECT_EQ(without_tag.ResultHeader().Get("Last-Modified"), kDate);
}

// Content that has no memory of its own, and is shorter than it says.
class Numbers : public Content {
 public:
  explicit Numbers(std::int64_t real) : real_(real) {}
  std::int64_t Size() const override { return 100'000; }
  std::expected<std::size_t, gale::Error> ReadAt(std::span<char> buffer, std::int64_t offset) override {
    if (offset >= real_) return std::unexpected(gale::Error(Errc::kEof));
    buffer[0] = static_cast<char>('0' + offset % 10);
    return 1;
  }

 private:
  const std::int64_t real_;
};

TEST(ServeContentTest, ContentOfOnesOwn) {
  ResponseRecorder w;
  const auto r = NewRequest("GET", "/");
  r->Header().Set("Range", "bytes=12345-12349,99998-");
  Numbers numbers(100'000);
  ServeContent(w, *r, "", {}, numbers);
  EXPECT_EQ(w.Code(), 206);
  EXPECT_NE(w.Body().find("\r\n\r\n56789\r\n--"), std::string::npos) << w.Body();
  EXPECT_NE(w.Body().find("\r\n\r\n89\r\n--"), std::string::npos);
}

TEST(ServeContentTest, ContentThatEndsEarlyEndsTheBody) {
  ResponseRecorder w;
  const auto r = NewRequest("GET", "/");
  r->Header().Set("Range", "bytes=0-4,8-9");
  Numbers numbers(3);
  ServeContent(w, *r, "a.txt", {}, numbers);
  EXPECT_TRUE(w.Body().ends_with("\r\n\r\n012")) << "nothing fills it up, and no part follows";
}

}  // namespace
}  // namespace gale::http

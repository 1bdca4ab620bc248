// multipart/form-data as a stream.
#include "gale/http/multipart.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "gale/http/message_errc.h"
#include "gale/net/string_reader.h"
#include "gale/tests/net/piece_reader.h"

namespace gale::http {
namespace {

using gale::testing::PieceReader;

std::string Replace(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// Wire makes CRLFs of the newlines in a text.
std::string Wire(std::string_view text) { return Replace(std::string(text), "\n", "\r\n"); }

// Everything that a reader yields: "name/filename:content|..." and the error that ended it.
std::string Summary(Reader& body, std::string_view boundary = "b", const MultipartOptions& options = {},
                    std::size_t piece = 1000) {
  MultipartReader reader(body, boundary, options);
  std::string summary;
  std::string buffer(piece, '\0');
  for (;;) {
    const auto part = reader.NextPart();
    if (!part) return summary + part.error().Message();
    summary += (*part)->FormName() + '/' + (*part)->FileName() + ':';
    for (;;) {
      const auto count = (*part)->Read(buffer);
      if (!count && count.error() == Errc::kEof) break;
      if (!count) return summary + "!" + count.error().Message();
      summary.append(buffer, 0, *count);
    }
    summary += '|';
  }
}
std::string Summary(const std::string& body, std::string_view boundary = "b", const MultipartOptions& options = {}) {
  StringReader reader(body);
  return Summary(reader, boundary, options);
}

const std::string kA = "Content-Disposition: form-data; name=a\n\n";

TEST(MultipartReaderTest, Parts) {
  const std::pair<std::string, std::string_view> rows[] = {
      {"--b\n" + kA + "1\n--b--\n", "a/:1|EOF"},
      {"--b\n" + kA + "1\n--b\nContent-Disposition: form-data; name=\"c\"; filename=\"f.txt\"\n\n2\n--b--",
       "a/:1|c/f.txt:2|EOF"},
      {"--b\n" + kA + "\n--b--\n", "a/:|EOF"},
      {"--b\n" + kA + "\n\n\n--b--\n", "a/:\r\n\r\n|EOF"},
      {"--b\n\nno header\n--b--\n", "/:no header|EOF"},
      {"--b\nContent-Disposition: attachment; name=a\n\n1\n--b--\n", "/:1|EOF"},
      {"preamble\nof two lines\n--b\n" + kA + "1\n--b--\n", "a/:1|EOF"},
      {"\n--b\n" + kA + "1\n--b--\nepilogue\n--b\n", "a/:1|EOF"},
      {"--b \t \n" + kA + "1\n--b\t\n" + kA + "2\n--b--\n", "a/:1|a/:2|EOF"},
      {"--b--\n", "EOF"},
      {"--b-- \t\nepilogue", "EOF"},
      {"--b-- ", "EOF"},
      {"--b\n" + kA + "--b--\n", "a/:|EOF"},  // no empty line behind the header
      {"--b\n" + kA + "1\n--bb\n--\n--B\n-b\n --b\n--b-\n--b-x\n--b--\n",
       "a/:1\r\n--bb\r\n--\r\n--B\r\n-b\r\n --b\r\n--b-\r\n--b-x|EOF"},
      {"--b\n" + kA + "--bc\n--b--\n", "a/:--bc|EOF"},
      {"--b\n" + kA + "1\r\n--b--\n", "a/:1\r|EOF"},
  };
  for (const auto& [text, summary] : rows) {
    const std::string body = Wire(text);
    for (std::size_t source_piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, body.size()}) {
      for (std::size_t piece : {1u, 3u, 1000u}) {
        PieceReader reader(body, source_piece);
        EXPECT_EQ(Summary(reader, "b", {}, piece), summary) << text;
      }
    }
  }
}

TEST(MultipartReaderTest, SplitAnywhereGivesTheSame) {
  const std::string boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
  const std::string body =
      Replace(Wire("--b\n" + kA + "one\n--b\n" + kA + "\n--x\n--b\n" + kA + "\n--b--\n"), "--b", "--" + boundary);
  for (std::size_t cut = 0; cut <= body.size(); ++cut) {
    class Cut : public Reader {
     public:
      Cut(const std::string& text, std::size_t at) : first_(text.substr(0, at)), second_(text.substr(at)) {}
      std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override {
        auto count = first_.Read(buffer);
        return count ? count : second_.Read(buffer);
      }

     private:
      StringReader first_, second_;
    } reader(body, cut);
    EXPECT_EQ(Summary(reader, boundary), "a/:one|a/:\r\n--x|a/:|EOF") << cut;
  }
}

TEST(MultipartReaderTest, EveryPrefixIsUnexpectedlyShort) {
  const std::string body = Wire("--b\n" + kA + "one\n--b\n" + kA + "two\n--b--");
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::string summary = Summary(body.substr(0, size));
    EXPECT_TRUE(summary.ends_with("unexpected EOF")) << size << ": " << summary;
  }
  EXPECT_EQ(Summary(body), "a/:one|a/:two|EOF");
}

TEST(MultipartReaderTest, Malformed) {
  const std::pair<std::string, std::string_view> rows[] = {
      {"--b x\n", "multipart: malformed body"},
      {"--b\rx\n", "multipart: malformed body"},
      {"--b--x\n", "multipart: malformed body"},
      {"--b-- x\n--b\n", "multipart: malformed body"},
      {"--b--\rx\n", "multipart: malformed body"},
      {"--b\n" + kA + "1\n--b----\n", "a/:1|multipart: malformed body"},
      {"--b" + std::string(2000, ' ') + "\n", "multipart: malformed body"},
      {std::string(10'000, 'x') + "\n--b\n", "multipart: malformed body"},
      {"--b\nName : x\n\n", "multipart: malformed MIME header"},
      {"--b\nno colon\n\n", "multipart: malformed MIME header"},
      {"--b\nA: b\n folded\n\n", "multipart: malformed MIME header"},
      {"--b\nContent-Disposition: form-data; name=\"a\n\n\n--b--", "multipart: malformed MIME header"},
      {"--b\nContent-Disposition: form-data; name=a; name=b\n\n\n--b--", "multipart: malformed MIME header"},
      {"--b\nContent-Disposition: form-data; name=a\nContent-Disposition: form-data; name=b\n\n\n--b--",
       "multipart: malformed MIME header"},
  };
  for (const auto& [text, message] : rows) EXPECT_EQ(Summary(Wire(text)), message) << text.substr(0, 100);
  EXPECT_EQ(Summary("--b\n\nbare LF\n--b--\n"), "unexpected EOF");
}

TEST(MultipartReaderTest, FailureStays) {
  StringReader body("--b x\r\n--b\r\n\r\n1\r\n--b--");
  MultipartReader reader(body, "b");
  EXPECT_TRUE(reader.NextPart().error() == MessageErrc::kMalformedMultipart);
  EXPECT_TRUE(reader.NextPart().error() == MessageErrc::kMalformedMultipart);
  PieceReader failing("--b\r\n\r\n1", 100, gale::Error(Errc::kTimeout));
  EXPECT_EQ(Summary(failing), "/:1!i/o timeout");
}

TEST(MultipartReaderTest, Boundaries) {
  for (std::string_view good : {"b", "'()+_,-./:=?", "a b", "-", "0123456789"}) {
    EXPECT_EQ(Summary("--" + std::string(good) + "\r\n\r\n1\r\n--" + std::string(good) + "--", good), "/:1|EOF")
        << good;
  }
  const std::string longest(70, 'x');
  EXPECT_EQ(Summary("--" + longest + "--", longest), "EOF");
  for (const std::string& bad : {std::string(), std::string("a "), std::string("a\r\nb"), std::string("a\"b"),
                                 std::string("a;b"), std::string("\xc3\xa9"), longest + "x"}) {
    EXPECT_EQ(Summary("--" + bad + "--", bad), "mime: invalid boundary") << bad;
  }
}

TEST(MultipartReaderTest, FileNamesLoseTheirDirectories) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"\"f.txt\"", "f.txt"},
      {"f.txt", "f.txt"},
      {"\"../../etc/passwd\"", "passwd"},
      {"\"/etc/passwd\"", "passwd"},
      {"\"C:\\Users\\x\\f.txt\"", "f.txt"},
      {"\"..\\..\\f.txt\"", "f.txt"},
      {"\"a/\"", ""},
      {"\"..\"", ""},
      {"\"a/..\"", ""},
      {"\".\"", ""},
      {"\"\"", ""},
      {"\".hidden\"", ".hidden"},
      {"\"a\\\"b\"", "a\"b"},
      {"\"a%22b\"", "a%22b"},
      {"\"caf\xc3\xa9\"", "caf\xc3\xa9"},
      {"\"a;b\"", "a;b"},
  };
  for (const auto& [parameter, name] : rows) {
    const std::string body =
        "--b\r\nContent-Disposition: form-data; name=a; filename=" + std::string(parameter) + "\r\n\r\n--b--";
    EXPECT_EQ(Summary(body), "a/" + std::string(name) + ":|EOF") << parameter;
  }
  EXPECT_EQ(Summary("--b\r\nContent-Disposition: form-data; name=a; filename=x; filename*=UTF-8''y\r\n\r\n--b--"),
            "a/x:|EOF");
}

TEST(MultipartReaderTest, Limits) {
  std::string parts;
  for (int i = 0; i < 3; ++i) parts += "--b\r\n\r\nx\r\n";
  parts += "--b--";
  EXPECT_EQ(Summary(parts, "b", {.max_parts = 3}), "/:x|/:x|/:x|EOF");
  EXPECT_EQ(Summary(parts, "b", {.max_parts = 2}), "/:x|/:x|multipart: too many parts");

  const auto with_fields = [](int count) {
    std::string body = "--b\r\n";
    for (int i = 0; i < count; ++i) body += "A: b\r\n";
    return body + "\r\nx\r\n--b--";
  };
  EXPECT_EQ(Summary(with_fields(10)), "/:x|EOF");
  EXPECT_EQ(Summary(with_fields(11)), "multipart: message too large");

  const auto with_bytes = [](std::size_t size) {
    return "--b\r\nA: " + std::string(size - 7, 'x') + "\r\n\r\nx\r\n--b--";
  };
  EXPECT_EQ(Summary(with_bytes(8 * 1024)), "/:x|EOF");
  EXPECT_EQ(Summary(with_bytes(8 * 1024 + 1)), "multipart: message too large");
  EXPECT_EQ(Summary(with_bytes(100'000)), "multipart: message too large");
  EXPECT_EQ(Summary(with_bytes(100'000), "b", {.max_header_bytes = 200'000}), "/:x|EOF");
}

TEST(MultipartReaderTest, NextPartSkipsWhatIsLeft) {
  const std::string big(300'000, 'x');
  StringReader body("--b\r\n\r\n" + big + "\r\n--b\r\n" + Wire(kA) + big + "\r\n--b--");
  MultipartReader reader(body, "b");
  ASSERT_TRUE(reader.NextPart());
  const auto part = reader.NextPart();
  ASSERT_TRUE(part);
  EXPECT_EQ((*part)->FormName(), "a");
  EXPECT_EQ((*part)->Header().Get("content-disposition"), "form-data; name=a");
  EXPECT_EQ(*ReadAll(**part), big);
  EXPECT_TRUE(reader.NextPart().error() == Errc::kEof);
  EXPECT_TRUE(reader.NextPart().error() == Errc::kEof);
}

// Takes a text's worth of data apart at every one of these; a quadratic search would take minutes.
TEST(MultipartReaderTest, AlmostDelimitersAreLinear) {
  for (const std::string& unit : {std::string("\r\n"), std::string("\r\r"), "\r\n--" + std::string(69, 'b'),
                                  "\r\n--" + std::string(70, 'b') + "x", "\r\n--" + std::string(70, 'b') + "-x"}) {
    std::string data;
    while (data.size() < 8'000'000) data += unit;
    const std::string boundary(70, 'b');
    const std::string body = "--" + boundary + "\r\n\r\n" + data + "\r\n--" + boundary + "--";
    StringReader reader(body);
    const std::string summary = Summary(reader, boundary, {}, 100);
    EXPECT_EQ(summary.size(), 2 + data.size() + 4);
    EXPECT_TRUE(summary == "/:" + data + "|EOF");
  }
}

}  // namespace
}  // namespace gale::http

#include "gale/http/sniff.h"

#include <gtest/gtest.h>

#include <string>

namespace gale::http {
namespace {

using namespace std::literals;

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kBinary = "application/octet-stream";

// Behaviour group 53.
TEST(SniffTest, DetectContentType) {
  const struct {
    std::string_view name;
    std::string_view data;
    std::string_view type;
  } rows[] = {
      {"empty", "", kPlain},
      {"whitespace", " \r\n\t\x0c", kPlain},
      {"text", "This is a plain text document.", kPlain},
      {"escape is text", "\x1b[0m", kPlain},
      {"utf-8 text", "caf\xc3\xa9", kPlain},
      {"nul", "a\0b"sv, kBinary},
      {"vertical tab", "a\x0b", kBinary},
      {"control", "\x01\x02\x03", kBinary},
      {"shift", "abc\x0e", kBinary},
      {"doctype", "<!DOCTYPE HTML>...", kHtml},
      {"doctype lower", "<!doctype html>", kHtml},
      {"html", "<html><body></body></html>", kHtml},
      {"html mixed case", "<HtMl><bOdY>blah</body></html>", kHtml},
      {"html spaces", "\n<!doctype! <html><body></body></html>", kPlain},
      {"html after whitespace", "   \r\n\t\x0c<HEAD>", kHtml},
      {"html tag with space", "<a href=x>", kHtml},
      {"html tag cut", "<html", kPlain},
      {"html tag goes on", "<htmlx>", kPlain},
      {"html tag with newline", "<p\n>", kPlain},
      {"br", "<br>", kHtml},
      {"body", "<body bgcolor=x>", kHtml},
      {"comment", "<!-- x", kHtml},
      {"comment without space", "<!--x", kPlain},
      {"h1", "<h1>", kHtml},
      {"script", "<script >", kHtml},
      {"table", "<TABLE>", kHtml},
      {"xml", "\n<?xml!", "text/xml; charset=utf-8"},
      {"xml declaration", "<?xml version=\"1.0\"?>", "text/xml; charset=utf-8"},
      {"xml after whitespace", "\t <?xml ", "text/xml; charset=utf-8"},
      {"pdf", "%PDF-1.7", "application/pdf"},
      {"postscript", "%!PS-Adobe-3.0", "application/postscript"},
      {"utf-16be", "\xfe\xff\0a"sv, "text/plain; charset=utf-16be"},
      {"utf-16le",
       "\xff\xfe"
       "a\0"sv,
       "text/plain; charset=utf-16le"},
      {"utf-8 bom",
       "\xef\xbb\xbf"
       "abc",
       kPlain},
      {"utf-8 bom before a nul", "\xef\xbb\xbf\0"sv, kPlain},
      {"utf-16 bom too short", "\xfe\xff\0"sv, kBinary},
      {"ico", "\x00\x00\x01\x00"sv, "image/x-icon"},
      {"cur", "\x00\x00\x02\x00"sv, "image/x-icon"},
      {"bmp", "BM...", "image/bmp"},
      {"gif 87a", "GIF87a", "image/gif"},
      {"gif 89a", "GIF89a...", "image/gif"},
      {"gif 88a", "GIF88a", kPlain},
      {"webp", "RIFFabcdWEBPVP8", "image/webp"},
      {"png", "\x89PNG\r\n\x1a\n", "image/png"},
      {"jpeg", "\xff\xd8\xff\xe0", "image/jpeg"},
      {"aiff", "FORM\0\1\2\3AIFF"sv, "audio/aiff"},
      {"mp3", "ID3\x03", "audio/mpeg"},
      {"ogg", "OggS\0"sv, "application/ogg"},
      {"midi", "MThd\0\0\0\x06\0\1"sv, "audio/midi"},
      {"midi with another length", "MThd\0\0\0\x07\0\1"sv, kBinary},
      {"wave", "RIFFb\xb8\x00\x00WAVEfmt \x12\x00\x00\x00\x06"sv, "audio/wave"},
      {"avi",
       "RIFF,O\n\x00"
       "AVI LIST\xc3"sv,
       "video/avi"},
      {"riff of something else", "RIFFabcdABCD", kPlain},
      {"riff cut", "RIFFabcd", kPlain},
      {"mp4 isom",
       "\0\0\0\x18"
       "ftypmp42\0\0\0\0mp42isom<\x06t\xbfmdat"sv,
       "video/mp4"},
      {"mp4 later brand",
       "\0\0\0\x18"
       "ftypisom\0\0\0\0avc1mp41"sv,
       "video/mp4"},
      {"mp4 version is no brand",
       "\0\0\0\x10"
       "ftypisommp41"sv,
       kBinary},
      {"mp4 box too long",
       "\0\0\2\x30"
       "ftypmp42"sv,
       kBinary},
      {"mp4 odd box",
       "\0\0\0\x0d"
       "ftypmp42xxxx"sv,
       kBinary},
      {"mp4 empty box",
       "\0\0\0\0"
       "ftypmp42"sv,
       kBinary},
      {"webm", "\x1a\x45\xdf\xa3\x01", "video/webm"},
      {"ttf", "\x00\x01\x00\x00"sv, "font/ttf"},
      {"otf", "OTTO", "font/otf"},
      {"ttc", "ttcf", "font/collection"},
      {"woff", "wOFF", "font/woff"},
      {"woff2", "wOF2", "font/woff2"},
      {"gzip", "\x1f\x8b\x08", "application/x-gzip"},
      {"zip", "PK\x03\x04", "application/zip"},
      {"rar 4", "Rar!\x1a\x07\x00"sv, "application/x-rar-compressed"},
      {"rar 5", "Rar!\x1a\x07\x01\x00"sv, "application/x-rar-compressed"},
      {"rar of no version", "Rar!\x1a\x07\x02\x00"sv, kBinary},
      {"wasm", "\x00\x61\x73\x6d\x01\x00"sv, "application/wasm"},
      {"almost wasm", "\x00\x61\x73\x00"sv, kBinary},
  };
  for (const auto& row : rows) EXPECT_EQ(DetectContentType(row.data), row.type) << row.name;
}

TEST(SniffTest, EmbeddedOpenType) {
  std::string data(34, '\x03');
  EXPECT_EQ(DetectContentType(data + "LP"), "application/vnd.ms-fontobject");
  EXPECT_EQ(DetectContentType(data + "L"), kBinary);
  EXPECT_EQ(DetectContentType(data + "PL"), kBinary);
}

TEST(SniffTest, LooksAtTheFirst512BytesOnly) {
  EXPECT_EQ(DetectContentType(std::string(512, 'a') + '\0'), kPlain);
  EXPECT_EQ(DetectContentType(std::string(511, 'a') + '\0'), kBinary);
  EXPECT_EQ(DetectContentType(std::string(510, ' ') + "<p>"), kPlain);
  EXPECT_EQ(DetectContentType(std::string(509, ' ') + "<p>"), kHtml);
}

}  // namespace
}  // namespace gale::http

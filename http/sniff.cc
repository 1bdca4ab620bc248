#include "gale/http/sniff.h"

#include <array>
#include <cstdint>

#include "gale/http/internal/ascii.h"

namespace gale::http {
namespace {

using internal::ByteSet;
using std::operator""sv;

constexpr ByteSet kWhitespace("\t\n\x0c\r ");
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kText = "text/plain; charset=utf-8";

// Tags in upper case; data may have them in any. A space or ">" must follow.
constexpr std::array kHtmlTags = {
    "<!DOCTYPE HTML"sv, "<HTML"sv, "<HEAD"sv,  "<SCRIPT"sv, "<IFRAME"sv, "<H1"sv,   "<DIV"sv, "<FONT"sv,
    "<TABLE"sv,         "<A"sv,    "<STYLE"sv, "<TITLE"sv,  "<B"sv,      "<BODY"sv, "<BR"sv,  "<P"sv,
    "<!--"sv,
};

// Signature matches data of at least `least` bytes that starts with `start` and has `later` at `offset`.
struct Signature {
  std::string_view type;
  std::string_view start;
  std::size_t offset = 0;
  std::string_view later = {};
  std::size_t least = 0;

  constexpr bool Matches(std::string_view data) const {
    return data.size() >= least && data.starts_with(start) &&
           (later.empty() || (data.size() > offset && data.substr(offset).starts_with(later)));
  }
};

// Everything before MP4 in the standard's order of matching, which decides where two fit.
constexpr std::array kBeforeMp4 = {
    Signature{"application/pdf", "%PDF-"},
    Signature{"application/postscript", "%!PS-Adobe-"},
    Signature{"text/plain; charset=utf-16be", "\xFE\xFF", 0, {}, 4},
    Signature{"text/plain; charset=utf-16le", "\xFF\xFE", 0, {}, 4},
    Signature{"text/plain; charset=utf-8", "\xEF\xBB\xBF", 0, {}, 4},
    Signature{"image/x-icon", "\x00\x00\x01\x00"sv},
    Signature{"image/x-icon", "\x00\x00\x02\x00"sv},
    Signature{"image/bmp", "BM"},
    Signature{"image/gif", "GIF87a"},
    Signature{"image/gif", "GIF89a"},
    Signature{"image/webp", "RIFF", 8, "WEBPVP"},
    Signature{"image/png", "\x89PNG\r\n\x1A\n"},
    Signature{"image/jpeg", "\xFF\xD8\xFF"},
    Signature{"audio/aiff", "FORM", 8, "AIFF"},
    Signature{"audio/mpeg", "ID3"},
    Signature{"application/ogg", "OggS\x00"sv},
    Signature{"audio/midi", "MThd\x00\x00\x00\x06"sv},
    Signature{"video/avi", "RIFF", 8, "AVI "},
    Signature{"audio/wave", "RIFF", 8, "WAVE"},
};

constexpr std::array kAfterMp4 = {
    Signature{"video/webm", "\x1A\x45\xDF\xA3"},
    Signature{"application/vnd.ms-fontobject", "", 34, "LP"},
    Signature{"font/ttf", "\x00\x01\x00\x00"sv},
    Signature{"font/otf", "OTTO"},
    Signature{"font/collection", "ttcf"},
    Signature{"font/woff", "wOFF"},
    Signature{"font/woff2", "wOF2"},
    Signature{"application/x-gzip", "\x1F\x8B\x08"},
    Signature{"application/zip", "PK\x03\x04"},
    Signature{"application/x-rar-compressed", "Rar!\x1A\x07\x00"sv},
    Signature{"application/x-rar-compressed", "Rar!\x1A\x07\x01\x00"sv},
    Signature{"application/wasm",
              "\x00"
              "asm"sv},
};

bool StartsWithHtmlTag(std::string_view text) {
  for (std::string_view tag : kHtmlTags) {
    if (text.size() <= tag.size() || !internal::EqualFold(text.substr(0, tag.size()), tag)) continue;
    if (text[tag.size()] == ' ' || text[tag.size()] == '>') return true;
  }
  return false;
}

// An MP4 file starts with a box of type "ftyp" whose list of brands has one that starts with "mp4"; the four bytes
// after the first brand are its version.
bool IsMp4(std::string_view data) {
  if (data.size() < 12 || data.substr(4, 4) != "ftyp") return false;
  std::uint32_t box_size = 0;
  for (char c : data.substr(0, 4)) box_size = box_size << 8 | static_cast<unsigned char>(c);
  if (box_size % 4 != 0 || box_size > data.size()) return false;
  for (std::size_t brand = 8; brand < box_size; brand += 4) {
    if (brand != 12 && data.substr(brand, 3) == "mp4") return true;
  }
  return false;
}

constexpr ByteSet kBinaryBytes = ByteSet("\x0b").AddRange(0x00, 0x08).AddRange(0x0e, 0x1a).AddRange(0x1c, 0x1f);

bool IsText(std::string_view text) {
  for (char c : text) {
    if (kBinaryBytes.Has(c)) return false;
  }
  return true;
}

}  // namespace

std::string_view DetectContentType(std::string_view data) {
  data = data.substr(0, kSniffLength);
  std::string_view text = data;
  while (!text.empty() && kWhitespace.Has(text.front())) text.remove_prefix(1);

  if (StartsWithHtmlTag(text)) return kHtml;
  if (text.starts_with("<?xml")) return "text/xml; charset=utf-8";
  for (const Signature& signature : kBeforeMp4) {
    if (signature.Matches(data)) return signature.type;
  }
  if (IsMp4(data)) return "video/mp4";
  for (const Signature& signature : kAfterMp4) {
    if (signature.Matches(data)) return signature.type;
  }
  return IsText(text) ? kText : "application/octet-stream";
}

}  // namespace gale::http

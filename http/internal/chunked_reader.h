// ChunkedReader: decodes a chunked body, RFC 9112 section 7.1.
//
//   ChunkedReader reader(request.Trailer());
//   for (;;) {
//     const ChunkStep step = reader.Decode(received);
//     received.remove_prefix(step.consumed);
//     if (step.state == ChunkState::kData) Use(step.data);      // a view of `received`; call Decode again
//     if (step.state == ChunkState::kNeedMore) received = ReadMore();
//     if (step.state == ChunkState::kDone) break;                // received is what follows the body
//     if (step.state == ChunkState::kError) return Fail(reader.Error());
//   }
//
// It does no I/O and copies no data. Strict, because a chunk read differently by a proxy is a smuggled request: CRLF
// and nothing else ends a line, a size is 1 to 16 hexadecimal digits, an extension must be well-formed, though its
// meaning is ignored. Whitespace is accepted inside of extensions only, as in Go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "gale/http/header.h"
#include "gale/http/internal/field_parser.h"
#include "gale/http/internal/parse_result.h"

namespace gale::http::internal {

struct ChunkOptions {
  // Most bytes of data. A chunk that would exceed it: 413, as soon as its size is known.
  std::uint64_t max_body = std::numeric_limits<std::int64_t>::max();
  // Most bytes beyond the data and what is reasonable for it: see OnSizeLineEnd. More: 400.
  std::uint64_t max_overhead = 16 * 1024;
  // Longest trailer section in bytes, with the empty line at its end, and most field lines in it. More: 431.
  std::size_t max_trailer = 8 * 1024;
  std::size_t max_trailer_fields = 100;
};

enum class ChunkState : std::uint8_t { kNeedMore, kData, kDone, kError };

// ChunkStep is what one call of Decode came to. `consumed` bytes of the input are done with, data included.
struct ChunkStep {
  ChunkState state;
  std::size_t consumed;
  std::string_view data = {};  // of kData: not empty, a view of the input
};

// ChunkedReader is for one goroutine. It allocates only where there are trailer fields.
class ChunkedReader {
 public:
  // Trailer fields are copied into `trailer`, which must outlive the reader; those that may not stand in a trailer
  // are dropped, RFC 9110 section 6.5.1.
  explicit ChunkedReader(Header& trailer, const ChunkOptions& options = {})
      : trailer_(trailer), options_(options), fields_({options.max_trailer, options.max_trailer_fields}) {}

  // Decode goes through the input up to the end of the first piece of data, of the body or of the input, whichever
  // comes first. After kDone and kError it always returns the same, consuming nothing.
  ChunkStep Decode(std::string_view input);

  // DataLeft is how many of the next bytes are data: a caller may take them from the connection itself and tell so.
  std::uint64_t DataLeft() const { return place_ == Place::kData ? left_ : 0; }
  // SkipData tells that the next `size` bytes, at most DataLeft(), will not come by Decode.
  void SkipData(std::uint64_t size);

  // Error is the answer to a body that cannot be decoded; its text is also what a Read of the body should report.
  const ParseError& Error() const { return error_; }  // after kError

  // Reset prepares for the next body. The trailer is cleared by whoever owns it.
  void Reset();

 private:
  // The place in the body that the next byte belongs to.
  enum class Place : std::uint8_t {
    kSizeStart,            // the first digit
    kSize,                 // a further digit, or what ends the size
    kExtensionStart,       // behind ";"
    kExtensionName,        //
    kExtensionNameEnd,     // whitespace behind the name
    kExtensionValueStart,  // behind "="
    kExtensionToken,       //
    kExtensionQuoted,      // inside of quotes
    kExtensionEscape,      // behind a backslash inside of quotes
    kExtensionEnd,         // behind the closing quote
    kExtensionGap,         // whitespace behind a value: another extension must follow
    kSizeLf,               // the LF of a size line
    kData,                 //
    kDataCr,               // the CR and LF behind the data
    kDataLf,
    kTrailerStart,  // the first byte behind the last size line
    kTrailer,       //
    kFinalLf,       // the LF of the last line, without trailer fields
    kDone,
    kError,
  };

  // Each handles one byte; false means an error, with error_ set.
  bool OnByte(char c);
  bool OnSizeLineByte(char c);
  bool OnSizeByte(char c);
  bool OnExtensionByte(char c);
  bool OnQuotedByte(char c);
  bool OnSizeLineEnd();
  bool Expect(char c, char expected, Place next);

  ChunkStep ReadTrailer(std::string_view input, std::size_t start);
  ParseError OnTrailerField(std::string_view name, std::string_view value);
  bool Fail(int status, const char* text);
  bool Malformed() { return Fail(kStatusBadRequest, "malformed chunked encoding"); }

  Header& trailer_;
  ChunkOptions options_;
  Place place_ = Place::kSizeStart;
  std::uint32_t line_length_ = 0;  // of the current size line so far
  std::uint32_t size_digits_ = 0;
  std::uint64_t left_ = 0;       // of the current chunk's data; its size while that is being read
  std::uint64_t body_size_ = 0;  // of all chunks so far
  std::uint64_t excess_ = 0;     // overhead beyond what is reasonable for the data
  FieldParser fields_;
  std::string trailer_bytes_;
  ParseError error_;
};

}  // namespace gale::http::internal

#include "gale/http/internal/chunked_reader.h"

#include <algorithm>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/trailer_names.h"

namespace gale::http::internal {
namespace {

constexpr std::uint32_t kMaxSizeDigits = 16;
// A size line must be shorter, its CRLF not counted. Go's figure.
constexpr std::uint32_t kMaxLine = 4096;
// Overhead that is free: a reasonable line and twice the data of each chunk. Go's figure.
constexpr std::uint64_t kFreePerChunk = 16;

// qdtext, RFC 9110 section 5.6.4, is all of these but the quote and the backslash; a backslash may quote each.
constexpr const ByteSet& kQuotedBytes = kValueBytes;

bool IsWhitespace(char c) { return c == ' ' || c == '\t'; }

}  // namespace

void ChunkedReader::Reset() {
  place_ = Place::kSizeStart;
  line_length_ = size_digits_ = 0;
  left_ = body_size_ = excess_ = 0;
  fields_ = FieldParser({options_.max_trailer, options_.max_trailer_fields});
  trailer_bytes_.clear();
}

ChunkStep ChunkedReader::Decode(std::string_view input) {
  std::size_t at = 0;
  while (true) {
    if (place_ == Place::kDone) return {ChunkState::kDone, at};
    if (place_ == Place::kError) return {ChunkState::kError, at};
    if (at == input.size()) return {ChunkState::kNeedMore, at};
    if (place_ == Place::kData) {
      const std::string_view data = input.substr(at, left_);
      SkipData(data.size());
      return {ChunkState::kData, at + data.size(), data};
    }
    if (place_ == Place::kTrailer) return ReadTrailer(input, at);
    // The byte that starts the trailer is the trailer's.
    if (OnByte(input[at]) && place_ != Place::kTrailer) ++at;
  }
}

void ChunkedReader::SkipData(std::uint64_t size) {
  left_ -= size;
  if (left_ == 0) place_ = Place::kDataCr;
}

bool ChunkedReader::OnByte(char c) {
  switch (place_) {
    case Place::kDataCr: return Expect(c, '\r', Place::kDataLf);
    case Place::kDataLf: return Expect(c, '\n', Place::kSizeStart);
    case Place::kTrailerStart: place_ = c == '\r' ? Place::kFinalLf : Place::kTrailer; return true;
    case Place::kFinalLf: return Expect(c, '\n', Place::kDone);
    case Place::kSizeLf: return Expect(c, '\n', Place::kSizeStart) && OnSizeLineEnd();
    default: return OnSizeLineByte(c);
  }
}

bool ChunkedReader::Expect(char c, char expected, Place next) {
  if (c != expected) return Malformed();
  place_ = next;
  return true;
}

bool ChunkedReader::OnSizeLineByte(char c) {
  const bool may_end = place_ == Place::kSize || place_ == Place::kExtensionName || place_ == Place::kExtensionToken ||
                       place_ == Place::kExtensionEnd;
  if (c == '\r' && may_end) {
    place_ = Place::kSizeLf;
    return true;
  }
  if (++line_length_ >= kMaxLine) return Fail(kStatusBadRequest, "chunked line too long");
  switch (place_) {
    case Place::kSizeStart:
    case Place::kSize: return OnSizeByte(c);
    case Place::kExtensionQuoted:
    case Place::kExtensionEscape: return OnQuotedByte(c);
    default: return OnExtensionByte(c);
  }
}

bool ChunkedReader::OnSizeByte(char c) {
  if (c == ';' && place_ == Place::kSize) {
    place_ = Place::kExtensionStart;
    return true;
  }
  const int digit = HexValue(c);
  if (digit < 0) return Fail(kStatusBadRequest, "invalid byte in chunk length");
  if (++size_digits_ > kMaxSizeDigits) return Fail(kStatusBadRequest, "http chunk length too large");
  left_ = left_ << 4 | static_cast<unsigned>(digit);
  place_ = Place::kSize;
  return true;
}

bool ChunkedReader::OnExtensionByte(char c) {
  const auto go_to = [this](Place next) {
    place_ = next;
    return true;
  };
  const bool is_token = kTokenBytes.Has(c);
  switch (place_) {
    case Place::kExtensionStart:
      if (IsWhitespace(c)) return true;
      return is_token ? go_to(Place::kExtensionName) : Malformed();
    case Place::kExtensionName:
      if (is_token) return true;
      if (IsWhitespace(c)) return go_to(Place::kExtensionNameEnd);
      [[fallthrough]];
    case Place::kExtensionNameEnd:
      if (IsWhitespace(c)) return true;
      if (c == '=') return go_to(Place::kExtensionValueStart);
      return c == ';' ? go_to(Place::kExtensionStart) : Malformed();
    case Place::kExtensionValueStart:
      if (IsWhitespace(c)) return true;
      if (c == '"') return go_to(Place::kExtensionQuoted);
      return is_token ? go_to(Place::kExtensionToken) : Malformed();
    case Place::kExtensionToken:
      if (is_token) return true;
      [[fallthrough]];
    default:  // kExtensionEnd and kExtensionGap
      if (IsWhitespace(c)) return go_to(Place::kExtensionGap);
      return c == ';' ? go_to(Place::kExtensionStart) : Malformed();
  }
}

bool ChunkedReader::OnQuotedByte(char c) {
  if (!kQuotedBytes.Has(c)) return Malformed();
  if (place_ == Place::kExtensionEscape) {
    place_ = Place::kExtensionQuoted;
  } else if (c == '"') {
    place_ = Place::kExtensionEnd;
  } else if (c == '\\') {
    place_ = Place::kExtensionEscape;
  }
  return true;
}

bool ChunkedReader::OnSizeLineEnd() {
  const std::uint64_t size = left_;
  if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return Fail(kStatusBadRequest, "http chunk length too large");
  }
  // Data pays for overhead; else a body of one-byte chunks with long extensions would be traffic for nothing.
  excess_ += line_length_ + 2;
  excess_ -= std::min(excess_, kFreePerChunk + 2 * std::min(size, std::uint64_t{1} << 32));
  if (excess_ > options_.max_overhead) return Fail(kStatusBadRequest, "chunked encoding contains too much non-data");
  if (size > options_.max_body - body_size_) return Fail(kStatusRequestEntityTooLarge, "request body too large");
  body_size_ += size;
  line_length_ = size_digits_ = 0;
  place_ = size == 0 ? Place::kTrailerStart : Place::kData;
  return true;
}

ChunkStep ChunkedReader::ReadTrailer(std::string_view input, std::size_t start) {
  const std::size_t before = trailer_bytes_.size();
  trailer_bytes_ += input.substr(start, options_.max_trailer - before);
  const ParseState state = fields_.Parse(trailer_bytes_, [this](std::string_view name, std::string_view value,
                                                                const char*) { return OnTrailerField(name, value); });
  switch (state) {
    case ParseState::kIncomplete: return {ChunkState::kNeedMore, input.size()};
    case ParseState::kComplete: place_ = Place::kDone; return {ChunkState::kDone, start + fields_.End() - before};
    case ParseState::kError: break;
  }
  const int status = fields_.Error().status;
  Fail(status, status == kStatusRequestHeaderFieldsTooLarge ? "suspiciously long trailer after chunked body"
                                                            : "invalid trailer after chunked body");
  return {ChunkState::kError, start};
}

ParseError ChunkedReader::OnTrailerField(std::string_view name, std::string_view value) {
  if (IsTrailerName(name)) trailer_.Add(name, value);
  return {};
}

bool ChunkedReader::Fail(int status, const char* text) {
  error_ = {status, text};
  place_ = Place::kError;
  return false;
}

}  // namespace gale::http::internal

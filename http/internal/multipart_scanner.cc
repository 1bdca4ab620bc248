#include "gale/http/internal/multipart_scanner.h"

#include <algorithm>
#include <cstring>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/failure.h"
#include "gale/http/internal/field_parser.h"

namespace gale::http::internal {
namespace {

constexpr std::size_t kLookahead = 28 * 1024;  // of data at once, more than the preamble or a delimiter's line may have
constexpr std::size_t kMaxPreamble = 8 * 1024;
constexpr std::size_t kMaxPadding = 1024;
constexpr ByteSet kBoundaryBytes = ByteSet("'()+_,-./:=? ").AddRange('0', '9').AddRange('A', 'Z').AddRange('a', 'z');

}  // namespace

bool IsBoundary(std::string_view boundary) {
  return !boundary.empty() && boundary.size() <= 70 && kBoundaryBytes.HasAll(boundary) && boundary.back() != ' ';
}

MultipartScanner::MultipartScanner(Reader& body, std::string_view boundary, std::size_t max_header_bytes)
    : body_(body),
      delimiter_("\r\n--" + std::string(boundary)),
      capacity_(kLookahead + max_header_bytes),
      buffer_(std::make_unique_for_overwrite<char[]>(capacity_)) {
  buffer_[0] = '\r';
  buffer_[1] = '\n';
}

gale::Error MultipartScanner::NextDelimiter() {
  if (gale::Error error = SkipData()) return error;
  in_preamble_ = false;
  begin_ += delimiter_.size();
  at_delimiter_ = false;
  return FinishDelimiterLine();
}

gale::Error MultipartScanner::SkipData() {
  std::size_t skipped = 0;
  while (!at_delimiter_) {
    begin_ += data_;
    skipped += data_;
    data_ = 0;
    if (gale::Error error = FindData()) return error;
    if (in_preamble_ && skipped + data_ > kMaxPreamble) return Fault(MessageErrc::kMalformedMultipart);
  }
  begin_ += data_;
  data_ = 0;
  return {};
}

gale::Error MultipartScanner::FinishDelimiterLine() {
  for (std::size_t padding = 0; padding <= kMaxPadding; ++padding) {
    if (gale::Error error = Ensure(2)) return error;
    const std::string_view next = Unread().substr(0, 2);
    if (next == "\r\n") {
      begin_ += 2;
      return {};
    }
    if (next == "--" && padding == 0) return FinishLastLine();
    if (next[0] != ' ' && next[0] != '\t') break;
    ++begin_;
  }
  return Fault(MessageErrc::kMalformedMultipart);
}

// Behind the last delimiter its line ends, or all does. What else is there may be a part to other readers.
gale::Error MultipartScanner::FinishLastLine() {
  const gale::Error end = Errc::kEof;
  begin_ += 2;
  for (std::size_t padding = 0; padding <= kMaxPadding; ++padding) {
    if (gale::Error error = Ensure(1)) return error == Errc::kUnexpectedEof ? end : error;
    if (buffer_[begin_] == '\r') {
      if (gale::Error error = Ensure(2)) return error == Errc::kUnexpectedEof ? end : error;
      if (buffer_[begin_ + 1] == '\n') return end;
      break;
    }
    if (buffer_[begin_] != ' ' && buffer_[begin_] != '\t') break;
    ++begin_;
  }
  return Fault(MessageErrc::kMalformedMultipart);
}

gale::Error MultipartScanner::ReadHeader(Header& header, std::size_t max_bytes, std::size_t max_fields) {
  FieldParser parser({.max_bytes = max_bytes, .max_fields = max_fields});
  for (;;) {
    const ParseState state = parser.Parse(Unread(), [&](std::string_view name, std::string_view value, const char*) {
      header.Add(name, value);
      return ParseError{};
    });
    if (state == ParseState::kComplete) {
      begin_ += parser.End();
      return DetectEmptyPart();
    }
    if (state == ParseState::kError) {
      const bool is_large = parser.Error().status == kStatusRequestHeaderFieldsTooLarge;
      return Fault(is_large ? MessageErrc::kFormTooLarge : MessageErrc::kMalformedPartHeader);
    }
    if (gale::Error error = Refill()) return error;
  }
}

// A part without content may leave out the empty line behind its header: that CRLF is then the delimiter's.
gale::Error MultipartScanner::DetectEmptyPart() {
  const std::string_view dashes = std::string_view(delimiter_).substr(2);
  for (;;) {
    const std::string_view unread = Unread();
    if (unread.substr(0, dashes.size()) != dashes.substr(0, unread.size())) return {};
    const Match match =
        unread.size() < dashes.size() ? Match::kNeedsMore : MatchBehindDelimiter(unread.substr(dashes.size()));
    if (match == Match::kNo) return {};
    if (match == Match::kYes) break;
    if (gale::Error error = Refill()) return error;
  }
  // Those two bytes are still in the buffer.
  begin_ -= 2;
  at_delimiter_ = true;
  return {};
}

std::expected<std::size_t, gale::Error> MultipartScanner::ReadData(std::span<char> buffer) {
  if (buffer.empty()) return 0;
  if (data_ == 0 && !at_delimiter_) {
    if (gale::Error error = FindData()) return std::unexpected(std::move(error));
  }
  if (data_ == 0) return std::unexpected(gale::Error(Errc::kEof));
  const std::size_t count = std::min(buffer.size(), data_);
  std::memcpy(buffer.data(), buffer_.get() + begin_, count);
  begin_ += count;
  data_ -= count;
  return count;
}

// FindData is called when no byte is known to be data, and makes some known, or finds the delimiter at once.
gale::Error MultipartScanner::FindData() {
  for (;;) {
    const std::string_view unread = Unread();
    std::size_t at = 0;
    for (Match match = Match::kNo; match == Match::kNo;) {
      at = unread.find(delimiter_, at);
      if (at == std::string_view::npos) break;
      match = MatchBehindDelimiter(unread.substr(at + delimiter_.size()));
      at_delimiter_ = match == Match::kYes;
      if (match == Match::kNo) ++at;
    }
    if (at == std::string_view::npos) {
      // The last bytes may be the start of a delimiter.
      const std::size_t tail = unread.size() - std::min(unread.size(), delimiter_.size() - 1);
      at = std::min(unread.find('\r', tail), unread.size());
    }
    data_ = at;
    if (data_ > 0 || at_delimiter_) return {};
    if (gale::Error error = Refill()) return error;
  }
}

MultipartScanner::Match MultipartScanner::MatchBehindDelimiter(std::string_view rest) const {
  if (rest.empty()) return Match::kNeedsMore;
  if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r') return Match::kYes;
  if (rest[0] != '-') return Match::kNo;
  if (rest.size() == 1) return Match::kNeedsMore;
  return rest[1] == '-' ? Match::kYes : Match::kNo;
}

gale::Error MultipartScanner::Ensure(std::size_t size) {
  while (end_ - begin_ < size) {
    if (gale::Error error = Refill()) return error;
  }
  return {};
}

gale::Error MultipartScanner::Refill() {
  if (end_ == capacity_) {
    // DetectEmptyPart wants the two bytes before.
    const std::size_t kept = std::min<std::size_t>(begin_, 2);
    std::memmove(buffer_.get(), buffer_.get() + begin_ - kept, end_ - begin_ + kept);
    end_ -= begin_ - kept;
    begin_ = kept;
  }
  if (end_ == capacity_) return Fault(MessageErrc::kMalformedMultipart);
  const auto count = body_.Read({buffer_.get() + end_, capacity_ - end_});
  if (!count) return count.error() == Errc::kEof ? gale::Error(Errc::kUnexpectedEof) : count.error();
  if (*count == 0) return gale::Error(Errc::kNoProgress);
  end_ += *count;
  return {};
}

}  // namespace gale::http::internal

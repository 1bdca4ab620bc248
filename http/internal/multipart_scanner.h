// MultipartScanner: finds the delimiters in a multipart body while it arrives.
//
// A delimiter is CRLF, "--" and the boundary, and the line goes on with "--" (then it is the last one), with
// whitespace or with its CRLF. Where it goes on otherwise, it is data. The body is treated as if a CRLF stood before
// it, so that the first delimiter is one like the others and what precedes it is data of a part that nobody reads.
//
// Every byte is searched once: what is known to be data is counted, and the search goes on behind it. A run of
// almost-delimiters costs no more than other data, since a delimiter has its only CR at its start.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gale/http/header.h"
#include "gale/net/io.h"

namespace gale::http::internal {

// IsBoundary: 1 to 70 of RFC 2046's characters, the last one no space.
bool IsBoundary(std::string_view boundary);

// MultipartScanner is for one goroutine.
class MultipartScanner {
 public:
  // body must outlive it. max_header_bytes is the largest that ReadHeader is called with.
  MultipartScanner(Reader& body, std::string_view boundary, std::size_t max_header_bytes);

  // NextDelimiter moves behind the next delimiter's line. After the last one: Errc::kEof.
  gale::Error NextDelimiter();
  // ReadHeader is for once after NextDelimiter.
  gale::Error ReadHeader(Header& header, std::size_t max_bytes, std::size_t max_fields);
  // ReadData reads data up to the next delimiter, then reports Errc::kEof.
  std::expected<std::size_t, gale::Error> ReadData(std::span<char> buffer);

 private:
  enum class Match { kNo, kYes, kNeedsMore };

  gale::Error FindData();
  gale::Error SkipData();
  gale::Error FinishDelimiterLine();
  gale::Error FinishLastLine();
  gale::Error DetectEmptyPart();
  Match MatchBehindDelimiter(std::string_view rest) const;
  gale::Error Ensure(std::size_t size);
  gale::Error Refill();
  std::string_view Unread() const { return {buffer_.get() + begin_, end_ - begin_}; }

  Reader& body_;
  const std::string delimiter_;
  const std::size_t capacity_;
  const std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0, end_ = 2;  // of what was read and not yet consumed
  std::size_t data_ = 0;             // the first bytes of that, known to be data
  bool at_delimiter_ = false;        // behind them is a delimiter
  bool in_preamble_ = true;
};

}  // namespace gale::http::internal

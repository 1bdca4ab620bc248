// FieldParser: reads field lines, of a head or of a trailer section, up to the empty line after them.
//
//   FieldParser parser({.max_bytes = 8192, .max_fields = 100});
//   ParseState state = parser.Parse(received, [](std::string_view name, std::string_view value, const char* line_end) {
//     ...                    // value is without the whitespace around it; line_end is behind the CRLF
//     return ParseError{};
//   });
//
// RFC 9112 section 5 to the letter: CRLF ends a line and nothing else does, no space before the colon, no folded
// lines, a name is a token, a value has no control character but HTAB.
//
// Bytes are looked at strictly from left to right, and every verdict follows from the bytes up to where it was
// reached. That is why a section gives the same result whether it arrives whole or byte by byte, and why each byte
// is scanned once even then.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "gale/http/internal/parse_result.h"
#include "gale/http/internal/scan.h"
#include "gale/http/status.h"

namespace gale::http::internal {

// FieldParser's limits are totals; what exceeds one is answered with 431.
struct FieldLimits {
  std::size_t max_bytes;   // position in the input at which the section must have ended
  std::size_t max_fields;  // lines
};

// FieldParser is resumable: Parse is called with the same bytes again and what has arrived since. The bytes may
// have moved, but the views given out earlier are of where they were then. Not thread-safe.
class FieldParser {
 public:
  // The section starts at offset `start` of the input.
  explicit FieldParser(FieldLimits limits, std::size_t start = 0)
      : limits_(limits), line_start_(start), scanned_(start) {}

  // Parse calls on_field with every complete line that it has not been called with before; an error that on_field
  // returns ends the parsing. After kComplete, End() is the offset behind the empty line; after kError see Error().
  template <typename OnField>
  ParseState Parse(std::string_view input, OnField&& on_field);

  std::size_t End() const { return line_start_; }
  std::size_t Count() const { return count_; }
  const ParseError& Error() const { return error_; }

 private:
  ParseState Fail(int status, const char* text = "") {
    error_ = {status, text};
    return ParseState::kError;
  }
  // The input ends at `scanned`, inside the line that starts at `line`.
  ParseState Suspend(const char* begin, const char* line, const char* scanned, std::size_t input_size) {
    line_start_ = static_cast<std::size_t>(line - begin);
    scanned_ = static_cast<std::size_t>(scanned - begin);
    return input_size >= limits_.max_bytes ? Fail(kStatusRequestHeaderFieldsTooLarge) : ParseState::kIncomplete;
  }

  FieldLimits limits_;
  std::size_t line_start_;
  std::size_t scanned_;          // where the scan of the current line's name or value goes on
  std::size_t name_length_ = 0;  // of the current line, or 0 while its name is incomplete
  std::size_t count_ = 0;
  ParseError error_;
};

template <typename OnField>
ParseState FieldParser::Parse(std::string_view input, OnField&& on_field) {
  const char* const begin = input.data();
  const char* const end = begin + std::min(input.size(), limits_.max_bytes);
  const Scanner scanner({begin, end});
  const char* line = begin + line_start_;
  const char* p = begin + scanned_;
  std::size_t name_length = name_length_;
  name_length_ = 0;

  while (true) {
    if (name_length == 0) {
      if (line == end) return Suspend(begin, line, line, input.size());
      if (*line == '\r') {
        if (line + 1 == end) return Suspend(begin, line, line, input.size());
        if (line[1] != '\n') return Fail(kStatusBadRequest);
        line_start_ = static_cast<std::size_t>(line - begin) + 2;
        return ParseState::kComplete;
      }
      if (count_ == limits_.max_fields) return Fail(kStatusRequestHeaderFieldsTooLarge);
      p = scanner.Find<NameEnd>(p);
      if (p == end) return Suspend(begin, line, p, input.size());
      if (*p != ':' || p == line) return Fail(kStatusBadRequest, *p == ' ' && p != line ? "invalid header name" : "");
      name_length = static_cast<std::size_t>(p - line);
      // The name has no control character. Looking for the line's end from its start, again, lets the CPU find the
      // next lines while it still looks for the colons of the lines before.
      p = line;
    }
    p = scanner.Find<ValueEnd>(p);
    if (end - p < 2) {
      if (p != end && *p != '\r') return Fail(kStatusBadRequest);
      name_length_ = name_length;
      return Suspend(begin, line, p, input.size());
    }
    if (p[0] != '\r' || p[1] != '\n') return Fail(kStatusBadRequest);

    const char* value = line + name_length + 1;
    const char* value_end = p;
    // CR ends the first loop; the second only runs where a byte that ends it is left.
    while (*value == ' ' || *value == '\t') ++value;
    if (value != value_end) {
      while (value_end[-1] == ' ' || value_end[-1] == '\t') --value_end;
    }
    p += 2;
    ++count_;
    const ParseError error = on_field(std::string_view(line, name_length), std::string_view(value, value_end), p);
    if (error) return Fail(error.status, error.text);
    line = p;
    name_length = 0;
  }
}

}  // namespace gale::http::internal

// StringReader: a Reader over bytes that are already there.
//
//   gale::StringReader reader("hello");
//   gale::Copy(w, reader);
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <utility>

#include "gale/net/io.h"
#include "gale/runtime/error.h"

namespace gale {

// StringReader yields its text, which it owns, and then Errc::kEof. Never blocks. One goroutine at a time. Source: Go's
// strings.NewReader.
class StringReader : public Reader {
 public:
  explicit StringReader(std::string text) : text_(std::move(text)) {}

  std::expected<std::size_t, Error> Read(std::span<char> buffer) override;

  // Len is the number of bytes that have not been read.
  std::size_t Len() const { return text_.size() - read_; }

 private:
  const std::string text_;
  std::size_t read_ = 0;
};

}  // namespace gale

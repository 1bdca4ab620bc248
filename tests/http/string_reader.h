// StringReader: a body that a test has in hand, in pieces of a chosen size.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "gale/net/io.h"

namespace gale::http::testing {

// StringReader yields at most `piece` bytes with each Read, and at the end EOF or another error.
class StringReader : public Reader {
 public:
  explicit StringReader(std::string text, std::size_t piece = std::string::npos, gale::Error end = Errc::kEof)
      : text_(std::move(text)), piece_(piece), end_(std::move(end)) {}

  std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override {
    if (buffer.empty()) return 0;
    if (at_ == text_.size()) return std::unexpected(end_);
    const std::size_t count = std::min({buffer.size(), piece_, text_.size() - at_});
    text_.copy(buffer.data(), count, at_);
    at_ += count;
    return count;
  }
  std::size_t Consumed() const { return at_; }

 private:
  const std::string text_;
  const std::size_t piece_;
  const gale::Error end_;
  std::size_t at_ = 0;
};

}  // namespace gale::http::testing

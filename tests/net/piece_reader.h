// PieceReader: a text that arrives in pieces of a chosen size, and may end with an error.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "gale/net/string_reader.h"

namespace gale::testing {

// PieceReader yields at most `piece` bytes with each Read, and at the end EOF or another error.
class PieceReader : public Reader {
 public:
  PieceReader(std::string text, std::size_t piece, Error end = Errc::kEof)
      : size_(text.size()), text_(std::move(text)), piece_(piece), end_(std::move(end)) {}

  std::expected<std::size_t, Error> Read(std::span<char> buffer) override {
    const auto count = text_.Read(buffer.first(std::min(buffer.size(), piece_)));
    return count ? count : std::unexpected(end_);
  }
  std::size_t Consumed() const { return size_ - text_.Len(); }

 private:
  const std::size_t size_;
  StringReader text_;
  const std::size_t piece_;
  const Error end_;
};

}  // namespace gale::testing

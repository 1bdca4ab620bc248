#include "gale/net/io.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>
#include <string_view>

#include "gale/tests/net/piece_reader.h"

namespace gale {
namespace {

using testing::PieceReader;

// StuckReader never gives anything, nor an error.
class StuckReader : public Reader {
 public:
  std::expected<std::size_t, Error> Read(std::span<char>) override { return 0; }
};

// LimitedWriter takes so many bytes; then it fails, or says that it took fewer.
class LimitedWriter : public Writer {
 public:
  explicit LimitedWriter(std::size_t room, bool lies = false) : room_(room), lies_(lies) {}

  std::expected<std::size_t, Error> Write(std::string_view data) override {
    const std::size_t n = std::min(room_, data.size());
    text += data.substr(0, n);
    room_ -= n;
    if (n < data.size() && !lies_) return std::unexpected(Error::FromErrno(ENOSPC));
    return n;
  }
  std::string text;

 private:
  std::size_t room_;
  const bool lies_;
};

std::string Text(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

TEST(ReadAllTest, ReadsToTheEnd) {
  for (const std::size_t size : {0UL, 1UL, 511UL, 512UL, 513UL, 100'000UL}) {
    for (const std::size_t piece : {1UL, 100UL, 1'000'000UL}) {
      PieceReader reader(Text(size), piece);
      EXPECT_EQ(ReadAll(reader).value(), Text(size)) << size << " in pieces of " << piece;
    }
  }
}

TEST(ReadAllTest, LimitIsTheLargestSizeAllowed) {
  for (const std::size_t limit : {0UL, 10UL, 511UL, 512UL, 4096UL, 5000UL}) {
    PieceReader fits(Text(limit), 100);
    EXPECT_EQ(ReadAll(fits, limit).value(), Text(limit)) << limit;
    PieceReader exceeds(Text(limit + 1), 100);
    EXPECT_EQ(ReadAll(exceeds, limit).error(), std::errc::message_size) << limit;
  }
}

TEST(ReadAllTest, ReturnsTheReadersError) {
  PieceReader reader("some", 2, Error::FromErrno(ECONNRESET, "read tcp"));
  EXPECT_EQ(ReadAll(reader).error().Message(), "read tcp: connection reset by peer");
}

TEST(ReadAllTest, GivesUpOnAStuckReader) {
  StuckReader reader;
  EXPECT_EQ(ReadAll(reader).error(), Errc::kNoProgress);
}

TEST(CopyTest, MovesEverything) {
  PieceReader reader(Text(100'000), 777);
  LimitedWriter writer(1'000'000);
  EXPECT_EQ(Copy(writer, reader).value(), 100'000U);
  EXPECT_EQ(writer.text, Text(100'000));
}

TEST(CopyTest, ReturnsErrors) {
  PieceReader broken("some", 2, Error::FromErrno(ECONNRESET));
  LimitedWriter roomy(100);
  EXPECT_EQ(Copy(roomy, broken).error(), std::errc::connection_reset);
  EXPECT_EQ(roomy.text, "some");

  PieceReader reader(Text(100), 100);
  LimitedWriter full(10);
  EXPECT_EQ(Copy(full, reader).error(), std::errc::no_space_on_device);

  PieceReader again(Text(100), 100);
  LimitedWriter lying(10, true);
  EXPECT_EQ(Copy(lying, again).error(), Errc::kShortWrite);

  StuckReader stuck;
  EXPECT_EQ(Copy(roomy, stuck).error(), Errc::kNoProgress);
}

}  // namespace
}  // namespace gale

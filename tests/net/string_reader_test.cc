#include "gale/net/string_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gale {
namespace {

TEST(StringReaderTest, YieldsTheTextOnce) {
  StringReader reader("hello");
  EXPECT_EQ(reader.Len(), 5U);
  char buffer[3];
  EXPECT_EQ(reader.Read(buffer), 3U);
  EXPECT_EQ(std::string_view(buffer, 3), "hel");
  EXPECT_EQ(reader.Len(), 2U);
  EXPECT_EQ(reader.Read(buffer), 2U);
  EXPECT_EQ(std::string_view(buffer, 2), "lo");
  EXPECT_EQ(reader.Read(buffer).error(), Errc::kEof);
  EXPECT_EQ(reader.Read(buffer).error(), Errc::kEof);
  EXPECT_EQ(reader.Len(), 0U);
}

TEST(StringReaderTest, AnEmptyBufferIsNoEnd) {
  StringReader reader("");
  EXPECT_EQ(reader.Read({}), 0U);
  EXPECT_EQ(ReadAll(reader), "");
}

TEST(StringReaderTest, KeepsItsTextAndAllItsBytes) {
  std::string text("a\0b", 3);
  StringReader reader(text);
  text = "other";
  EXPECT_EQ(ReadAll(reader), std::string("a\0b", 3));
}

}  // namespace
}  // namespace gale

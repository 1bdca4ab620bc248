// Range fields. Behaviour group 52.
#include "gale/http/internal/byte_range.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace gale::http::internal {
namespace {

// "0+5 8+2": starts and lengths; or what is wrong; or "whole".
std::string Parsed(std::string_view field, std::int64_t size) {
  const auto ranges = ParseRange(field, size);
  if (!ranges) return ranges.error() == RangeFault::kInvalid ? "invalid" : "no overlap";
  if (ranges->empty()) return "whole";
  std::string text;
  for (const ByteRange& range : *ranges) {
    if (!text.empty()) text += ' ';
    text += std::to_string(range.start) + '+' + std::to_string(range.length);
  }
  return text;
}

TEST(ByteRangeTest, Rows) {
  EXPECT_EQ(Parsed("", 0), "whole");
  EXPECT_EQ(Parsed("", 1000), "whole");
  EXPECT_EQ(Parsed("bytes=0-9", 10), "0+10");
  EXPECT_EQ(Parsed("bytes=0-0", 10), "0+1");
  EXPECT_EQ(Parsed("bytes=0-", 10), "0+10");
  EXPECT_EQ(Parsed("bytes=5-", 10), "5+5");
  EXPECT_EQ(Parsed("bytes=0-20", 10), "0+10");
  EXPECT_EQ(Parsed("bytes=-5", 10), "5+5");
  EXPECT_EQ(Parsed("bytes=-15", 10), "0+10");
  EXPECT_EQ(Parsed("bytes=0-499", 10000), "0+500");
  EXPECT_EQ(Parsed("bytes=500-700,601-999", 10000), "500+201 601+399");
  EXPECT_EQ(Parsed("bytes=1-2,5-", 10), "1+2 5+5");
  EXPECT_EQ(Parsed("bytes=-2 , 7-", 11), "9+2 7+4");
  EXPECT_EQ(Parsed("bytes=0-0 ,2-2, 7-", 11), "0+1 2+1 7+4");
  EXPECT_EQ(Parsed("bytes= 1 - 2 ", 10), "1+2");
  EXPECT_EQ(Parsed("bytes=,1-2,,", 10), "1+2");
  EXPECT_EQ(Parsed("Bytes=1-2", 10), "1+2");
}

TEST(ByteRangeTest, WhatDoesNotOverlapIsLeftOut) {
  EXPECT_EQ(Parsed("bytes=10-", 10), "no overlap");
  EXPECT_EQ(Parsed("bytes=20-", 10), "no overlap");
  EXPECT_EQ(Parsed("bytes=-0", 10), "no overlap");
  EXPECT_EQ(Parsed("bytes=0-", 0), "no overlap");
  EXPECT_EQ(Parsed("bytes=-1", 0), "no overlap");
  EXPECT_EQ(Parsed("bytes=20-,1-2,-0", 10), "1+2");
}

TEST(ByteRangeTest, Malformed) {
  for (const char* field : {"keks",        "=0-1",        "bytes",         "bytes=",       "bytes=,",    "bytes=5",
                            "bytes=-",     "bytes=5-4",   "bytes=20-15",   "bytes=x",      "bytes=--6",  "bytes=--0",
                            "bytes=---0",  "bytes=-6-",   "bytes=1--3",    "bytes=+1-2",   "bytes=1-+2", "bytes=0x1-2",
                            "bytes=1-2,x", "bytes=x,1-2", "bytes=1-2;3-4", "bytes=1 0-20", "bytes=Ä-"}) {
    EXPECT_EQ(Parsed(field, 10), "invalid") << field;
  }
}

TEST(ByteRangeTest, AnotherUnitIsIgnored) {
  EXPECT_EQ(Parsed("items=0-1", 10), "whole");
  EXPECT_EQ(Parsed("seconds=5", 10), "whole");
}

TEST(ByteRangeTest, NumbersBeyondAllContent) {
  EXPECT_EQ(Parsed("bytes=0-18446744073709551615", 10), "0+10");
  EXPECT_EQ(Parsed("bytes=0-100000000000000000000", 10), "0+10");
  EXPECT_EQ(Parsed("bytes=100000000000000000000-", 10), "no overlap");
  EXPECT_EQ(Parsed("bytes=-100000000000000000000", 10), "0+10");
  EXPECT_EQ(Parsed("bytes=00000000000000000000000000000001-2", 10), "1+2");
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Parsed("bytes=9223372036854775806-", most), "9223372036854775806+1");
}

TEST(ByteRangeTest, MoreThanTheContentIsTheWhole) {
  EXPECT_EQ(Parsed("bytes=0-,1-,2-,3-,4-", 11), "whole");
  EXPECT_EQ(Parsed("bytes=0-5,5-10", 11), "whole");
  EXPECT_EQ(Parsed("bytes=0-5,6-10", 11), "0+6 6+5");
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Parsed("bytes=0-,0-,0-", most), "whole") << "the sum would overflow";
}

TEST(ByteRangeTest, ManyRangesAreTheWhole) {
  std::string field = "bytes=0-0";
  for (std::size_t i = 1; i < kMostRanges; ++i) field += ",0-0";
  EXPECT_NE(Parsed(field, 1000), "whole");
  field += ",0-0";
  EXPECT_EQ(Parsed(field, 1000), "whole");
  for (int i = 0; i < 1000; ++i) field += ",0-";
  EXPECT_EQ(Parsed(field, 1000), "whole");
  EXPECT_EQ(Parsed(field + ",x", 1000), "invalid");
}

TEST(ByteRangeTest, ContentRange) {
  EXPECT_EQ(ContentRange({0, 5}, 10), "bytes 0-4/10");
  EXPECT_EQ(ContentRange({9, 1}, 10), "bytes 9-9/10");
}

}  // namespace
}  // namespace gale::http::internal

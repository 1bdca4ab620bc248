#include "gale/http/internal/split_path.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "gale/http/internal/clean_path.h"
#include "gale/http/internal/short_text.h"

namespace gale::http::internal {
namespace {

std::vector<std::string> Split(const SplitPath& path) {
  std::vector<std::string> segments;
  for (std::size_t begin = 1; begin <= path.Text().size();) {
    const std::size_t end = path.SegmentEnd(segments.size(), begin);
    segments.emplace_back(path.Text().substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

std::string Join(const std::vector<std::string>& segments) {
  std::string path;
  for (const std::string& segment : segments) path.append("/").append(segment);
  return path;
}

TEST(SplitPathTest, FindsSegments) {
  const struct {
    const char* path;
    std::vector<std::string> segments;
  } rows[] = {
      {"/", {""}},
      {"/a", {"a"}},
      {"/a/", {"a", ""}},
      {"//a", {"", "a"}},
      {"/seven77/eight888/nine99999", {"seven77", "eight888", "nine99999"}},
      {"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/",
       {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", ""}},
  };
  for (const auto& row : rows) EXPECT_EQ(Split(row.path), row.segments) << row.path;
}

TEST(SplitPathTest, NothingIsCleanWithoutASlashInFront) {
  EXPECT_FALSE(SplitPath().IsClean());
  EXPECT_FALSE(SplitPath("").IsClean());
  EXPECT_FALSE(SplitPath("a/b").IsClean());
  EXPECT_FALSE(SplitPath("*").IsClean());
}

TEST(SplitPathTest, AgreesWithCleanPathOnRandomPaths) {
  std::mt19937 random(7);
  SplitPath split;
  int clean_paths = 0;
  for (int i = 0; i < 200'000; ++i) {
    // Bytes that differ from "/" and "." in one bit are there to find a slash that is none.
    std::string path = "/";
    const std::size_t size = random() % 40;
    while (path.size() < size) path += std::string_view("/.ab\xaf\x2d\x2e\xff\x00o0n", 12)[random() % 12];
    split.Assign(path);
    const std::string clean = CleanPath(path);
    ASSERT_EQ(split.IsClean(), clean == path) << path;
    ASSERT_TRUE(SplitPath(clean).IsClean()) << path;
    ASSERT_EQ(Join(Split(split)), path);
    clean_paths += split.IsClean() ? 1 : 0;
  }
  EXPECT_GT(clean_paths, 10'000);
}

TEST(ShortTextTest, ComparesEveryByteOfEverySize) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string text(size, '\xe1');
    EXPECT_TRUE(SameText(text, std::string(text)));
    EXPECT_EQ(HashText(text), HashText(std::string(text)));
    EXPECT_FALSE(SameText(text, text + '\xe1'));
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] ^= 0x20;
      EXPECT_FALSE(SameText(text, other)) << size << " " << i;
      EXPECT_NE(HashText(text), HashText(other)) << size << " " << i;
    }
  }
}

}  // namespace
}  // namespace gale::http::internal

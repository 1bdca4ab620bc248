#include "gale/http/internal/date.h"

#include <gtest/gtest.h>

#include <ctime>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gale/http/time.h"

namespace gale::http::internal {
namespace {

std::string Formatted(std::int64_t seconds) {
  std::string text(kDateLength, '?');
  FormatDate(seconds, text.data());
  return text;
}

TEST(DateTest, FormatDate) {
  const struct {
    std::int64_t seconds;
    std::string_view text;
  } rows[] = {
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {784'111'777, "Sun, 06 Nov 1994 08:49:37 GMT"},
      {951'782'400, "Tue, 29 Feb 2000 00:00:00 GMT"},
      {1'136'214'245, "Mon, 02 Jan 2006 15:04:05 GMT"},
      {1'709'251'199, "Thu, 29 Feb 2024 23:59:59 GMT"},
      {4'107'542'400, "Mon, 01 Mar 2100 00:00:00 GMT"},
      {253'402'300'799, "Fri, 31 Dec 9999 23:59:59 GMT"},
      {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
  };
  for (const auto& row : rows) EXPECT_EQ(Formatted(row.seconds), row.text);
}

TEST(DateTest, AgreesWithTheCLibrary) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::time_t seconds = static_cast<std::time_t>(random() % 8'000'000'000);
    std::tm parts;
    ::gmtime_r(&seconds, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    ASSERT_EQ(Formatted(seconds), text);
  }
}

TEST(DateTest, CacheFollowsTheSecond) {
  CachedDate cache;
  for (std::int64_t seconds : {100, 100, 101, 101, 100, 5'000'000, 101}) {
    EXPECT_EQ(cache.At(seconds).View(), Formatted(seconds));
  }
}

TEST(DateTest, NowIsNow) {
  const std::int64_t before = std::time(nullptr);
  const std::string text(CachedDate::Now().View());
  const std::int64_t after = std::time(nullptr);
  bool found = false;
  // The coarse clock may be a tick behind.
  for (std::int64_t seconds = before - 1; seconds <= after; ++seconds) found |= text == Formatted(seconds);
  EXPECT_TRUE(found) << text;
}

TEST(TimeTest, IsReadAndWritten) {
  constexpr std::chrono::sys_seconds kTime(std::chrono::seconds(784'111'777));
  EXPECT_EQ(FormatTime(kTime + std::chrono::milliseconds(999)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(ParseTime("Sun, 06 Nov 1994 08:49:37 GMT"), kTime);
  EXPECT_EQ(ParseTime("Sunday, 06-Nov-94 08:49:37 GMT"), kTime);
  EXPECT_EQ(ParseTime("yesterday"), std::nullopt);
}

// The hazard: a reader that copies half of the old text and half of the new one.
TEST(DateTest, NoReaderSeesTornText) {
  CachedDate cache;
  // All bytes that can differ do.
  constexpr std::int64_t kFirst = 784'111'777;
  constexpr std::int64_t kSecond = 4'107'542'400;
  const std::string first = Formatted(kFirst);
  const std::string second = Formatted(kSecond);
  std::atomic<int> wrong{0};
  const auto hammer = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 50'000; ++i) {
      const bool use_first = random() % 8 < 4;
      const DateText text = cache.At(use_first ? kFirst : kSecond);
      if (text.View() != (use_first ? first : second)) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) threads.emplace_back(hammer, seed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace gale::http::internal

#include "gale/runtime/internal/idle_mask.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace gale::internal {
namespace {

TEST(IdleMaskTest, StartsEmpty) {
  for (int size : {1, 63, 64, 65, 1024}) {
    IdleMask mask(size);
    EXPECT_FALSE(mask.Any());
    EXPECT_EQ(mask.Count(), 0);
    EXPECT_EQ(mask.Claim(), -1);
    for (int i = 0; i < size; ++i) EXPECT_FALSE(mask.Test(i));
  }
}

TEST(IdleMaskTest, SetAndClearTouchOneBitOnly) {
  constexpr int kSize = 130;
  for (int index : {0, 1, 31, 32, 62, 63, 64, 65, 127, 128, 129}) {
    IdleMask mask(kSize);
    mask.Set(index);
    mask.Set(index);
    EXPECT_EQ(mask.Count(), 1);
    for (int i = 0; i < kSize; ++i) EXPECT_EQ(mask.Test(i), i == index);
    EXPECT_TRUE(mask.Any());
    EXPECT_TRUE(mask.Clear(index));
    EXPECT_FALSE(mask.Clear(index));
    EXPECT_FALSE(mask.Any());
  }
}

TEST(IdleMaskTest, ClaimsLowNumbersFirst) {
  IdleMask mask(200);
  for (int index : {199, 64, 3, 128, 63, 0}) mask.Set(index);
  for (int index : {0, 3, 63, 64, 128, 199}) EXPECT_EQ(mask.Claim(), index);
  EXPECT_EQ(mask.Claim(), -1);
}

TEST(IdleMaskTest, AgreesWithASetOverRandomOperations) {
  constexpr int kSize = 150;
  IdleMask mask(kSize);
  std::set<int> model;
  std::mt19937 random(4);
  for (int step = 0; step < 50'000; ++step) {
    int index = static_cast<int>(random() % kSize);
    switch (random() % 4) {
      case 0:
      case 1:
        mask.Set(index);
        model.insert(index);
        break;
      case 2: ASSERT_EQ(mask.Clear(index), model.erase(index) == 1); break;
      case 3:
        ASSERT_EQ(mask.Claim(), model.empty() ? -1 : *model.begin());
        if (!model.empty()) model.erase(model.begin());
        break;
    }
    ASSERT_EQ(mask.Count(), static_cast<int>(model.size()));
    ASSERT_EQ(mask.Any(), !model.empty());
    ASSERT_EQ(mask.Test(index), model.contains(index));
  }
}

// Each bit is a token: whoever clears or claims it owns it until he sets it again. Two owners would meet in `owned`.
TEST(IdleMaskTest, ABitHasOneOwnerAmongThreads) {
  constexpr int kSize = 70;
  constexpr int kThreads = 4;
  IdleMask mask(kSize);
  std::vector<std::atomic<int>> owned(kSize);
  std::vector<int> plain(kSize);  // guarded by the bit: a race detector must agree
  std::atomic<int> collisions{0};
  for (int i = 0; i < kSize; ++i) mask.Set(i);
  std::vector<std::thread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937 random(static_cast<unsigned>(id));
      for (int step = 0; step < 10'000; ++step) {
        int index = static_cast<int>(random() % kSize);
        if (random() % 2 == 0) {
          index = mask.Claim();
        } else if (!mask.Clear(index)) {
          continue;
        }
        if (index < 0) continue;
        auto at = static_cast<std::size_t>(index);
        if (owned[at].fetch_add(1, std::memory_order_relaxed) != 0) collisions.fetch_add(1);
        ++plain[at];
        owned[at].fetch_sub(1, std::memory_order_relaxed);
        mask.Set(index);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(collisions.load(), 0);
  EXPECT_EQ(mask.Count(), kSize);
}

}  // namespace
}  // namespace gale::internal

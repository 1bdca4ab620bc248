#include "gale/runtime/internal/global_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace gale::internal {
namespace {

TEST(GDequeTest, EmptyPopsNull) {
  GDeque deque;
  EXPECT_EQ(deque.size(), 0u);
  EXPECT_EQ(deque.PopFront(), nullptr);
  EXPECT_EQ(deque.PopFront(), nullptr);
}

// Sizes on both sides of one, two and three blocks of 510.
class GDequeSizeTest : public testing::TestWithParam<std::size_t> {};

TEST_P(GDequeSizeTest, FillsAndEmptiesInOrder) {
  std::vector<G> gs(GetParam());
  GDeque deque;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < gs.size(); ++i) {
      deque.PushBack(&gs[i]);
      ASSERT_EQ(deque.size(), i + 1);
    }
    for (G& g : gs) ASSERT_EQ(deque.PopFront(), &g);
    ASSERT_EQ(deque.PopFront(), nullptr);
    ASSERT_EQ(deque.size(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, GDequeSizeTest,
                         testing::Values(1, 2, 509, 510, 511, 1019, 1020, 1021, 1529, 1530, 1531));

TEST(GDequeTest, AgreesWithAModelOverRandomOperations) {
  std::vector<G> gs(64);
  GDeque deque;
  std::deque<G*> model;
  std::mt19937 random(3);
  unsigned push_percent = 50;
  for (int step = 0; step < 200'000; ++step) {
    if (step % 2'000 == 0) push_percent = 20 + random() % 60;  // now it grows by blocks, now it shrinks
    if (random() % 100 < push_percent) {
      G* g = &gs[random() % gs.size()];
      deque.PushBack(g);
      model.push_back(g);
    } else {
      G* expected = model.empty() ? nullptr : model.front();
      if (!model.empty()) model.pop_front();
      ASSERT_EQ(deque.PopFront(), expected);
    }
    ASSERT_EQ(deque.size(), model.size());
  }
}

TEST(GDequeTest, IsDestroyedWithWhatItHolds) {
  std::vector<G> gs(1'200);
  GDeque deque;
  for (G& g : gs) deque.PushBack(&g);
  for (int i = 0; i < 600; ++i) deque.PopFront();
}

TEST(GlobalQueueTest, IsFirstInFirstOut) {
  GlobalQueue queue;
  std::vector<G> gs(5);
  EXPECT_TRUE(queue.Empty());
  EXPECT_EQ(queue.Pop(), nullptr);
  queue.Push(&gs[0]);
  GList batch;
  for (int i = 1; i < 4; ++i) batch.PushBack(&gs[static_cast<std::size_t>(i)]);
  queue.PushAll(batch);
  EXPECT_EQ(batch.head, nullptr);
  EXPECT_EQ(batch.size, 0u);
  queue.PushAll(batch);
  queue.Push(&gs[4]);
  EXPECT_EQ(queue.Size(), 5u);
  EXPECT_FALSE(queue.Empty());
  for (G& g : gs) EXPECT_EQ(queue.Pop(), &g);
  EXPECT_TRUE(queue.Empty());
  EXPECT_EQ(queue.Pop(), nullptr);
}

struct ShareCase {
  const char* name;
  std::size_t size, ps, taken;
};

class PopShareTest : public testing::TestWithParam<ShareCase> {};

TEST_P(PopShareTest, TakesItsShareInOrder) {
  auto [name, size, ps, taken] = GetParam();
  taken = std::min(taken, std::size_t{std::max(1u, kRunQueueCapacity / 2)});
  GlobalQueue global;
  auto queue = std::make_unique<RunQueue>();
  std::vector<G> gs(size);
  for (G& g : gs) global.Push(&g);
  G* first = global.PopShare(*queue, ps);
  if (size == 0) {
    EXPECT_EQ(first, nullptr);
    return;
  }
  EXPECT_EQ(first, &gs[0]);
  ASSERT_EQ(queue->Size(), taken - 1);
  for (std::size_t i = 1; i < taken; ++i) EXPECT_EQ(queue->PopFront(), &gs[i]);
  EXPECT_EQ(global.Size(), size - taken);
  for (std::size_t i = taken; i < size; ++i) EXPECT_EQ(global.Pop(), &gs[i]);
}

INSTANTIATE_TEST_SUITE_P(Shares, PopShareTest,
                         testing::Values(ShareCase{"Empty", 0, 4, 0}, ShareCase{"OneOfOne", 1, 1, 1},
                                         ShareCase{"OneOfMany", 1, 8, 1}, ShareCase{"AllForOneP", 5, 1, 5},
                                         ShareCase{"TwoPs", 10, 2, 6}, ShareCase{"ManyPs", 10, 64, 1},
                                         ShareCase{"ExactMultiple", 16, 8, 3}, ShareCase{"HalfARing", 128, 1, 128},
                                         ShareCase{"AtMostHalfARing", 1000, 1, 128},
                                         ShareCase{"AtMostHalfARingOfTwo", 1000, 2, 128}),
                         [](const auto& row) { return row.param.name; });

TEST(GlobalQueueTest, NothingIsLostOrDoubledAmongThreads) {
  constexpr std::size_t kCount = 24'000;
  constexpr int kThreads = 3;
  std::vector<G> gs(kCount);
  std::vector<std::atomic<int>> seen(kCount);
  std::atomic<std::size_t> left{kCount};
  GlobalQueue global;
  auto see = [&](G* g) {
    seen[static_cast<std::size_t>(g - gs.data())].fetch_add(1);
    left.fetch_sub(1);
  };
  std::vector<std::thread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937 random(static_cast<unsigned>(id));
      auto at = static_cast<std::size_t>(id);
      while (at < kCount) {
        GList batch;
        for (unsigned i = random() % 5; i > 0 && at < kCount; --i, at += kThreads) batch.PushBack(&gs[at]);
        global.PushAll(batch);
        if (at < kCount) {
          global.Push(&gs[at]);
          at += kThreads;
        }
      }
    });
    threads.emplace_back([&, id] {
      auto own = std::make_unique<RunQueue>();
      while (left.load() != 0 && left.load() <= kCount) {
        if (G* g = id == 0 ? global.Pop() : global.PopShare(*own, kThreads)) see(g);
        while (G* g = own->PopFront()) see(g);
        if (global.Empty()) std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(global.Size(), 0u);
  for (std::size_t i = 0; i < kCount; ++i) ASSERT_EQ(seen[i].load(), 1) << "goroutine " << i;
}

}  // namespace
}  // namespace gale::internal

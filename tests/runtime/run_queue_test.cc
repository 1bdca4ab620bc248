#include "gale/runtime/internal/run_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace gale::internal {
namespace {

// Only addresses matter here: the queue never looks into a G, the overflow list only at its link.
std::vector<G> MakeGs(std::size_t count) { return std::vector<G>(count); }

template <typename Capacity>
class RunQueueTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kRingSize = Capacity::value;
  using Queue = BasicRunQueue<kRingSize>;
};

struct CapacityNames {
  template <typename T>
  static std::string GetName(int) {
    return "Capacity" + std::to_string(T::value);
  }
};

using Capacities = testing::Types<std::integral_constant<std::uint32_t, 2>, std::integral_constant<std::uint32_t, 4>,
                                  std::integral_constant<std::uint32_t, 256>>;
TYPED_TEST_SUITE(RunQueueTest, Capacities, CapacityNames);  // Behaviour group 59

TYPED_TEST(RunQueueTest, FreshQueueIsEmpty) {
  typename TestFixture::Queue queue, other;
  EXPECT_TRUE(queue.Empty());
  EXPECT_EQ(queue.Size(), 0u);
  EXPECT_EQ(queue.PopFront(), nullptr);
  EXPECT_EQ(queue.TakeNext(), nullptr);
  EXPECT_EQ(queue.PeekNext(), nullptr);
  EXPECT_EQ(other.Steal(queue), nullptr);
}

TYPED_TEST(RunQueueTest, IsFirstInFirstOutAcrossManyTurnsOfTheRing) {
  constexpr std::uint32_t kCapacity = TestFixture::kRingSize;
  typename TestFixture::Queue queue;
  auto gs = MakeGs(kCapacity);
  std::size_t in = 0, out = 0;
  std::mt19937 random(1);
  for (int step = 0; step < 20'000; ++step) {
    if (in - out < kCapacity && random() % 2 == 0) {
      GList overflow;
      ASSERT_TRUE(queue.PushBack(&gs[in++ % kCapacity], overflow));
      ASSERT_EQ(overflow.size, 0u);
    } else {
      G* expected = in == out ? nullptr : &gs[out++ % kCapacity];
      ASSERT_EQ(queue.PopFront(), expected);
    }
    ASSERT_EQ(queue.Size(), in - out);
    ASSERT_EQ(queue.Empty(), in == out);
  }
}

TYPED_TEST(RunQueueTest, NextSlotIsSeparateFromTheRing) {
  typename TestFixture::Queue queue, thief;
  auto gs = MakeGs(3);
  GList overflow;
  EXPECT_EQ(queue.ExchangeNext(&gs[0]), nullptr);
  EXPECT_TRUE(queue.Empty());
  EXPECT_EQ(queue.PopFront(), nullptr);
  EXPECT_EQ(thief.Steal(queue), nullptr) << "Steal must leave the next slot alone";
  EXPECT_EQ(queue.ExchangeNext(&gs[1]), &gs[0]);
  EXPECT_EQ(queue.PeekNext(), &gs[1]);
  EXPECT_TRUE(queue.PushBack(&gs[2], overflow));
  EXPECT_EQ(queue.TakeNext(), &gs[1]);
  EXPECT_EQ(queue.TakeNext(), nullptr);
  EXPECT_EQ(queue.PopFront(), &gs[2]);
}

TYPED_TEST(RunQueueTest, OverflowIsTheOlderHalfThenTheNewOne) {
  constexpr std::uint32_t kCapacity = TestFixture::kRingSize;
  typename TestFixture::Queue queue;
  auto gs = MakeGs(kCapacity + 1);
  GList overflow;
  for (std::uint32_t i = 0; i < kCapacity; ++i) ASSERT_TRUE(queue.PushBack(&gs[i], overflow));
  ASSERT_FALSE(queue.PushBack(&gs[kCapacity], overflow));
  ASSERT_EQ(overflow.size, kCapacity / 2 + 1);
  for (std::uint32_t i = 0; i < kCapacity / 2; ++i) ASSERT_EQ(overflow.PopFront(), &gs[i]);
  ASSERT_EQ(overflow.PopFront(), &gs[kCapacity]);
  ASSERT_EQ(overflow.PopFront(), nullptr);
  ASSERT_EQ(overflow.size, 0u);
  for (std::uint32_t i = kCapacity / 2; i < kCapacity; ++i) ASSERT_EQ(queue.PopFront(), &gs[i]);
  ASSERT_TRUE(queue.Empty());
}

TYPED_TEST(RunQueueTest, OverflowAppendsToWhatTheListHolds) {
  constexpr std::uint32_t kCapacity = TestFixture::kRingSize;
  typename TestFixture::Queue queue;
  auto gs = MakeGs(kCapacity + 2);
  GList overflow;
  overflow.PushBack(&gs[kCapacity + 1]);
  for (std::uint32_t i = 0; i <= kCapacity; ++i) queue.PushBack(&gs[i], overflow);
  EXPECT_EQ(overflow.size, kCapacity / 2 + 2);
  EXPECT_EQ(overflow.PopFront(), &gs[kCapacity + 1]);
  EXPECT_EQ(overflow.PopFront(), &gs[0]);
}

TYPED_TEST(RunQueueTest, StealTakesTheOlderHalfRoundedUp) {
  constexpr std::uint32_t kCapacity = TestFixture::kRingSize;
  for (std::uint32_t size = 1; size <= kCapacity; ++size) {
    // The thief's ring starts somewhere else, so that both wrap.
    for (std::uint32_t offset : {0u, 1u, kCapacity - 1}) {
      typename TestFixture::Queue victim, thief;
      auto gs = MakeGs(size);
      G filler;
      GList overflow;
      for (std::uint32_t i = 0; i < offset; ++i) {
        thief.PushBack(&filler, overflow);
        thief.PopFront();
      }
      for (G& g : gs) ASSERT_TRUE(victim.PushBack(&g, overflow));
      std::uint32_t taken = size - size / 2;
      G* first = thief.Steal(victim);
      ASSERT_EQ(first, &gs[taken - 1]) << size;
      ASSERT_EQ(thief.Size(), taken - 1);
      ASSERT_EQ(victim.Size(), size - taken);
      for (std::uint32_t i = 0; i + 1 < taken; ++i) ASSERT_EQ(thief.PopFront(), &gs[i]);
      for (std::uint32_t i = taken; i < size; ++i) ASSERT_EQ(victim.PopFront(), &gs[i]);
    }
  }
}

// A crowd of threads on one victim. Everything that goes in must come out exactly once, wherever it comes out.
template <std::uint32_t kCapacity>
class Crowd {
 public:
  explicit Crowd(std::size_t count) : gs_(MakeGs(count)), seen_(count) {}

  void Run(int thieves, bool use_next) {
    std::vector<std::thread> threads;
    for (int i = 0; i < thieves; ++i) threads.emplace_back([this, use_next] { Thief(use_next); });
    Owner(use_next);
    done_.store(true, std::memory_order_release);
    for (std::thread& thread : threads) thread.join();
  }

  void ExpectEachOnce() {
    for (std::size_t i = 0; i < seen_.size(); ++i) ASSERT_EQ(seen_[i].load(), 1) << "goroutine " << i;
  }

 private:
  void See(G* g) { seen_[static_cast<std::size_t>(g - gs_.data())].fetch_add(1, std::memory_order_relaxed); }

  void SeeAll(GList& list) {
    while (G* g = list.PopFront()) See(g);
  }

  void Owner(bool use_next) {
    std::mt19937 random(2);
    for (G& g : gs_) {
      GList overflow;
      G* appended = use_next && random() % 4 == 0 ? victim_.ExchangeNext(&g) : &g;
      bool kept = appended == nullptr || victim_.PushBack(appended, overflow);
      ASSERT_EQ(kept, overflow.size == 0);
      SeeAll(overflow);
      // Bursts of pops, so that the ring is now full, now empty.
      for (unsigned pops = random() % 8 == 0 ? static_cast<unsigned>(random() % (kCapacity * 2)) : 0; pops > 0;
           --pops) {
        if (G* popped = victim_.PopFront()) See(popped);
      }
      if (use_next && random() % 8 == 0) {
        if (G* next = victim_.TakeNext()) See(next);
      }
      if (random() % 64 == 0) std::this_thread::yield();
    }
    while (G* g = victim_.PopFront()) See(g);
    if (G* g = victim_.TakeNext()) See(g);
  }

  void Thief(bool use_next) {
    BasicRunQueue<kCapacity> own;
    bool last = false;
    while (!last) {
      last = done_.load(std::memory_order_acquire);
      if (G* g = own.Steal(victim_)) {
        See(g);
      } else {
        std::this_thread::yield();
      }
      while (G* g = own.PopFront()) See(g);
      if (use_next) {
        if (G* g = victim_.TakeNext()) See(g);
      }
    }
  }

  std::vector<G> gs_;
  std::vector<std::atomic<int>> seen_;
  BasicRunQueue<kCapacity> victim_;
  std::atomic<bool> done_{false};
};

TYPED_TEST(RunQueueTest, NothingIsLostOrDoubledWithThieves) {
  for (int thieves : {1, 3}) {
    Crowd<TestFixture::kRingSize> crowd(20'000);
    crowd.Run(thieves, /*use_next=*/false);
    crowd.ExpectEachOnce();
  }
}

TYPED_TEST(RunQueueTest, NothingIsLostOrDoubledWithThievesOfTheNextSlot) {
  Crowd<TestFixture::kRingSize> crowd(20'000);
  crowd.Run(3, /*use_next=*/true);
  crowd.ExpectEachOnce();
}

// Everybody steals from everybody: each ring is victim and target of a Steal at the same time.
TYPED_TEST(RunQueueTest, ThievesStealFromEachOther) {
  constexpr int kOwners = 4;
  constexpr std::size_t kCount = 8'000;
  auto gs = MakeGs(kCount);
  std::vector<std::atomic<int>> seen(kCount);
  std::vector<typename TestFixture::Queue> queues(kOwners);
  std::atomic<std::size_t> left{kCount};
  auto see = [&](G* g) {
    seen[static_cast<std::size_t>(g - gs.data())].fetch_add(1);
    left.fetch_sub(1);
  };
  std::vector<std::thread> threads;
  for (int id = 0; id < kOwners; ++id) {
    threads.emplace_back([&, id] {
      // Only the first two produce.
      std::size_t at = id < 2 ? static_cast<std::size_t>(id) : kCount;
      std::mt19937 random(static_cast<unsigned>(id));
      while (left.load() != 0 && left.load() <= kCount) {
        for (unsigned burst = random() % (TestFixture::kRingSize + 2); burst > 0 && at < kCount; --burst, at += 2) {
          GList overflow;
          queues[static_cast<std::size_t>(id)].PushBack(&gs[at], overflow);
          while (G* g = overflow.PopFront()) see(g);
        }
        if (G* g = queues[static_cast<std::size_t>(id)].PopFront()) {
          see(g);
          continue;
        }
        auto victim = static_cast<std::size_t>(random() % kOwners);
        if (victim == static_cast<std::size_t>(id)) continue;
        if (G* g = queues[static_cast<std::size_t>(id)].Steal(queues[victim])) see(g);
        std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < kCount; ++i) ASSERT_EQ(seen[i].load(), 1) << "goroutine " << i;
}

TEST(GListTest, KeepsOrderAtBothEnds) {
  auto gs = MakeGs(3);
  GList list;
  EXPECT_EQ(list.PopFront(), nullptr);
  list.PushFront(&gs[1]);
  list.PushBack(&gs[2]);
  list.PushFront(&gs[0]);
  EXPECT_EQ(list.size, 3u);
  for (G& g : gs) EXPECT_EQ(list.PopFront(), &g);
  EXPECT_EQ(list.size, 0u);
  EXPECT_EQ(list.tail, nullptr);
  list.PushBack(&gs[2]);
  EXPECT_EQ(list.head, &gs[2]);
  EXPECT_EQ(list.tail, &gs[2]);
}

}  // namespace
}  // namespace gale::internal

#include "gale/runtime/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "gale/runtime/go.h"
#include "gale/runtime/internal/pool_registry.h"
#include "gale/runtime/memory.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

class PoolTest : public CallerTest {};

INSTANTIATE_TEST_SUITE_P(Callers, PoolTest, ::testing::Values(true, false), CallerName);

// Counted counts those that exist.
struct Counted {
  explicit Counted(std::atomic<int>& of) : count(of) { ++count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count; }
  std::atomic<int>& count;
  std::atomic<int> users{0};
};

TEST_P(PoolTest, GivesBackWhatWasPutAndMakesOthers) {
  OnCaller([] {
    Pool<int> pool;
    std::unique_ptr<int> first = pool.Get();
    EXPECT_EQ(*first, 0);
    *first = 7;
    int* address = first.get();
    pool.Put(std::move(first));
    std::unique_ptr<int> again = pool.Get();
    EXPECT_EQ(again.get(), address);
    EXPECT_EQ(*again, 7);
    EXPECT_NE(pool.Get().get(), address);
    pool.Put(nullptr);
    EXPECT_NE(pool.Get(), nullptr);
  });
}

TEST_P(PoolTest, FindsWhatAnotherThreadHasPut) {
  OnCaller([] {
    std::atomic<int> count{0};
    Pool<Counted> pool([&] { return std::make_unique<Counted>(count); });
    auto* put = new Counted(count);
    std::thread([&] { pool.Put(std::unique_ptr<Counted>(put)); }).join();
    EXPECT_EQ(pool.Get().get(), put);
  });
}

TEST_P(PoolTest, WhatNobodyTakesForTwoPassesIsFreed) {
  OnCaller([] {
    std::atomic<int> count{0};
    Pool<Counted> pool([&] { return std::make_unique<Counted>(count); });
    std::vector<std::unique_ptr<Counted>> taken;
    for (int i = 0; i < 10; ++i) taken.push_back(pool.Get());
    for (auto& object : taken) pool.Put(std::move(object));
    EXPECT_EQ(count, 10);
    internal::AgePools();
    pool.Put(pool.Get());  // used: fresh again
    for (int i = 0; i < 10 && count > 0; ++i) internal::AgePools();
    EXPECT_EQ(count, 0);
  });
}

TEST_P(PoolTest, FreeOSMemoryEmptiesIt) {
  OnCaller([] {
    std::atomic<int> count{0};
    Pool<Counted> pool([&] { return std::make_unique<Counted>(count); });
    pool.Put(pool.Get());
    FreeOSMemory();
    EXPECT_EQ(count, 0);
  });
}

TEST_P(PoolTest, FreesWhatItHasWhenDestroyed) {
  OnCaller([] {
    std::atomic<int> count{0};
    {
      Pool<Counted> pool([&] { return std::make_unique<Counted>(count); });
      auto first = pool.Get();
      pool.Put(pool.Get());
      pool.Put(std::move(first));
      EXPECT_EQ(count, 2);
    }
    EXPECT_EQ(count, 0);
    internal::AgePools();
  });
}

TEST_P(PoolTest, ADestructorMayUsePools) {
  OnCaller([] {
    struct Outer {
      explicit Outer(Pool<int>& to) : inner(to) {}
      ~Outer() { inner.Put(std::make_unique<int>(1)); }
      Pool<int>& inner;
    };
    Pool<int> inner;
    Pool<Outer> outer([&] { return std::make_unique<Outer>(inner); });
    outer.Put(outer.Get());
    internal::AgePools();
    internal::AgePools();
    internal::AgePools();
  });
}

TEST_P(PoolTest, NobodyGetsWhatAnotherHas) {
  OnCaller([] {
    std::atomic<int> count{0};
    std::atomic<bool> stop{false};
    {
      Pool<Counted> pool([&] { return std::make_unique<Counted>(count); });
      Mix ager;
      ager.Start(1, 1, [&](int) {
        while (!stop) internal::AgePools();
      });
      Mix mix;
      mix.Start(12, 4, [&](int i) {
        for (int k = 0; k < 100; ++k) {
          std::unique_ptr<Counted> object = pool.Get();
          EXPECT_EQ(++object->users, 1);
          if ((i + k) % 8 == 0) Gosched();
          --object->users;
          if (k % 16 != 0) pool.Put(std::move(object));
        }
      });
      mix.Join();
      stop = true;
    }
    EXPECT_EQ(count, 0);
  });
}

}  // namespace
}  // namespace gale

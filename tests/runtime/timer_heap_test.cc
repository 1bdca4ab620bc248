#include "gale/runtime/internal/timer_heap.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace gale::internal {
namespace {

// Probe counts what happens to a timer.
struct Probe : TimerNode {
  Probe() {
    fire = [](TimerNode* node) {
      auto* probe = static_cast<Probe*>(node);
      probe->fired.fetch_add(1);
      if (probe->on_fire) probe->on_fire(*probe);
    };
    release = [](TimerNode* node) { static_cast<Probe*>(node)->released.fetch_add(1); };
  }
  explicit Probe(std::int64_t at) : Probe() { when = at; }

  std::atomic<int> fired{0};
  std::atomic<int> released{0};
  int starts = 1;
  int entries = 1;
  std::function<void(Probe&)> on_fire;
};

TEST(TimerHeapTest, EmptyHeapHasNothingToDo) {
  TimerHeap heap;
  EXPECT_EQ(heap.NextWhen(), kForever);
  EXPECT_EQ(heap.RunExpired(kForever), 0);
}

TEST(TimerHeapTest, FiresAtItsTimeAndNotBefore) {
  TimerHeap heap;
  Probe probe(1000);
  EXPECT_TRUE(heap.Add(&probe));
  EXPECT_EQ(heap.NextWhen(), 1000);
  EXPECT_EQ(heap.RunExpired(999), 0);
  EXPECT_EQ(probe.fired, 0);
  EXPECT_EQ(heap.RunExpired(1000), 1);
  EXPECT_EQ(probe.fired, 1);
  EXPECT_EQ(probe.released, 1);
  EXPECT_EQ(heap.NextWhen(), kForever);
  EXPECT_FALSE(TimerHeap::Stop(&probe)) << "it has fired";
}

TEST(TimerHeapTest, AddTellsWhetherItIsTheEarliest) {
  TimerHeap heap;
  Probe middle(100), late(200), early(50), zero(0), negative(-5);
  EXPECT_TRUE(heap.Add(&middle));
  EXPECT_FALSE(heap.Add(&late));
  EXPECT_TRUE(heap.Add(&early));
  EXPECT_TRUE(heap.Add(&zero));
  EXPECT_TRUE(heap.Add(&negative));
  EXPECT_EQ(heap.NextWhen(), -5);
  EXPECT_EQ(heap.RunExpired(0), 2);
  EXPECT_EQ(heap.NextWhen(), 50);
  EXPECT_EQ(heap.RunExpired(1000), 3);
}

TEST(TimerHeapTest, StopTwiceSaysNoTheSecondTime) {
  TimerHeap heap;
  Probe probe(10);
  EXPECT_FALSE(TimerHeap::Stop(&probe)) << "never added";
  heap.Add(&probe);
  EXPECT_TRUE(TimerHeap::Stop(&probe));
  EXPECT_FALSE(TimerHeap::Stop(&probe));
  EXPECT_EQ(heap.RunExpired(1000), 0);
  EXPECT_FALSE(TimerHeap::Stop(&probe));
  EXPECT_EQ(probe.fired, 0);
  EXPECT_EQ(probe.released, 1);
}

TEST(TimerHeapTest, MassStopReleasesEachOnceAndFiresNone) {
  TimerHeap heap;
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 1000; ++i) {
    probes.push_back(std::make_unique<Probe>(1'000'000 + (i * 7919) % 1000));
    heap.Add(probes.back().get());
  }
  for (auto& probe : probes) ASSERT_TRUE(TimerHeap::Stop(probe.get()));
  EXPECT_EQ(heap.RunExpired(kForever), 0);
  for (auto& probe : probes) {
    ASSERT_EQ(probe->fired, 0);
    ASSERT_EQ(probe->released, 1);
  }
  EXPECT_EQ(heap.NextWhen(), kForever);
}

TEST(TimerHeapTest, StoppedTimersDoNotPileUp) {
  TimerHeap heap;
  Probe lasting(1'000'000'000);
  heap.Add(&lasting);
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 1000; ++i) {
    probes.push_back(std::make_unique<Probe>(2'000'000'000 + i));
    heap.Add(probes.back().get());
    TimerHeap::Stop(probes.back().get());
  }
  int released = 0;
  for (auto& probe : probes) released += probe->released;
  EXPECT_GT(released, 900) << "stopped timers that never come to the top must be dropped";
  EXPECT_EQ(heap.RunExpired(kForever), 1);
}

TEST(TimerHeapTest, NodeWithoutReleaseIsFine) {
  TimerHeap heap;
  Probe fires(10), stops(20);
  fires.release = stops.release = nullptr;
  heap.Add(&fires);
  heap.Add(&stops);
  EXPECT_TRUE(TimerHeap::Stop(&stops));
  EXPECT_EQ(heap.RunExpired(100), 1);
}

TEST(TimerHeapTest, FireMayAddStopAndReuse) {
  TimerHeap heap;
  Probe again(10), other(20), victim(30), late(40);
  int runs = 0;
  again.on_fire = [&](Probe& self) {
    if (++runs == 1) {
      EXPECT_FALSE(TimerHeap::Stop(&self)) << "it is firing";
      EXPECT_TRUE(TimerHeap::Stop(&victim));
      EXPECT_TRUE(heap.Add(&other));
    }
  };
  heap.Add(&again);
  heap.Add(&victim);
  heap.Add(&late);
  EXPECT_EQ(heap.RunExpired(35), 2) << "what fire has added and is due fires in the same call";
  EXPECT_EQ(other.fired, 1);
  EXPECT_EQ(victim.fired, 0);
  EXPECT_EQ(victim.released, 1);
  again.when = 50;
  heap.Add(&again);
  EXPECT_EQ(heap.RunExpired(60), 2);
  EXPECT_EQ(again.fired, 2);
  EXPECT_EQ(again.released, 2);
}

// Sleep's timer lies on the stack of the goroutine that fire lets run: after fire it may be gone.
TEST(TimerHeapTest, NodeWithoutReleaseMayDieInFire) {
  TimerHeap heap;
  auto* mortal = new TimerNode;
  mortal->when = 5;
  mortal->fire = [](TimerNode* node) { delete node; };
  heap.Add(mortal);
  EXPECT_EQ(heap.RunExpired(5), 1);
}

TEST(TimerHeapTest, RestartedTimersFireAtTheirLastTime) {
  TimerHeap heap;
  Probe probe(1000);
  heap.Add(&probe);
  EXPECT_FALSE(TimerHeap::Restart(&probe, 2000).pushed) << "later: keeps its entry";
  EXPECT_EQ(heap.RunExpired(1999), 0);
  EXPECT_EQ(heap.NextWhen(), 2000);
  TimerHeap::Restarted earlier = TimerHeap::Restart(&probe, 500);
  EXPECT_TRUE(earlier.pushed && earlier.earliest);
  EXPECT_EQ(earlier.before, TimerNode::State::kActive);
  EXPECT_EQ(heap.RunExpired(499), 0);
  EXPECT_EQ(heap.RunExpired(500), 1);
  EXPECT_EQ(heap.RunExpired(5000), 0) << "the entry of before is dead";
  EXPECT_EQ(probe.released, 2);
  EXPECT_EQ(TimerHeap::Restart(&probe, 6000).before, TimerNode::State::kFired);
  EXPECT_TRUE(TimerHeap::Stop(&probe));
  EXPECT_FALSE(TimerHeap::Restart(&probe, 6000).pushed) << "stopped, its entry is used again";
  EXPECT_EQ(heap.RunExpired(6000), 1);
  EXPECT_EQ(probe.released, 3);
}

TEST(TimerHeapTest, AFiringIsConfirmedOnceAndMayBeTakenBack) {
  TimerHeap heap;
  Probe probe(10);
  bool confirmed = false;
  probe.on_fire = [&](Probe& self) {
    confirmed = TimerHeap::Confirm(&self);
    EXPECT_FALSE(TimerHeap::Confirm(&self));
  };
  heap.Add(&probe);
  heap.RunExpired(10);
  EXPECT_TRUE(confirmed);
  probe.on_fire = [&](Probe& self) {
    EXPECT_EQ(TimerHeap::Cancel(&self), TimerNode::State::kFired);
    confirmed = TimerHeap::Confirm(&self);
  };
  TimerHeap::Restart(&probe, 20);
  heap.RunExpired(20);
  EXPECT_FALSE(confirmed);
  TimerHeap::Restart(&probe, 30);
  EXPECT_FALSE(TimerHeap::Expire(&probe, 29));
  EXPECT_TRUE(TimerHeap::Expire(&probe, 30));
  EXPECT_EQ(heap.RunExpired(30), 0) << "expired by hand";
  EXPECT_TRUE(TimerHeap::Confirm(&probe));
}

TEST(TimerHeapTest, ClearAbandonsWhatWasActive) {
  TimerHeap heap;
  static int abandoned;
  abandoned = 0;
  Probe active(10), moved(30), stopped(20);
  for (Probe* probe : {&active, &moved, &stopped}) {
    probe->abandon = [](TimerNode*) { ++abandoned; };
    heap.Add(probe);
  }
  TimerHeap::Restart(&moved, 5);
  TimerHeap::Stop(&stopped);
  heap.Clear();
  EXPECT_EQ(abandoned, 2);
  EXPECT_EQ(active.released + moved.released + stopped.released, 4);
  EXPECT_EQ(heap.NextWhen(), kForever);
  EXPECT_FALSE(TimerHeap::Stop(&active));
}

TEST(TimerHeapTest, AgreesWithAMultimapOverRandomOperations) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    TimerHeap heap;
    std::vector<std::unique_ptr<Probe>> all;
    std::multimap<std::int64_t, Probe*> model;
    std::vector<Probe*> fired_now;
    std::int64_t now = 1000;
    std::int64_t span = seed % 2 == 0 ? 50 : 5000;  // many equal times, or few
    for (int step = 0; step < 3000; ++step) {
      unsigned dice = random() % 13;
      if (dice >= 10 && !all.empty()) {
        Probe* probe = all[random() % all.size()].get();
        auto [first, last] = model.equal_range(probe->when);
        while (first != last && first->second != probe) ++first;
        bool active = first != last;
        if (dice == 12 && active && probe->when <= now + span / 4) {
          ASSERT_TRUE(TimerHeap::Expire(probe, probe->when));
          ASSERT_TRUE(TimerHeap::Confirm(probe));
          ASSERT_FALSE(TimerHeap::Confirm(probe));
          model.erase(first);
          ++probe->fired;
        } else {
          std::int64_t when = now + 1 + static_cast<std::int64_t>(random()) % span;
          TimerHeap::Restarted restarted = TimerHeap::Restart(probe, when);
          ASSERT_EQ(restarted.before == TimerNode::State::kActive, active) << step;
          ASSERT_TRUE(!restarted.earliest || model.empty() || when <= model.begin()->first || active) << step;
          if (active) model.erase(first);
          model.emplace(when, probe);
          probe->starts += active ? 0 : 1;
          probe->entries += restarted.pushed ? 1 : 0;
        }
      } else if (dice < 5) {
        all.push_back(std::make_unique<Probe>(now + static_cast<std::int64_t>(random()) % span - span / 10));
        Probe* probe = all.back().get();
        probe->on_fire = [&fired_now](Probe& self) { fired_now.push_back(&self); };
        bool least = model.empty() || probe->when < model.begin()->first;
        bool told = heap.Add(probe);
        // A stopped timer that still leads the heap may hide that this one is the earliest; never the reverse.
        ASSERT_TRUE(!told || least || model.begin()->first == probe->when) << step;
        model.emplace(probe->when, probe);
      } else if (dice < 8 && !all.empty()) {
        Probe* probe = all[random() % all.size()].get();
        bool active = false;
        auto [first, last] = model.equal_range(probe->when);
        for (auto it = first; it != last; ++it) {
          if (it->second != probe) continue;
          active = true;
          model.erase(it);
          break;
        }
        ASSERT_EQ(TimerHeap::Stop(probe), active) << step;
      } else {
        now += static_cast<std::int64_t>(random()) % (span / 5);
        fired_now.clear();
        int count = heap.RunExpired(now);
        ASSERT_EQ(static_cast<std::size_t>(count), fired_now.size());
        for (Probe* probe : fired_now) {
          ASSERT_FALSE(model.empty());
          ASSERT_EQ(model.begin()->first, probe->when) << "in the order of their times";
          ASSERT_LE(probe->when, now) << "never early";
          auto [first, last] = model.equal_range(probe->when);
          while (first != last && first->second != probe) ++first;
          ASSERT_NE(first, last) << "fired though stopped, or twice";
          model.erase(first);
        }
        ASSERT_TRUE(model.empty() || model.begin()->first > now) << "left one that was due";
      }
      ASSERT_TRUE(model.empty() || heap.NextWhen() <= model.begin()->first) << "NextWhen is too late";
    }
    heap.RunExpired(kForever);
    for (auto& probe : all) {
      ASSERT_LE(probe->fired, probe->starts);
      ASSERT_EQ(probe->released, probe->entries);
    }
    ASSERT_EQ(heap.NextWhen(), kForever);
  }
}

// Other threads stop, add and fire at once: each timer either fires or was stopped, and is released exactly once.
TEST(TimerHeapTest, StopRacesWithFire) {
  constexpr std::size_t kStoppers = 2;
  constexpr std::size_t kPerStopper = 4000;
  TimerHeap heap;
  std::atomic<std::int64_t> now{0};
  std::atomic<std::size_t> done{0};
  std::atomic<int> wrong{0};
  std::vector<std::vector<std::unique_ptr<Probe>>> probes(kStoppers);
  std::vector<std::vector<bool>> stopped(kStoppers, std::vector<bool>(kPerStopper));
  std::vector<std::thread> threads;
  for (std::size_t id = 0; id < kStoppers; ++id) {
    for (std::size_t i = 0; i < kPerStopper; ++i) probes[id].push_back(std::make_unique<Probe>());
    threads.emplace_back([&, id] {
      std::mt19937 random(static_cast<unsigned>(id));
      for (std::size_t i = 0; i < kPerStopper; ++i) {
        Probe* probe = probes[id][i].get();
        probe->when = now.load() + static_cast<std::int64_t>(random() % 64);
        heap.Add(probe);
        if (random() % 4 == 0) now.fetch_add(16);
        std::size_t back = random() % 8;
        if (back <= i) {
          std::size_t which = i - back;
          if (TimerHeap::Stop(probes[id][which].get())) {
            if (stopped[id][which]) wrong.fetch_add(1);
            stopped[id][which] = true;
          }
        }
      }
      done.fetch_add(1);
    });
  }
  for (int id = 0; id < 2; ++id) {
    threads.emplace_back([&] {
      while (done.load() != kStoppers) {
        heap.RunExpired(now.fetch_add(1));
        std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  heap.RunExpired(kForever);
  EXPECT_EQ(wrong, 0);
  for (std::size_t id = 0; id < kStoppers; ++id) {
    for (std::size_t i = 0; i < kPerStopper; ++i) {
      ASSERT_EQ(probes[id][i]->fired, stopped[id][i] ? 0 : 1) << i;
      ASSERT_EQ(probes[id][i]->released, 1) << i;
    }
  }
}

// What release destroys may itself use timers: a closure that owns another timer, for instance.
TEST(TimerHeapDeathTest, ReleaseMayUseTheHeap) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  static TimerHeap heap;
  static Probe inner(5000), top(1), outer(7000);
  static std::atomic<bool> done{false};
  auto use_heap = [](TimerNode*) { heap.Add(&inner); };
  top.release = use_heap;
  // The heap's lock spins: a deadlock is found out by a thread of its own.
  auto play = [] {
    std::thread watchdog([] {
      for (int i = 0; i < 500 && !done; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (!done) std::_Exit(3);
    });
    heap.Add(&top);
    heap.Add(&outer);
    TimerHeap::Stop(&top);
    heap.RunExpired(10);
    done = true;
    watchdog.join();
    std::_Exit(TimerHeap::Stop(&inner) ? 0 : 4);
  };
  EXPECT_EXIT(play(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace gale::internal

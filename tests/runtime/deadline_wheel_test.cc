#include "gale/runtime/internal/deadline_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace gale::internal {
namespace {

constexpr std::int64_t kTick = 1 << 20;
constexpr std::int64_t kReach = ((std::int64_t{1} << 24) - 1) * kTick;  // 4.9 hours
constexpr std::int64_t kHour = 3'600'000'000'000;

// Player is a wheel with owners that behave as PollDesc does: each knows its deadline, and when the wheel looks at its
// node too early (because the deadline lies beyond the wheel's reach) it says when to look again.
struct Timer {
  DeadlineNode node;
  std::int64_t when = kForever;  // kForever: has none
  std::int64_t armed_at = 0;
  std::int64_t armed_for = 0;
  int fired = 0;
};

class Player {
 public:
  explicit Player(std::int64_t now) : now_(now), wheel_(now) {}

  bool Arm(Timer& timer, std::int64_t when) {
    std::lock_guard guard(wheel_.Lock());
    timer.when = when;
    timer.armed_at = now_;
    timer.armed_for = when;
    return wheel_.ArmLocked(&timer.node, when);
  }

  void Cancel(Timer& timer) {
    std::lock_guard guard(wheel_.Lock());
    timer.when = kForever;
    wheel_.CancelLocked(&timer.node);
  }

  void AdvanceTo(std::int64_t now) {
    now_ = now;
    fired.clear();
    wheel_.Advance(now, &Player::Fire, this);
  }

  std::int64_t Next() const { return wheel_.NextWhen(); }
  std::int64_t now() const { return now_; }

  std::vector<Timer*> fired;
  int looked_at_early = 0;

 private:
  static std::int64_t Fire(DeadlineNode* node, std::int64_t now, void* context) {
    auto* self = static_cast<Player*>(context);
    auto* timer = reinterpret_cast<Timer*>(node);  // the node is its first member
    EXPECT_EQ(now, self->now_);
    EXPECT_NE(timer->when, kForever) << "a cancelled node came up";
    if (timer->when > now) {
      ++self->looked_at_early;
      return timer->when;
    }
    timer->when = kForever;
    ++timer->fired;
    self->fired.push_back(timer);
    return kForever;
  }

  std::int64_t now_;
  DeadlineWheel wheel_;
};

TEST(DeadlineWheelTest, EmptyWheelNeverNeedsALook) {
  Player player(123 * kTick + 5);
  EXPECT_EQ(player.Next(), kForever);
  player.AdvanceTo(kHour);
  EXPECT_EQ(player.Next(), kForever);
}

struct SpanCase {
  const char* name;
  std::int64_t span;
};

// Deadlines at and around the borders of levels, each from starts at and around the borders of turns.
class DeadlineWheelSpanTest : public testing::TestWithParam<SpanCase> {};

TEST_P(DeadlineWheelSpanTest, FiresOnTimeWhenRunByNextWhen) {
  for (std::int64_t start_tick : {0L, 1L, 63L, 64L, 65L, 4095L, 4096L, 262143L, 262144L, 16777215L, 16777216L}) {
    for (std::int64_t start_offset : {std::int64_t{0}, std::int64_t{1}, kTick - 1}) {
      for (std::int64_t offset : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}}) {
        Player player(start_tick * kTick + start_offset);
        Timer timer;
        std::int64_t when = player.now() + GetParam().span + offset;
        EXPECT_TRUE(player.Arm(timer, when));
        std::int64_t looks = 0;
        while (timer.fired == 0) {
          std::int64_t next = player.Next();
          ASSERT_NE(next, kForever);
          ASSERT_LT(next, std::max(when, player.now()) + 2 * kTick) << "NextWhen is too late";
          ASSERT_GT(next, player.now()) << "NextWhen makes no progress";
          player.AdvanceTo(next);
          ASSERT_LE(++looks, 16 + 4 * GetParam().span / kReach) << "too many looks";
        }
        EXPECT_GE(player.now(), when) << "early";
        EXPECT_LE(player.now(), std::max(when, start_tick * kTick + start_offset) + kTick) << "late";
        EXPECT_EQ(player.Next(), kForever);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Spans, DeadlineWheelSpanTest,
                         testing::Values(SpanCase{"Past", -5 * kTick}, SpanCase{"Now", 0}, SpanCase{"OneTick", kTick},
                                         SpanCase{"EndOfLevel0", 63 * kTick}, SpanCase{"StartOfLevel1", 64 * kTick},
                                         SpanCase{"EndOfLevel1", 4095 * kTick}, SpanCase{"StartOfLevel2", 4096 * kTick},
                                         SpanCase{"EndOfLevel2", 262143 * kTick},
                                         SpanCase{"StartOfLevel3", 262144 * kTick}, SpanCase{"JustInReach", kReach},
                                         SpanCase{"JustBeyondReach", kReach + kTick}, SpanCase{"TwoTurns", 2 * kReach},
                                         SpanCase{"AYear", 365 * 24 * kHour}),
                         [](const auto& row) { return row.param.name; });

TEST(DeadlineWheelTest, TheFarthestDeadlinesDoNotOverflow) {
  Player player(10 * kHour);
  Timer far, farther;
  player.Arm(far, kForever - 1);
  player.Arm(farther, kForever - kTick);
  for (int i = 0; i < 5; ++i) {
    std::int64_t next = player.Next();
    ASSERT_GT(next, player.now());
    ASSERT_LE(next, player.now() + kReach + kTick);
    player.AdvanceTo(next);
  }
  EXPECT_EQ(far.fired + farther.fired, 0);
  player.Cancel(far);
  player.Cancel(farther);
}

TEST(DeadlineWheelTest, ArmTellsWhenTheSleeperMustSleepLess) {
  Player player(0);
  Timer a, b, c;
  EXPECT_TRUE(player.Arm(a, 50 * kTick));
  EXPECT_FALSE(player.Arm(b, 60 * kTick));
  EXPECT_TRUE(player.Arm(c, 10 * kTick));
  EXPECT_FALSE(player.Arm(c, 70 * kTick)) << "moved later";
  EXPECT_TRUE(player.Arm(c, 5 * kTick)) << "moved earlier";
}

TEST(DeadlineWheelTest, MovedEarlierFiresEarlierMovedLaterFiresOnce) {
  Player player(77 * kTick);
  Timer timer;
  player.Arm(timer, player.now() + kHour);
  player.Arm(timer, player.now() + 10 * kTick);
  player.Arm(timer, player.now() + 500 * kTick);
  std::int64_t start = player.now();
  for (std::int64_t tick = 1; tick < 600; ++tick) {
    player.AdvanceTo(start + tick * kTick);
    ASSERT_EQ(timer.fired, tick >= 500 ? 1 : 0) << tick;
  }
  player.AdvanceTo(start + 2 * kHour);
  EXPECT_EQ(timer.fired, 1);
}

TEST(DeadlineWheelTest, CancelledNodeIsUnlinkedAndMayDie) {
  Player player(0);
  Timer stays;
  {
    auto dies = std::make_unique<Timer>();
    player.Cancel(*dies);  // was never armed
    player.Arm(*dies, 100 * kTick);
    player.Arm(stays, 100 * kTick);
    player.Cancel(*dies);
    player.Cancel(*dies);
    EXPECT_EQ(dies->node.next, nullptr);
    EXPECT_EQ(dies->node.previous, nullptr);
  }
  player.AdvanceTo(200 * kTick);
  EXPECT_EQ(stays.fired, 1);
}

// After a long silence the wheel's hand is far behind the clock. New deadlines must still be right.
TEST(DeadlineWheelTest, ArmingAfterALongIdleGap) {
  for (std::int64_t gap : {kTick, 100 * kTick, kHour, 4 * kHour, 5 * kHour, 24 * kHour, 365 * 24 * kHour}) {
    DeadlineWheel wheel(0);
    for (std::int64_t span : {kTick, 63 * kTick, 64 * kTick, 10'000 * kTick, kHour, 6 * kHour}) {
      struct Owner {
        DeadlineNode node;
        std::int64_t when;
        std::int64_t fired_at;
      } owner{{}, gap + span, 0};
      {
        std::lock_guard guard(wheel.Lock());
        wheel.ArmLocked(&owner.node, owner.when);
      }
      std::int64_t now = gap;
      for (int looks = 0; owner.fired_at == 0; ++looks) {
        ASSERT_LT(looks, 64) << gap << " " << span;
        ASSERT_LE(wheel.NextWhen(), std::max(owner.when, now) + kTick);
        now = std::max(now, wheel.NextWhen());
        wheel.Advance(
            now,
            [](DeadlineNode* node, std::int64_t time, void*) {
              auto* self = reinterpret_cast<Owner*>(node);
              if (time < self->when) return self->when;
              self->fired_at = time;
              return kForever;
            },
            nullptr);
      }
      EXPECT_GE(owner.fired_at, owner.when);
      EXPECT_LE(owner.fired_at, owner.when + kTick) << gap << " " << span;
      gap = now;
    }
  }
}

// Fire's answer arms the node again; a time that has passed already means the next tick, not now and for ever.
TEST(DeadlineWheelTest, FireMayArmAgain) {
  struct Repeater {
    DeadlineNode node;
    std::int64_t period;
    std::vector<std::int64_t> times;
  };
  for (std::int64_t period : {std::int64_t{-kHour}, std::int64_t{0}, std::int64_t{1}, kTick, 64 * kTick, 100 * kTick}) {
    DeadlineWheel wheel(0);
    Repeater repeater{{}, period, {}};
    {
      std::lock_guard guard(wheel.Lock());
      wheel.ArmLocked(&repeater.node, kTick);
    }
    for (std::int64_t tick = 1; tick <= 400; ++tick) {
      wheel.Advance(
          tick * kTick,
          [](DeadlineNode* node, std::int64_t now, void*) {
            auto* self = reinterpret_cast<Repeater*>(node);
            self->times.push_back(now);
            return now + self->period;
          },
          nullptr);
    }
    std::int64_t step = std::max(kTick, (period + kTick - 1) / kTick * kTick);
    ASSERT_EQ(repeater.times.size(), static_cast<std::size_t>(1 + 399 * kTick / step)) << period;
    for (std::size_t i = 0; i < repeater.times.size(); ++i) {
      ASSERT_EQ(repeater.times[i], kTick + static_cast<std::int64_t>(i) * step) << period;
    }
    std::lock_guard guard(wheel.Lock());
    wheel.CancelLocked(&repeater.node);
  }
}

// Under the lock that Fire is called with, it may also cancel or move the node that has come up.
TEST(DeadlineWheelTest, FireMayCancelAndArmItsOwnNodeByHand) {
  struct Owner {
    DeadlineNode node;
    DeadlineWheel* wheel;
    int fired;
  };
  DeadlineWheel wheel(0);
  Owner owner{{}, &wheel, 0};
  {
    std::lock_guard guard(wheel.Lock());
    wheel.ArmLocked(&owner.node, 3 * kTick);
  }
  auto fire = [](DeadlineNode* node, std::int64_t now, void*) {
    auto* self = reinterpret_cast<Owner*>(node);
    ++self->fired;
    self->wheel->CancelLocked(node);
    self->wheel->ArmLocked(node, now + 2 * kTick);
    self->wheel->CancelLocked(node);
    if (self->fired < 3) self->wheel->ArmLocked(node, now + 2 * kTick);
    return kForever;
  };
  for (std::int64_t tick = 1; tick < 20; ++tick) wheel.Advance(tick * kTick, fire, nullptr);
  EXPECT_EQ(owner.fired, 3);
  EXPECT_EQ(wheel.NextWhen(), kForever);
}

// Checks what the wheel promises after each step of a random play.
class RandomPlay {
 public:
  RandomPlay(unsigned seed, std::int64_t start) : random_(seed), player_(start), timers_(40) {}

  // Advances tick by tick, or by jumps of up to `longest_jump`.
  void Run(int steps, std::int64_t longest_jump) {
    for (int step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
      for (unsigned i = random_() % 4; i > 0; --i) ChangeOne();
      std::uint64_t random_jump = 1 + random64_() % static_cast<std::uint64_t>(longest_jump);
      std::int64_t jump = longest_jump == kTick ? kTick : static_cast<std::int64_t>(random_jump);
      Advance(player_.now() + jump);
    }
  }

  int fired() const { return fired_; }

 private:
  std::int64_t RandomSpan() {
    std::int64_t magnitude = std::int64_t{1} << (10 + random_() % 36);  // a microsecond to 19 hours
    auto span = static_cast<std::int64_t>(random64_() % static_cast<std::uint64_t>(magnitude));
    return random_() % 16 == 0 ? -span : span;
  }

  void ChangeOne() {
    Timer& timer = timers_[random_() % timers_.size()];
    if (random_() % 4 == 0) return player_.Cancel(timer);
    player_.Arm(timer, player_.now() + RandomSpan());
    ExpectNextInTime();
  }

  // The earliest deadline's tick, in which the wheel must be run.
  void ExpectNextInTime() {
    std::int64_t earliest = kForever;
    for (const Timer& timer : timers_) earliest = std::min(earliest, timer.when);
    if (earliest == kForever) return;
    std::int64_t tick_after = (std::max(earliest, player_.now()) / kTick + 1) * kTick;
    ASSERT_LE(player_.Next(), tick_after) << "NextWhen is later than the earliest deadline";
  }

  void Advance(std::int64_t now) {
    std::vector<std::int64_t> before;
    for (const Timer& timer : timers_) before.push_back(timer.when);
    player_.AdvanceTo(now);
    for (std::size_t i = 0; i < timers_.size(); ++i) {
      bool fired = std::find(player_.fired.begin(), player_.fired.end(), &timers_[i]) != player_.fired.end();
      if (fired) {
        ++fired_;
        ASSERT_LE(before[i], now) << "early";
        continue;
      }
      ASSERT_EQ(timers_[i].when, before[i]);
      // A deadline that was in the past when it was set waits for the tick after that.
      std::int64_t due = std::max(before[i], timers_[i].armed_at);
      ASSERT_TRUE(before[i] == kForever || now < due + kTick) << "more than a tick late: " << now - before[i];
    }
    ExpectNextInTime();
  }

  std::mt19937 random_;
  std::mt19937_64 random64_{7};
  Player player_;
  std::vector<Timer> timers_;
  int fired_ = 0;
};

TEST(DeadlineWheelTest, RandomPlayTickByTick) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    RandomPlay play(seed, std::int64_t{seed} * 4095 * kTick + 17);
    play.Run(20'000, kTick);
    ASSERT_GT(play.fired(), 1000);
    if (HasFatalFailure()) return;
  }
}

TEST(DeadlineWheelTest, RandomPlayWithJumps) {
  for (std::int64_t longest : {kTick / 3, 3 * kTick, 100 * kTick, 10'000 * kTick, kHour, 12 * kHour}) {
    RandomPlay play(static_cast<unsigned>(longest), longest);
    play.Run(5'000, longest);
    ASSERT_GT(play.fired(), 0);
    if (HasFatalFailure()) return;
  }
}

TEST(DeadlineWheelTest, ThreadsArmAndCancelWhileItRuns) {
  constexpr int kThreads = 3;
  struct Owner {
    DeadlineNode node;
    std::int64_t when = 0;  // under the wheel's lock; 0: none
  };
  struct Shared {
    std::int64_t early = 0;
    std::int64_t unarmed = 0;
    std::int64_t fired = 0;
  } shared;
  DeadlineWheel wheel(0);
  std::atomic<std::int64_t> now{0};
  std::atomic<int> done{0};
  std::vector<std::vector<Owner>> owners;
  for (int i = 0; i < kThreads; ++i) owners.emplace_back(16);
  std::vector<std::thread> threads;
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&, id] {
      std::mt19937 random(static_cast<unsigned>(id));
      for (int step = 0; step < 5'000; ++step) {
        Owner& owner = owners[static_cast<std::size_t>(id)][random() % 16];
        std::lock_guard guard(wheel.Lock());
        if (random() % 3 == 0) {
          owner.when = 0;
          wheel.CancelLocked(&owner.node);
        } else {
          owner.when = now.load() + static_cast<std::int64_t>(random() % 200) * kTick + 1;
          wheel.ArmLocked(&owner.node, owner.when);
        }
      }
      done.fetch_add(1);
    });
  }
  auto fire = [](DeadlineNode* node, std::int64_t time, void* context) {
    auto* owner = reinterpret_cast<Owner*>(node);
    auto* counts = static_cast<Shared*>(context);
    if (owner->when == 0) ++counts->unarmed;
    if (owner->when > time) ++counts->early;
    owner->when = 0;
    ++counts->fired;
    return kForever;
  };
  while (done.load() != kThreads) {
    wheel.Advance(now.fetch_add(kTick) + kTick, fire, &shared);
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  wheel.Advance(now.load() + 300 * kTick, fire, &shared);
  EXPECT_EQ(shared.unarmed, 0);
  EXPECT_EQ(shared.early, 0);
  EXPECT_GT(shared.fired, 0);
  EXPECT_EQ(wheel.NextWhen(), kForever);
}

}  // namespace
}  // namespace gale::internal

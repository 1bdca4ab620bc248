// What a program may rely on from the scheduler, told by programs that hang if it does not hold.

#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include "gale/runtime/blocking.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/lock_os_thread.h"
#include "gale/runtime/select.h"
#include "gale/runtime/time.h"
#include "gale/runtime/timer.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

// SchedulerBehaviourTest puts the number of Ps back.
class SchedulerBehaviourTest : public testing::TestWithParam<bool> {
 protected:
  ~SchedulerBehaviourTest() override { GOMAXPROCS(former_); }
  int former_ = GOMAXPROCS();
};

using SchedulerBehaviourLockedTest = SchedulerBehaviourTest;
INSTANTIATE_TEST_SUITE_P(Threads, SchedulerBehaviourLockedTest, testing::Values(false, true),
                         [](const auto& locked) { return locked.param ? "Locked" : "Free"; });

// Behaviour group 59. One that asks in a loop and yields between lets the one that answers get on.
TEST_P(SchedulerBehaviourLockedTest, AYieldingLoopLetsOthersGetOn) {
  gale::Run([] {
    Chan<int> stop(0), stopped(0);
    Go([=, locked = GetParam()] {
      if (locked) LockOSThread();
      while (Select(OnRecv(stop), OnDefault()) == 1) Gosched();
      stopped.Send(1);
    });
    Sleep(10ms);
    stop.Send(1);
    stopped.Recv();
  });
}

// Behaviour group 59.
TEST_F(SchedulerBehaviourTest, ALockedGoroutineThatBlocksIsWoken) {
  gale::Run([] {
    Chan<int> numbers(0);
    Go([=] {
      LockOSThread();
      for (int i = 0; i < 10; ++i) numbers.Send(i);
      UnlockOSThread();
    });
    for (int i = 0; i < 10; ++i) EXPECT_EQ(numbers.Recv(), i);
  });
}

// Each waits for its turn without a call of the runtime: with fewer threads at work than goroutines, all stand still.
void TakeTurnsComputing(int goroutines, int rounds) {
  std::atomic<int> turn{0};
  WaitGroup group;
  for (int g = 0; g < goroutines; ++g) {
    group.Go([&, g] {
      for (int i = 0; i < rounds; ++i) {
        while (turn.load() != goroutines * i + g) std::this_thread::yield();
        turn.store(goroutines * i + g + 1);
      }
    });
  }
  group.Wait();
}

// Behaviour group 59.
TEST_F(SchedulerBehaviourTest, AsManyGoroutinesComputeAtOnceAsThereArePs) {
  GOMAXPROCS(4);
  gale::Run([] {
    for (int i = 0; i < 5; ++i) TakeTurnsComputing(4, 3);
  });
}

// Behaviour group 59. The same while others come and go, so that some Ps are busy or in their poller.
TEST_F(SchedulerBehaviourTest, AsManyComputeAtOnceAlthoughOthersAreAboutToSleep) {
  GOMAXPROCS(4);
  gale::Run([] {
    for (int i = 0; i < 5; ++i) {
      auto timer = AfterFunc(1h, [] {});
      for (int k = 0; k < 20; ++k) Go([] { Sleep(50us); });
      TakeTurnsComputing(4, 3);
      timer.Stop();
    }
  });
}

// Behaviour group 59. More who compute than there are Ps: those who have computed for long make room.
TEST_F(SchedulerBehaviourTest, GoroutinesThatComputeTakeTurnsOnFewPs) {
  gale::Run([] { TakeTurnsComputing(GOMAXPROCS() + 2, 2); });
}

// Behaviour group 59. A pair that never stops making each other runnable must not keep a timer from firing.
TEST_F(SchedulerBehaviourTest, TimersFireInTheMidstOfBusyChannels) {
  gale::Run([] {
    Chan<int> busy(0), stop(0);
    WaitGroup group;
    for (int i = 0; i < 2; ++i) {
      group.Go([=] {
        while (Select(OnSend(busy, 1), OnRecv(stop)) == 0) continue;
      });
    }
    auto timeout = After(20ms);
    while (Select(OnRecv(busy), OnRecv(timeout)) == 0) continue;
    stop.Close();
    group.Wait();
  });
}

// Behaviour group 59. The same with a system call in each round.
TEST_F(SchedulerBehaviourTest, TimersFireAlthoughAllTheRestCallsTheSystem) {
  gale::Run([] {
    Chan<int> busy(0);
    WaitGroup group;
    for (int i = 0; i < 2; ++i) {
      group.Go([=] {
        auto timeout = After(20ms);
        do {
          EXPECT_EQ(read(-1, nullptr, 0), -1);
        } while (Select(OnSend(busy, 1), OnRecv(busy), OnRecv(timeout)) != 2);
      });
    }
    group.Wait();
  });
}

// Behaviour group 59. Two that play ping-pong must leave a P to one that computes and yields, which makes some progress
// for each of their turns.
TEST_F(SchedulerBehaviourTest, APingPongPairAndAHogShareOneP) {
  GOMAXPROCS(1);
  gale::Run([] {
    std::atomic<bool> stop{false};
    std::atomic<int> hog_turns{0};
    Chan<int> there(0), back(0);
    WaitGroup group;
    group.Go([=] {
      for (int value : there) back.Send(value);
    });
    group.Go([&] {
      while (!stop) {
        ++hog_turns;
        Gosched();
      }
    });
    for (int i = 0; i < 20'000; ++i) {
      there.Send(i);
      back.Recv();
    }
    EXPECT_GT(hog_turns, 20'000 / 64 / 10) << "the pair gives way after 64 turns";
    stop = true;
    there.Close();
    group.Wait();
  });
}

// Behaviour group 59. Having just come back from a system call is no protection against losing the P.
TEST_F(SchedulerBehaviourTest, OneThatComputesAfterASystemCallMakesRoom) {
  GOMAXPROCS(1);
  gale::Run([] {
    for (bool announced : {false, true}) {
      std::atomic<bool> stop{false};
      WaitGroup group;
      group.Go([&] {
        timespec pause{0, 20'000'000};
        auto call = [&] { nanosleep(&pause, nullptr); };
        announced ? Blocking(call) : call();
        while (!stop) asm volatile("");
      });
      Sleep(60ms);
      stop = true;
      group.Wait();
    }
  });
}

// Behaviour group 59. A P that sleeps in its poller hears of what becomes runnable elsewhere.
TEST_F(SchedulerBehaviourTest, WorkFromElsewhereWakesAPInItsPoller) {
  gale::Run([] {
    for (int i = 0; i < 20; ++i) {
      Chan<int> woken(0);
      std::thread elsewhere([=] {
        std::this_thread::sleep_for(1ms);
        Go([=] { woken.Send(1); });
      });
      woken.Recv();
      elsewhere.join();
    }
  });
}

}  // namespace
}  // namespace gale

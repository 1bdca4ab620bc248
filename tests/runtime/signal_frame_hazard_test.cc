// Hazard: signal frames on small stacks. A signal may come at any moment, also in the midst of a switch. The kernel
// puts its frame, some KiB with all the vector registers, on the thread's alternative stack if the handler asks for
// that (SA_ONSTACK), else on the stack of whoever runs.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/lock_os_thread.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

std::atomic<std::uintptr_t> handler_address{0};
std::atomic<int> handled{0};

void Handle(int) {
  char here = 0;
  handler_address = reinterpret_cast<std::uintptr_t>(&here);
  ++handled;
}

class SignalFrameHazardTest : public testing::Test {
 protected:
  void SetUp() override {
    if (internal::kThreadSanitizer) GTEST_SKIP() << "TSan delays signals";
    if (internal::kAddressSanitizer) GTEST_SKIP() << "ASan's frames do not leave room to measure";
    handled = 0;
    handler_address = 0;
  }
  ~SignalFrameHazardTest() override { signal(SIGUSR1, SIG_DFL); }

  static void Install(int flags) {
    struct sigaction action {};
    action.sa_handler = &Handle;
    action.sa_flags = flags | SA_RESTART;
    ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  }
};

// Without the C library's raise, which needs some stack itself.
void SignalThisThread() { syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1); }

// Signals from frames so deep that only `left` bytes of the goroutine's stack remain.
[[gnu::noinline]] void SignalAtDepth(const char* stack_low, std::size_t left) {
  volatile char frame[256];
  frame[0] = 0;
  if (const_cast<const char*>(&frame[0]) - left > stack_low + sizeof(frame)) {
    SignalAtDepth(stack_low, left);
  } else {
    SignalThisThread();
  }
  asm volatile("" : : "r"(&frame[0]) : "memory");
}

bool OnStackOf(const internal::G* g, std::uintptr_t address) {
  return address >= reinterpret_cast<std::uintptr_t>(g->stack_low) &&
         address < reinterpret_cast<std::uintptr_t>(g->stack_high);
}

TEST_F(SignalFrameHazardTest, AHandlerOnTheAlternativeStackNeedsNothingOfTheGoroutines) {
  Install(SA_ONSTACK);
  auto check = [] {
    const internal::G* g = internal::CurrentG();
    SignalThisThread();  // so that its symbols are bound
    SignalAtDepth(g->stack_low, 1024);
    EXPECT_FALSE(OnStackOf(g, handler_address));
  };
  gale::Run([&] {
    check();  // on the thread that called Run, whose alternative stack the runtime has set up, too
    for (bool locked : {false, true}) {
      Chan<bool> done(0);
      for (int i = 0; i < 8; ++i) {
        Go(StackSize::kSmall, [&check, done, locked] {
          if (locked) LockOSThread();
          check();
          Gosched();
          check();
          done.Send(true);
        });
      }
      for (int i = 0; i < 8; ++i) done.Recv();
    }
  });
  EXPECT_EQ(handled, 2 + 2 * 8 * 4);
}

TEST_F(SignalFrameHazardTest, AHandlerWithoutOneFitsIntoHalfASmallStack) {
  Install(0);
  gale::Run([] {
    Chan<bool> done(0);
    Go(StackSize::kSmall, [done] {
      const internal::G* g = internal::CurrentG();
      SignalThisThread();
      SignalAtDepth(g->stack_low, 32 * 1024);
      EXPECT_TRUE(OnStackOf(g, handler_address));
      done.Send(true);
    });
    done.Recv();
  });
  EXPECT_EQ(handled, 2);
}

// Signals fall upon parks, wake-ups and switches. Those of one kind run on the stack that a switch is just leaving.
TEST_F(SignalFrameHazardTest, SignalsAtAnyMomentDisturbNoSwitch) {
  for (int flags : {0, SA_ONSTACK}) {
    Install(flags);
    std::atomic<bool> stop{false};
    std::thread sender([&stop] {
      while (!stop) {
        kill(getpid(), SIGUSR1);  // the kernel chooses a thread: mostly this one
        for (int p = 0; p < 4; ++p) std::this_thread::yield();
      }
    });
    gale::Run([] {
      std::atomic<long> sum{0};
      WaitGroup group;
      for (int pair = 0; pair < 4; ++pair) {
        Chan<int> there(0), back(0);
        group.Go([=] {
          for (int value : there) back.Send(value);
        });
        group.Go([=, &sum] {
          for (int i = 0; i < 2000; ++i) {
            there.Send(i);
            sum += *back.Recv();
            if (i % 50 == 0) SignalThisThread();
          }
          there.Close();
        });
      }
      group.Wait();
      EXPECT_EQ(sum, 4L * 2000 * 1999 / 2);
    });
    stop = true;
    sender.join();
  }
  EXPECT_GE(handled, 2 * 4 * 40);
}

}  // namespace
}  // namespace gale

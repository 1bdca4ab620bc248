#include "gale/tests/model/system_calls.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <cstdarg>
#include <cstdlib>
#include <string>

#include "gale/tests/model/explorer.h"

namespace gale::model {

namespace {

// Sleeper is what those sleep on who wait in the kernel: not the word itself, whose change alone wakes nobody.
const void* Sleeper(const void* word) { return static_cast<const char*>(word) + 1; }

void FutexWait(const void* word, std::uint32_t expected, const timespec* timeout) {
  Point();
  // The kernel looks at the word under a lock that wakers take, too: it sees the newest value.
  std::uint64_t value = TheMemory().Newest(word);
  if (Logging()) {
    Step("#" + std::to_string(TheMemory().Number(word)) + " futex wait while " + std::to_string(expected) + ", is " +
             std::to_string(value),
         {});
  }
  if (static_cast<std::uint32_t>(value) != expected) return;
  Block(Sleeper(word), "futex", timeout == nullptr ? -1 : Now() + timeout->tv_sec * 1'000'000'000 + timeout->tv_nsec);
}

void FutexWake(const void* word, int count) {
  Point();
  if (Logging()) Step("futex wake", {});
  Unblock(Sleeper(word), count);
}

}  // namespace

long SystemCall(long number, ...) {
  Inside inside;
  std::va_list arguments;
  va_start(arguments, number);
  if (number == SYS_futex) {
    const void* word = va_arg(arguments, const void*);
    int operation = va_arg(arguments, int);
    int value = va_arg(arguments, int);
    if (operation == FUTEX_WAIT_PRIVATE) {
      FutexWait(word, static_cast<std::uint32_t>(value), va_arg(arguments, const timespec*));
    } else {
      FutexWake(word, value);
    }
  } else if (number == SYS_membarrier) {
    Point();
    if (Logging()) Step("membarrier", {});
    TheMemory().FenceAll();
  } else {
    std::abort();
  }
  va_end(arguments);
  return 0;
}

int SchedYield() {
  Inside inside;
  YieldThread();
  return 0;
}

int NanoSleep(const timespec* duration, timespec*) {
  Inside inside;
  static const char timer = 0;
  Block(&timer, "nanosleep", Now() + duration->tv_sec * 1'000'000'000 + duration->tv_nsec);
  return 0;
}

int ClockGetTime(int, timespec* now) {
  std::int64_t time = Now();
  *now = {time / 1'000'000'000, time % 1'000'000'000};
  return 0;
}

std::uint64_t Cycles() {
  Inside inside;
  return NextCycle();
}

int CreateThread(pthread_t*, const pthread_attr_t*, void* (*main)(void*), void* argument) {
  Inside inside;
  Point();
  static int number;
  static std::uint64_t execution;
  if (execution != ExecutionNumber()) number = 0;
  execution = ExecutionNumber();
  Spawn("M" + std::to_string(number++), [main, argument] { main(argument); });
  return 0;
}

}  // namespace gale::model

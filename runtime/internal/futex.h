// Futexes: how threads (not goroutines) sleep until a word changes. Return no errno: callers re-check the word.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <ctime>

namespace gale::internal {

static_assert(sizeof(std::atomic<int>) == sizeof(int));

// FutexWait sleeps while *word == expected, at most timeout_ns nanoseconds (negative: for ever). May wake early.
inline void FutexWait(std::atomic<int>* word, int expected, std::int64_t timeout_ns = -1) {
  timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? nullptr : &timeout, nullptr, 0);
}

// FutexWake wakes up to `count` threads that sleep on the word. Only the address is used: the word's memory may
// already belong to somebody else, who then sees a spurious wake-up.
inline void FutexWake(std::atomic<int>* word, int count = 1) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

}  // namespace gale::internal

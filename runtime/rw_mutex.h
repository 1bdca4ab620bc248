// RWMutex: any number of readers, or one writer.
//
//   gale::RWMutex mu;
//   std::shared_lock reading(mu);   // or gale::ReaderLock lock(mu), or mu.RLock() ... mu.RUnlock()
//   std::unique_lock writing(mu);   // or gale::WriterLock lock(mu), or mu.Lock() ... mu.Unlock()
//
// Readers that come while a writer waits wait behind it, so that writers are not starved; a writer that is done lets
// in all readers that came meanwhile before the next writer. Hence a reader must not read-lock once more what it
// has locked: a writer between the two would wait for the first and block the second.
#pragma once

#include <atomic>
#include <cstdint>

#include "gale/runtime/internal/semaphore.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/thread_annotations.h"

namespace gale {

// RWMutex satisfies SharedLockable. From goroutines and plain threads; what one locks another may unlock. Must not be
// destroyed before all calls have returned. Misuse ends the process.
//
// Source: Go's sync.RWMutex. The steps of reader and writer:
//   R1. A reader adds 1 to readers_. If that is not negative, it is in; else it sleeps until W4.
//   W1. A writer takes writers_: one at a time from here on.
//   W2. It subtracts kWriter from readers_ (all later readers see it), and adds the readers that were in to leaving_.
//       If leaving_ is zero now, it is in; else it sleeps until R3.
//   R2. A reader that leaves subtracts 1 from readers_. Not negative: done.
//   R3. Else it subtracts 1 from leaving_; who makes it zero wakes the writer. (It may be negative for a while, where
//       readers leave between the two parts of W2.)
//   W3. A writer that leaves adds kWriter to readers_: what remains are readers that sleep or are about to.
//   W4. It wakes each of them, then releases writers_.
class GALE_CAPABILITY("mutex") RWMutex {
 public:
  RWMutex() = default;
  RWMutex(const RWMutex&) = delete;
  RWMutex& operator=(const RWMutex&) = delete;

  void Lock() GALE_ACQUIRE();
  // TryLock takes the lock if nobody has it, and nobody waits for it.
  bool TryLock() GALE_TRY_ACQUIRE(true);
  // Without a Lock: "sync: Unlock of unlocked RWMutex".
  void Unlock() GALE_RELEASE();

  void RLock() GALE_ACQUIRE_SHARED() {
    // Acquire pairs with the release in Unlock.
    if (readers_.fetch_add(1, std::memory_order_acquire) + 1 < 0) WaitForWriter();
  }
  // TryRLock takes the lock for reading if no writer has it or waits for it.
  bool TryRLock() GALE_TRY_ACQUIRE_SHARED(true);
  // Without an RLock: "sync: RUnlock of unlocked RWMutex".
  void RUnlock() GALE_RELEASE_SHARED() {
    // Release pairs with the acquire in Lock.
    std::int32_t rest = readers_.fetch_sub(1, std::memory_order_release) - 1;
    if (rest < 0) LeaveForWriter(rest);
  }

  // The standard's names, for std::unique_lock and std::shared_lock.
  void lock() GALE_ACQUIRE() { Lock(); }
  bool try_lock() GALE_TRY_ACQUIRE(true) { return TryLock(); }
  void unlock() GALE_RELEASE() { Unlock(); }
  void lock_shared() GALE_ACQUIRE_SHARED() { RLock(); }
  bool try_lock_shared() GALE_TRY_ACQUIRE_SHARED(true) { return TryRLock(); }
  void unlock_shared() GALE_RELEASE_SHARED() { RUnlock(); }

 private:
  static constexpr std::int32_t kWriter = 1 << 30;

  void WaitForWriter();
  void LeaveForWriter(std::int32_t rest);

  Mutex writers_;
  std::atomic<std::int32_t> readers_{0};  // those in or waiting; less kWriter while a writer is in or waits
  std::atomic<std::int32_t> leaving_{0};  // those that the waiting writer still waits for
  internal::Semaphore writer_sleeps_;
  internal::Semaphore readers_sleep_;
};

// WriterLock holds an RWMutex for writing while it exists, ReaderLock for reading. They are the std::unique_lock and
// std::shared_lock that Clang's thread-safety analysis understands.
class GALE_SCOPED_CAPABILITY [[nodiscard]] WriterLock {
 public:
  explicit WriterLock(RWMutex& mutex) GALE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;
  ~WriterLock() GALE_RELEASE() { mutex_.Unlock(); }

 private:
  RWMutex& mutex_;
};

class GALE_SCOPED_CAPABILITY [[nodiscard]] ReaderLock {
 public:
  explicit ReaderLock(RWMutex& mutex) GALE_ACQUIRE_SHARED(mutex) : mutex_(mutex) { mutex_.RLock(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;
  ~ReaderLock() GALE_RELEASE_GENERIC() { mutex_.RUnlock(); }

 private:
  RWMutex& mutex_;
};

}  // namespace gale

#include "gale/runtime/internal/thread_locks.h"

#if defined(GALE_CHECK_THREAD_LOCKS)

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string>

#include "gale/runtime/internal/debug_variables.h"
#include "gale/runtime/internal/goroutine_text.h"
#include "gale/runtime/internal/stack_walk.h"

namespace gale::internal {

namespace {

// Held is one lock that a goroutine holds. A lock for reading that is held several times is there as often.
struct Held {
  const void* lock;
  StackTrace trace;
};

// ThreadLocks are those of the goroutine that the thread runs; if all is well there are none when it is left.
struct ThreadLocks {
  static constexpr std::size_t kMost = 16;  // more are not noted
  std::size_t count;
  std::array<Held, kMost> held;
};

// Trivial, so that it can be used as long as there is a thread, by whoever locks something.
constinit thread_local ThreadLocks thread_locks{};

[[gnu::noinline]] ThreadLocks& OwnLocks() {
  ThreadLocks* locks = &thread_locks;
  asm volatile("" : "+r"(locks));
  return *locks;
}

void NoteLocked(const void* lock) {
  const G* g = CurrentGoroutine();
  if (g == nullptr) return;
  ThreadLocks& locks = OwnLocks();
  if (locks.count == ThreadLocks::kMost) return;
  Held& held = locks.held[locks.count++];
  held.lock = lock;
  held.trace.Clear();
  WalkOwnStack(held.trace);
}

void NoteUnlocked(const void* lock) {
  ThreadLocks& locks = OwnLocks();
  for (std::size_t i = locks.count; i-- > 0;) {
    if (locks.held[i].lock != lock) continue;
    locks.held[i] = locks.held[--locks.count];
    return;
  }
}

// Real is the C library's function of a name, looked up once.
class Real {
 public:
  explicit constexpr Real(const char* name) : name_(name) {}

  template <typename... Arguments>
  int operator()(Arguments... arguments) {
    void* function = function_.load(std::memory_order_relaxed);
    if (function == nullptr) {
      function = dlsym(RTLD_NEXT, name_);
      if (function == nullptr) std::abort();
      function_.store(function, std::memory_order_relaxed);
    }
    return reinterpret_cast<int (*)(Arguments...)>(function)(arguments...);
  }

 private:
  const char* name_;
  std::atomic<void*> function_{nullptr};
};

// Locked notes a lock that was taken; EOWNERDEAD means that its last holder has died with it.
int Locked(int result, const void* lock) {
  if (result == 0 || result == EOWNERDEAD) NoteLocked(lock);
  return result;
}

enum class Reaction { kFatal, kWarn, kNone };

Reaction WantedReaction() {
  static const Reaction reaction = [] {
    std::string wanted = DebugVariable("threadlocks");
    return wanted == "warn" ? Reaction::kWarn : wanted == "off" ? Reaction::kNone : Reaction::kFatal;
  }();
  return reaction;
}

std::string ReportText(const G* g, bool waits, const Held& held) {
  GoroutineRecord record;
  record.id = g->id;
  record.parent_id = g->parent_id;
  record.created_at = reinterpret_cast<std::uintptr_t>(g->created_at);
  record.entry = reinterpret_cast<std::uintptr_t>(g->entry);
  record.status = GStatus::kRunning;
  WalkOwnStack(record.trace);
  std::string text = "goroutine " + std::to_string(g->id);
  text += waits ? std::string(" waits (") + WaitReasonText(g->wait_reason.load(std::memory_order_relaxed)) + ")"
                : " gives way to others";
  text += " with a lock of its thread held: " + HexText(reinterpret_cast<std::uintptr_t>(held.lock)) + "\n\n";
  return text + GoroutineText(record) + "\nthe lock was taken at:\n" + StackText(held.trace);
}

}  // namespace

void CheckThreadLocks(G* g, bool waits) {
  ThreadLocks& locks = OwnLocks();
  // A goroutine that is locked to its thread comes back to it, and nobody else runs there meanwhile.
  if (locks.count == 0 || g->locked) [[likely]]
    return;
  const Held held = locks.held[locks.count - 1];
  locks.count = 0;
  Reaction reaction = WantedReaction();
  if (reaction == Reaction::kNone) return;
  std::string text = (reaction == Reaction::kFatal ? "fatal error: " : "warning: ") + ReportText(g, waits, held) + "\n";
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  locks.count = 0;  // of those that the report itself took
  if (reaction == Reaction::kFatal) std::abort();
}

}  // namespace gale::internal

// Each of these is the C library's function of the same name, which it calls.
extern "C" {

#define GALE_REAL(name) static constinit gale::internal::Real real(#name)

int pthread_mutex_lock(pthread_mutex_t* lock) noexcept {
  GALE_REAL(pthread_mutex_lock);
  return gale::internal::Locked(real(lock), lock);
}

int pthread_mutex_trylock(pthread_mutex_t* lock) noexcept {
  GALE_REAL(pthread_mutex_trylock);
  return gale::internal::Locked(real(lock), lock);
}

int pthread_mutex_timedlock(pthread_mutex_t* lock, const timespec* until) noexcept {
  GALE_REAL(pthread_mutex_timedlock);
  return gale::internal::Locked(real(lock, until), lock);
}

int pthread_mutex_clocklock(pthread_mutex_t* lock, clockid_t clock, const timespec* until) noexcept {
  GALE_REAL(pthread_mutex_clocklock);
  return gale::internal::Locked(real(lock, clock, until), lock);
}

int pthread_mutex_unlock(pthread_mutex_t* lock) noexcept {
  GALE_REAL(pthread_mutex_unlock);
  gale::internal::NoteUnlocked(lock);  // before: afterwards the lock may be gone and another one in its place
  return real(lock);
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  GALE_REAL(pthread_rwlock_rdlock);
  return gale::internal::Locked(real(lock), lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  GALE_REAL(pthread_rwlock_wrlock);
  return gale::internal::Locked(real(lock), lock);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept {
  GALE_REAL(pthread_rwlock_tryrdlock);
  return gale::internal::Locked(real(lock), lock);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept {
  GALE_REAL(pthread_rwlock_trywrlock);
  return gale::internal::Locked(real(lock), lock);
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  GALE_REAL(pthread_rwlock_unlock);
  gale::internal::NoteUnlocked(lock);
  return real(lock);
}

int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  GALE_REAL(pthread_spin_lock);
  return gale::internal::Locked(real(lock), const_cast<const int*>(lock));
}

int pthread_spin_trylock(pthread_spinlock_t* lock) noexcept {
  GALE_REAL(pthread_spin_trylock);
  return gale::internal::Locked(real(lock), const_cast<const int*>(lock));
}

int pthread_spin_unlock(pthread_spinlock_t* lock) noexcept {
  GALE_REAL(pthread_spin_unlock);
  gale::internal::NoteUnlocked(const_cast<const int*>(lock));
  return real(lock);
}

#undef GALE_REAL

}  // extern "C"

#endif  // GALE_CHECK_THREAD_LOCKS

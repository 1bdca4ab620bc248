#include "gale/runtime/internal/machine_pool.h"

#include <mutex>
#include <utility>

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/futex.h"

namespace gale::internal {

namespace {

std::atomic<int> thread_limit{10'000};

void SleepUntilWoken(M* m) {
  // Acquire pairs with the release in Signal: what was granted is visible.
  while (m->wake.load(std::memory_order_acquire) == 0) FutexWait(&m->wake, 0);
  m->wake.store(0, std::memory_order_relaxed);
  if (m->granted_p == nullptr) return;
  m->p = std::exchange(m->granted_p, nullptr);
  m->spinning = std::exchange(m->granted_spinning, false);
}

void Signal(M* m) {
  m->wake.store(1, std::memory_order_release);
  FutexWake(&m->wake);
}

}  // namespace

int SetThreadLimit(int most) { return thread_limit.exchange(most, std::memory_order_relaxed); }

void MachinePool::Wait(M* m) {
  {
    std::lock_guard guard(lock_);
    if (m->stop.load(std::memory_order_relaxed)) return;
    m->next_idle = waiting_;
    waiting_ = m;
    m->in_pool = true;
    idle_.fetch_add(1, std::memory_order_relaxed);
  }
  SleepUntilWoken(m);
}

void MachinePool::WaitAlone(M* m) { SleepUntilWoken(m); }

M* MachinePool::Take() {
  std::lock_guard guard(lock_);
  M* m = waiting_;
  if (m != nullptr) Remove(m);
  return m;
}

void MachinePool::Grant(M* m, P* p, G* g, bool spinning) {
  m->granted_p = p;
  m->granted_g = g;
  m->granted_spinning = spinning;
  // Release pairs with the acquire loads of those who look for p's M.
  p->m.store(m, std::memory_order_release);
  Signal(m);
}

void MachinePool::Stop(M* m) {
  {
    std::lock_guard guard(lock_);
    if (!m->in_pool) return;
    Remove(m);
  }
  Signal(m);
}

void MachinePool::Remove(M* m) {
  M** link = &waiting_;
  while (*link != m) link = &(*link)->next_idle;
  *link = m->next_idle;
  m->in_pool = false;
  idle_.fetch_sub(1, std::memory_order_relaxed);
}

M* MachinePool::New() {
  int limit = thread_limit.load(std::memory_order_relaxed);
  if (threads_.fetch_add(1, std::memory_order_relaxed) >= limit) {
    Fatal("thread exhaustion: program exceeds %d-thread limit", limit);
  }
  std::lock_guard guard(lock_);
  M* m = unused_;
  if (m != nullptr) {
    unused_ = m->next_idle;
    return m;
  }
  m = new M;
  m->id = made_++;
  return m;
}

void MachinePool::Retire(M* m) {
  threads_.fetch_sub(1, std::memory_order_relaxed);
  m->p = nullptr;
  m->left = nullptr;
  m->left_how = SwitchKind::kNothing;
  m->was_idle = true;
  m->spinning = false;
  m->locked = nullptr;
  m->lock_count = 0;
  m->main = nullptr;
  m->stop.store(false, std::memory_order_relaxed);
  std::lock_guard guard(lock_);
  m->next_idle = unused_;
  unused_ = m;
}

}  // namespace gale::internal

#include "gale/runtime/internal/after_func.h"

#include "gale/runtime/go.h"
#include "gale/runtime/internal/start_timer.h"

namespace gale::internal {

AfterFuncTimer::AfterFuncTimer(std::move_only_function<void()>&& function) : function_(std::move(function)) {
  fire = &Fire;
  abandon = [](TimerNode* node) { static_cast<AfterFuncTimer*>(node)->DropUser(); };
}

AfterFuncTimer* AfterFuncTimer::New(std::int64_t nanos, std::move_only_function<void()>&& function) {
  auto* timer = new AfterFuncTimer(std::move(function));
  timer->Start(nanos);
  return timer;
}

bool AfterFuncTimer::Stop() {
  if (!TimerHeap::Stop(this)) return false;
  DropUser();  // in place of the heap
  return true;
}

bool AfterFuncTimer::Reset(std::int64_t nanos) {
  CheckHome("reset of synctest timer from outside bubble");
  AddUser();  // the heap, which may fire it before Restart returns
  TimerHeap::Restarted restarted = Restart(NowPlus(nanos));
  bool was_active = restarted.before == State::kActive;
  if (was_active) DropUser();  // the heap was one already
  if (restarted.earliest) WakeForTimer(this);
  return was_active;
}

void AfterFuncTimer::LastUser() {
  function_ = nullptr;
  DropOwner();
}

void AfterFuncTimer::Fire(TimerNode* node) {
  // The goroutine is a user in place of the heap.
  struct User {
    AfterFuncTimer* timer;
    explicit User(AfterFuncTimer* of) : timer(of) {}
    User(User&& other) noexcept : timer(std::exchange(other.timer, nullptr)) {}
    ~User() {
      if (timer != nullptr) timer->DropUser();
    }
    void operator()() const { timer->function_(); }
  };
  gale::Go(User(static_cast<AfterFuncTimer*>(node)));
}

}  // namespace gale::internal

// In place of the runtime's sources that touch the system, or that belong to sysmon: model_replaces in CMakeLists.txt.

#include "gale/tests/model/world.h"

#include <cstdarg>

#include "gale/runtime/error.h"
#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/configure.h"
#include "gale/runtime/internal/context.h"
#include "gale/runtime/internal/counters.h"
#include "gale/runtime/internal/cpu_limit.h"
#include "gale/runtime/internal/deadlock.h"
#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/fork.h"
#include "gale/runtime/internal/g_pool.h"
#include "gale/runtime/internal/gdb_layout.h"
#include "gale/runtime/internal/netpoll.h"
#include "gale/runtime/internal/quit_signal.h"
#include "gale/runtime/internal/scavenger.h"
#include "gale/runtime/internal/schedtrace.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/signals.h"
#include "gale/runtime/internal/stack.h"
#include "gale/runtime/internal/stack_trim.h"
#include "gale/runtime/internal/sysmon.h"
#include "gale/runtime/internal/terminate.h"
#include "gale/tests/model/explorer.h"
#include "gale/tests/model/race_detector.h"

namespace gale::model {

namespace {

// Lets StartRuntime set Scheduler::started_, which is private: an explicit instantiation may name it.
void ForgetScheduler();
template <std::atomic<internal::Scheduler*>* kStarted>
struct Forget {
  friend void ForgetScheduler() { kStarted->store(nullptr); }
};
template struct Forget<&internal::Scheduler::started_>;

constexpr std::size_t kSlotSize = std::size_t{1} << internal::kDefaultSlotShift;
constexpr int kSlots = 32;

int made = 0;   // goroutines of this execution
int ended = 0;  // and those that have ended

// Region is where goroutines' stacks are, in all executions.
std::uintptr_t Region() {
  static const std::uintptr_t region = [] {
    std::size_t size = kSlotSize * (kSlots + 1);
    void* place = reinterpret_cast<void*>(0x2200'0000'0000);  // in each process the same
    void* memory = mmap(place, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    std::uintptr_t base = (reinterpret_cast<std::uintptr_t>(memory) + kSlotSize - 1) / kSlotSize * kSlotSize;
    WatchRegion(reinterpret_cast<void*>(base), kSlotSize * kSlots);
    return base;
  }();
  return region;
}

// Poller stands for one epoll with its doorbell. Who takes an event has not seen what its reporter did before: nothing
// relies on the kernel's own barriers.
class Poller final : public internal::Netpoll {
 public:
  struct Event {
    int fd;
    internal::PollEvents what;
  };

  int Add(int fd, internal::PollDesc* desc, std::uint16_t tag) override {
    Inside inside;
    Point();
    descriptors_.fetch_add(1, std::memory_order_relaxed);
    registered_.push_back({fd, desc, tag});
    return 0;
  }

  void Remove(int fd) override {
    Inside inside;
    Point();
    descriptors_.fetch_sub(1, std::memory_order_relaxed);
    std::erase_if(registered_, [fd](const Registered& one) { return one.fd == fd; });
    std::erase_if(pending_, [fd](const Event& event) { return event.fd == fd; });
  }

  bool Poll(std::int64_t timeout_ns, internal::GList& ready) override {
    std::vector<std::pair<Registered, internal::PollEvents>> events;
    bool rung = Take(timeout_ns, events);
    for (auto& [one, what] : events) one.desc->HandleEvents(what, one.tag, ready);
    return rung;
  }

  void Wake() override {
    Inside inside;
    Point();
    if (Logging()) Step("rings the doorbell of P " + std::to_string(number_), {});
    rung_ = true;
    Unblock(this, 1);
  }

  // Reported returns whether the descriptor is registered here.
  bool Reported(int fd, internal::PollEvents what) {
    Inside inside;
    for (const Registered& one : registered_) {
      if (one.fd != fd) continue;
      if (Logging()) Step("the kernel reports fd " + std::to_string(fd), {});
      pending_.push_back({fd, what});
      Unblock(this, 1);
      return true;
    }
    return false;
  }

  void SetNumber(int number) { number_ = number; }

 private:
  struct Registered {
    int fd;
    internal::PollDesc* desc;
    std::uint16_t tag;
  };

  bool Take(std::int64_t timeout_ns, std::vector<std::pair<Registered, internal::PollEvents>>& events) {
    Inside inside;
    Point();
    if (!rung_ && pending_.empty() && timeout_ns != 0) {
      Block(this, "poller", timeout_ns < 0 ? -1 : Now() + timeout_ns);
    }
    for (const Event& event : pending_) {
      for (const Registered& one : registered_) {
        if (one.fd == event.fd) events.emplace_back(one, event.what);
      }
    }
    pending_.clear();
    if (Logging()) Step(rung_ ? "polls: the doorbell rang" : "polls", {});
    return std::exchange(rung_, false);
  }

  int number_ = 0;
  bool rung_ = false;
  std::vector<Registered> registered_;
  std::vector<Event> pending_;
};

}  // namespace

void StartRuntime(int ps) {
  goroutine_main = &internal::gale_goroutine_main;
  SetCurrentThreadHook({.get = [] { return static_cast<void*>(internal::CurrentM()); },
                        .set = [](void* m) { internal::SetCurrentM(static_cast<internal::M*>(m)); }});
  ForgetScheduler();
  made = ended = 0;
  internal::SetConfiguredPCount(ps);
  internal::Scheduler& scheduler = internal::Scheduler::Get();
  for (const auto& p : scheduler.Ps()) static_cast<Poller*>(p->netpoll.get())->SetNumber(p->id);
}

void ExpectAllEnd() {
  Rest();
  Inside inside;
  for (const std::string& why : Sleepers()) {
    // An M may also wait on its futex for somebody to give it a P.
    bool idle_m = why.starts_with("M") && (why.ends_with("(poller)") || why.ends_with("(futex)"));
    if (!idle_m) Fail("deadlock: sleeps for ever: " + why);
  }
  if (ended != made) {
    Fail("lost wake-up: " + std::to_string(made - ended) + " of " + std::to_string(made) +
         " goroutines have not ended, and everybody sleeps");
  }
}

void Report(int fd, internal::PollEvents events) {
  {
    Inside inside;
    Point();
  }
  for (const auto& p : internal::Scheduler::Get().Ps()) {
    if (static_cast<Poller*>(p->netpoll.get())->Reported(fd, events)) return;
  }
}

internal::G* ProxyOfThread() {
  void*& word = ThreadLocal(1);
  if (word == nullptr) word = new internal::G;
  return static_cast<internal::G*>(word);
}

}  // namespace gale::model

namespace gale::internal {

constinit StackRegion stack_region;

void ReserveStackRegion() {
  stack_region.base = model::Region();
  stack_region.size = model::kSlotSize * model::kSlots;
  stack_region.default_size = model::kSlotSize * model::kSlots;
}
bool CanaryIntact(const char*) { return true; }

G* NewG(P*, StackClass, std::uint64_t parent_id) {
  if (model::made == model::kSlots) model::Fail("too many goroutines for the model");
  std::uintptr_t slot = model::Region() + model::kSlotSize * static_cast<std::size_t>(model::made++);
  auto* memory = reinterpret_cast<char*>(GAddress(slot, slot - model::Region()));
  G* g = new (memory) G;
  g->stack_low = reinterpret_cast<char*>(slot);
  g->stack_high = memory;
  g->id = static_cast<std::uint64_t>(model::made);
  g->parent_id = parent_id;
  return g;
}
void FreeG(P*, G*) { ++model::ended; }

std::unique_ptr<Netpoll> MakeEpollNetpoll() { return std::make_unique<model::Poller>(); }

void Fatal(const char* format, ...) {
  char text[200];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  model::Fail(text);
}

std::uint64_t cycles_per_microsecond = 1000;
void CalibrateCycles() {}
int DefaultPCount() { return 1; }
void KeepPCount() {}
void InstallTerminateHandler() {}
void InstallFaultHandler() {}
void InstallQuitHandler() {}
void InstallForkHandler() {}
void EndForkedChild() { Fatal("nobody forks here"); }
void PublishGdbLayout() {}
void StartSchedTrace(Scheduler&) {}
bool OnlyGoroutinesWake(WaitReason) { return false; }
void ThreadFallsAsleep() {}
void ThreadIsWoken() {}
void InstallSignalStack(M*) {}
void RemoveSignalStack(M*) {}
void StartSysmon(Scheduler&) {}
void WakeSysmon() {}

// scavenger.cc, stack_trim.cc, counters.cc: there is no scavenger, so no stack has an age.
void StartScavenger(Scheduler&) {}
void WakeScavenger() {}
void GiveUpUnused(P*) {}
void PublishPoolSize(P*) {}
bool BeginRun(G*) { return false; }
constinit SharedCounters shared_counters;
void StampNow(G*) {}
void RecordLatency(G*, SchedulerCounters*) {}

}  // namespace gale::internal

// error.cc: contexts end with an error that no scenario looks at.
namespace gale {
std::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), std::generic_category()}; }
}  // namespace gale

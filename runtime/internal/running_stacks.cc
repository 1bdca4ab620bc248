#include "gale/runtime/internal/running_stacks.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <memory>
#include <mutex>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

namespace {

constexpr std::int64_t kLongestWait = 100'000'000;
constexpr std::int64_t kNap = 200'000;

// Place is a thread's place in the list. A question is one number higher than the last; the thread answers by
// copying it. Question: release, pairs with the acquire in the handler. Answer: release, with the acquire in Collect.
struct Place {
  std::atomic<pid_t> thread{0};  // 0: free
  std::atomic<std::uint32_t> question{0};
  std::atomic<std::uint32_t> answer{0};
  M* m = nullptr;        // of the thread; under the list's lock
  std::uint64_t id = 0;  // of the goroutine that was running, 0: none
  StackTrace trace;
};

struct List {
  std::mutex asking;  // one question at a time
  SpinLock lock;      // guards the vector and the coming and going of threads
  std::vector<std::unique_ptr<Place>> places;
  bool handler_installed = false;
  struct sigaction former {};
};

List& TheList() {
  static auto* list = new List;
  return *list;
}

thread_local Place* own_place = nullptr;

[[gnu::noinline]] Place*& OwnPlace() { return own_place; }

struct sigaction* former_action = nullptr;

void Answer(Place* place, const ucontext_t& context) {
  std::uint32_t question = place->question.load(std::memory_order_acquire);
  if (place->answer.load(std::memory_order_relaxed) == question) return;
#if defined(__x86_64__)
  auto sp = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
#else
  auto sp = static_cast<std::uintptr_t>(context.uc_mcontext.sp);
#endif
  place->id = 0;
  place->trace.Clear();
  if (const G* g = GoroutineOfStack(sp)) {
    StackRegisters registers;
    InterruptedRegisters(g, context, registers);
    WalkStack(registers, /*exact=*/true, place->trace);
    place->id = g->id;
  }
  place->answer.store(question, std::memory_order_release);
}

void HandleQuestion(int signal, siginfo_t* info, void* context) {
  int error = errno;
  if (Place* place = OwnPlace(); place != nullptr) Answer(place, *static_cast<ucontext_t*>(context));
  // With SA_SIGINFO or without, the handler is in the same place.
  if (former_action->sa_handler != SIG_DFL && former_action->sa_handler != SIG_IGN) {
    former_action->sa_sigaction(signal, info, context);
  }
  errno = error;
}

void InstallHandler(List& list) {
  if (list.handler_installed) return;
  list.handler_installed = true;
  former_action = &list.former;
  sigaction(SIGURG, nullptr, &list.former);
  struct sigaction action {};
  action.sa_sigaction = &HandleQuestion;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGURG, &action, nullptr);
}

// Ask sends the question to all threads but the caller's, and returns their places.
std::vector<Place*> Ask(List& list) {
  std::vector<Place*> asked;
  pid_t self = gettid();
  std::lock_guard guard(list.lock);
  for (const auto& place : list.places) {
    pid_t thread = place->thread.load(std::memory_order_relaxed);
    if (thread == 0 || thread == self) continue;
    place->question.store(place->answer.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    if (syscall(SYS_tgkill, getpid(), thread, SIGURG) == 0) asked.push_back(place.get());
  }
  return asked;
}

bool Answered(const Place& place) {
  return place.answer.load(std::memory_order_acquire) == place.question.load(std::memory_order_relaxed);
}

}  // namespace

void ListThread(M* m) {
  List& list = TheList();
  std::lock_guard guard(list.lock);
  Place* free = nullptr;
  for (const auto& place : list.places) {
    if (place->thread.load(std::memory_order_relaxed) == 0) free = place.get();
  }
  if (free == nullptr) free = list.places.emplace_back(std::make_unique<Place>()).get();
  free->thread.store(gettid(), std::memory_order_relaxed);
  free->m = m;
  OwnPlace() = free;
}

void ForEachListedMachine(const std::function<void(const M*)>& visit) {
  List& list = TheList();
  std::lock_guard guard(list.lock);
  for (const auto& place : list.places) {
    if (place->thread.load(std::memory_order_relaxed) != 0) visit(place->m);
  }
}

void UnlistThread() {
  List& list = TheList();
  std::lock_guard guard(list.lock);
  Place*& own = OwnPlace();
  if (own != nullptr) own->thread.store(0, std::memory_order_relaxed);
  own = nullptr;
}

RunningStacks::RunningStacks() {
  AddOwn();
  // TSan delays signals, and calls handlers with the context of another time.
  if (kThreadSanitizer) return;
  List& list = TheList();
  std::lock_guard guard(list.asking);
  InstallHandler(list);
  std::vector<Place*> asked = Ask(list);
  std::int64_t deadline = MonotonicNanos() + kLongestWait;
  for (Place* place : asked) {
    while (!Answered(*place) && MonotonicNanos() < deadline) {
      timespec nap{0, kNap};
      nanosleep(&nap, nullptr);
    }
    if (Answered(*place) && place->id != 0) answers_.push_back({place->id, place->trace});
  }
}

void RunningStacks::AddOwn() {
  const G* g = CurrentGoroutine();
  if (g == nullptr) return;
  answers_.push_back({g->id, {}});
  WalkOwnStack(answers_.back().trace);
}

const StackTrace* RunningStacks::Find(std::uint64_t id) const {
  for (const Answer& answer : answers_) {
    if (answer.id == id) return &answer.trace;
  }
  return nullptr;
}

}  // namespace gale::internal

#include "gale/tests/model/explorer.h"

#include <cxxabi.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "gale/runtime/internal/context.h"
#include "gale/tests/model/arena.h"
#include "gale/tests/model/race_detector.h"
#include "gale/tests/model/weakening.h"

namespace gale::model {

namespace {

constexpr std::size_t kStackSize = 256 * 1024;
constexpr std::uint64_t kMostSteps = 3'000;
constexpr std::size_t kMain = 0;

struct Thread {
  std::string name;
  std::function<void()> body;
  void* sp = nullptr;
  bool ended = false;
  bool yielded = false;
  bool rests = false;           // main in Rest
  const void* waits = nullptr;  // blocked until Unblock of this
  std::string why;
  std::uint64_t since = 0;  // when it blocked, in steps
  std::int64_t until = -1;
  bool timed_out = false;
  std::uint64_t last_run = 0;
  std::array<std::uint64_t, 2> exceptions{};  // its __cxa_eh_globals
  std::array<void*, 2> local{};
};

class Explorer {
 public:
  Explorer() : memory([this](int count) { return count == 1 || settling ? 0 : strategy->Value(count); }) {
    // Otherwise the standard library counts references without atomics, which would be taken for races.
    __libc_single_threaded = false;
    stacks = static_cast<char*>(mmap(reinterpret_cast<void*>(0x2100'0000'0000), kStackSize * kMostThreads,
                                     PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK,
                                     -1, 0));
  }

  void Execute(const std::function<void()>& scenario);
  void Start(std::string name, std::function<void()> body);
  void ChooseNext(bool can_go_on);
  void SwitchTo(std::size_t thread);
  [[noreturn]] void Finish();
  void Ended();

  Thread& Self() { return threads[current]; }

  Memory memory;
  Strategy* strategy = nullptr;
  char* stacks = nullptr;
  void* controller = nullptr;  // the stack pointer of Execute
  std::vector<Thread> threads;
  std::size_t current = 0;
  bool interleaves = false;  // main has come to its first Rest
  bool settling = false;     // no choices
  bool logging = false;
  std::string log;
  std::string failure;
  std::uint64_t steps = 0;
  std::int64_t now = 0;
  std::uint64_t cycles = 0;
  std::uint64_t executions = 0;
  CurrentThreadHook hook;

 private:
  bool CanRun(const Thread& thread) const;
  bool GoesFirst(int a, int b, bool can_go_on) const;
  void FindRunnable(bool can_go_on);
  bool PassTime();

  std::vector<int> runnable;
};

Explorer& The() {
  static auto* explorer = new Explorer;
  return *explorer;
}

void Explorer::Start(std::string name, std::function<void()> body) {
  if (threads.size() == kMostThreads) std::abort();
  std::size_t index = threads.size();
  Thread& thread = threads.emplace_back();
  thread.name = std::move(name);
  thread.body = std::move(body);
  // An odd argument tells gale_goroutine_main that this is no goroutine.
  char* top = stacks + kStackSize * (index + 1);
  thread.sp = internal::PrepareContext(top, reinterpret_cast<internal::G*>(index * 2 + 1));
  if (index != kMain) memory.Inherit(index, memory.Self());
}

void Explorer::Execute(const std::function<void()>& scenario) {
  threads.clear();
  memory.Reset();
  ResetArena();
  ForgetAccesses();
  threads.reserve(kMostThreads);
  failure.clear();
  log.clear();
  steps = 0;
  now = 1'000'000'000;
  cycles = 0;
  ++executions;
  interleaves = false;
  settling = false;
  strategy->Begin();
  Start("main", scenario);
  current = kMain;
  memory.Enter(kMain);
  auto* exceptions = reinterpret_cast<std::uint64_t*>(abi::__cxa_get_globals());
  std::array<std::uint64_t, 2> own{exceptions[0], exceptions[1]};
  internal::gale_switch_context(&controller, threads[kMain].sp);
  std::copy(own.begin(), own.end(), exceptions);
  model_runs = true;
  UseArena(false);
}

void Explorer::Finish() {
  void* never = nullptr;
  internal::gale_switch_context(&never, controller);
  std::abort();
}

void Explorer::SwitchTo(std::size_t thread) {
  if (thread == current) return;
  auto* exceptions = reinterpret_cast<std::uint64_t*>(abi::__cxa_get_globals());
  Thread& from = Self();
  Thread& to = threads[thread];
  std::copy(exceptions, exceptions + 2, from.exceptions.begin());
  std::copy(to.exceptions.begin(), to.exceptions.end(), exceptions);
  if (hook.get != nullptr) from.local[0] = hook.get();
  if (hook.set != nullptr) hook.set(to.local[0]);
  current = thread;
  memory.Enter(thread);
  internal::gale_switch_context(&from.sp, to.sp);
}

bool Explorer::CanRun(const Thread& thread) const { return !thread.ended && thread.waits == nullptr && !thread.rests; }

// GoesFirst orders those who may come next: the current one, then who has waited for the longest time.
bool Explorer::GoesFirst(int a, int b, bool can_go_on) const {
  auto self = static_cast<int>(current);
  if (can_go_on && (a == self || b == self)) return a == self;
  return threads[static_cast<std::size_t>(a)].last_run < threads[static_cast<std::size_t>(b)].last_run;
}

// FindRunnable lists who may come next, the default first.
void Explorer::FindRunnable(bool can_go_on) {
  runnable.clear();
  bool others = false;
  for (const Thread& thread : threads) others |= CanRun(thread) && !thread.yielded;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    if (!CanRun(threads[i]) || (others && threads[i].yielded)) continue;
    auto thread = static_cast<int>(i);
    auto place = runnable.end();
    while (place != runnable.begin() && GoesFirst(thread, place[-1], can_go_on)) --place;
    runnable.insert(place, thread);
  }
}

// PassTime wakes the sleepers with the earliest time.
bool Explorer::PassTime() {
  std::int64_t earliest = -1;
  for (const Thread& thread : threads) {
    if (thread.waits != nullptr && thread.until >= 0 && (earliest < 0 || thread.until < earliest)) {
      earliest = thread.until;
    }
  }
  if (earliest < 0) return false;
  now = std::max(now, earliest);
  for (Thread& thread : threads) {
    if (thread.waits == nullptr || thread.until < 0 || thread.until > now) continue;
    thread.waits = nullptr;
    thread.timed_out = true;
  }
  return true;
}

void Explorer::ChooseNext(bool can_go_on) {
  if (++steps > kMostSteps) Fail("livelock, or an execution that is too long");
  FindRunnable(can_go_on);
  while (runnable.empty() && PassTime()) FindRunnable(can_go_on);
  if (runnable.empty()) {
    threads[kMain].rests = false;
    return SwitchTo(kMain);
  }
  bool preempts = can_go_on && runnable[0] == static_cast<int>(current);
  // A thread that asked to yield is not chosen for free again and again: alternatives to the fair order cost, too.
  int chosen = runnable.size() == 1 || settling ? 0 : strategy->Thread(runnable, preempts || Self().yielded);
  auto next = static_cast<std::size_t>(runnable[static_cast<std::size_t>(chosen)]);
  for (std::size_t i = 0; i < threads.size(); ++i) {
    if (next != current || i == next) threads[i].yielded = false;
  }
  threads[next].last_run = steps;
  SwitchTo(next);
}

void Explorer::Ended() {
  model_runs = true;
  UseArena(false);
  Self().ended = true;
  if (logging) Step("ends", {});
  if (current == kMain) Finish();
  ChooseNext(false);
  std::abort();
}

Outcome Result(const Explorer& explorer, std::uint64_t executions) {
  return {explorer.failure, ToString(explorer.strategy->Taken()), explorer.log, executions};
}

void RunThread(std::size_t index) {
  Explorer& explorer = The();
  model_runs = false;
  UseArena(true);
  explorer.threads[index].body();
  explorer.Ended();
}

}  // namespace

constinit bool model_runs = true;
void (*goroutine_main)(internal::G*) = nullptr;

Outcome Explore(Strategy& strategy, const std::function<void()>& scenario) {
  Explorer& explorer = The();
  explorer.strategy = &strategy;
  explorer.logging = false;
  std::uint64_t executions = 0;
  do {
    explorer.Execute(scenario);
    ++executions;
    if (!explorer.failure.empty()) {
      Outcome found = Result(explorer, executions);
      Outcome again = WithLog(strategy.Taken(), scenario);
      found.log = again.failure == found.failure ? again.log : "(another outcome when repeated: " + again.failure + ")";
      return found;
    }
  } while (strategy.Next());
  return {.failure = {}, .schedule = {}, .log = {}, .executions = executions};
}

Outcome WithLog(const Schedule& schedule, const std::function<void()>& scenario) {
  Explorer& explorer = The();
  Given given(schedule);
  explorer.strategy = &given;
  explorer.logging = true;
  explorer.Execute(scenario);
  return Result(explorer, 1);
}

void Spawn(std::string name, std::function<void()> body) {
  Inside inside;
  UseArena(true);  // what the body holds is the scenario's
  The().Start(std::move(name), std::move(body));
}

void Rest() {
  Inside inside;
  Explorer& explorer = The();
  explorer.interleaves = true;
  explorer.Self().rests = true;
  explorer.ChooseNext(false);
  explorer.interleaves = false;
  for (std::size_t i = 1; i < explorer.threads.size(); ++i) explorer.memory.Inherit(kMain, i);
}

void Settle() {
  The().settling = true;
  Rest();
  The().settling = false;
}

std::vector<std::string> Sleepers() {
  std::vector<std::string> result;
  for (const Thread& thread : The().threads) {
    if (thread.waits != nullptr) result.push_back(thread.name + " (" + thread.why + ")");
  }
  return result;
}

void Join() {
  Rest();
  Inside inside;
  std::string blocked;
  for (const std::string& sleeper : Sleepers()) blocked += ' ' + sleeper;
  if (!blocked.empty()) Fail("deadlock: asleep with nobody to wake them:" + blocked);
}

void Fail(std::string_view what) {
  Explorer& explorer = The();
  model_runs = true;
  UseArena(false);
  explorer.failure = what;
  if (explorer.logging) Step("FAILS: " + explorer.failure, {});
  explorer.Finish();
}

void Expect(bool holds, std::string_view what) {
  if (!holds) Fail(what);
}

void Point() {
  if (The().interleaves) The().ChooseNext(true);
}

bool Logging() { return The().logging; }

void Step(std::string text, const std::source_location& where) {
  Explorer& explorer = The();
  char line[120];
  std::snprintf(line, sizeof(line), "%5zu  %-10s ", static_cast<std::size_t>(explorer.steps),
                explorer.Self().name.c_str());
  explorer.log += line + text;
  std::string_view file = where.file_name();
  if (!file.empty()) {
    file.remove_prefix(file.rfind('/') + 1);
    if (text.size() < 50) explorer.log.append(50 - text.size(), ' ');
    explorer.log.append("  ").append(file).append(":" + std::to_string(where.line()) + "  " + SourceLine(where));
  }
  explorer.log += '\n';
}

bool Block(const void* what, std::string_view why, std::int64_t until) {
  Explorer& explorer = The();
  Thread& self = explorer.Self();
  if (!explorer.interleaves) Fail("the scenario's main thread would sleep");
  self.waits = what;
  self.why = why;
  self.since = explorer.steps;
  self.until = until;
  self.timed_out = false;
  if (Logging()) Step("sleeps: " + self.why, {});
  explorer.ChooseNext(false);
  return !self.timed_out;
}

int Unblock(const void* what, int count) {
  Explorer& explorer = The();
  int woken = 0;
  for (; woken < count; ++woken) {
    Thread* first = nullptr;
    for (Thread& thread : explorer.threads) {
      if (thread.waits == what && (first == nullptr || thread.since < first->since)) first = &thread;
    }
    if (first == nullptr) break;
    first->waits = nullptr;
    if (Logging()) Step("wakes " + first->name, {});
  }
  return woken;
}

void YieldThread() {
  Explorer& explorer = The();
  if (!explorer.interleaves) return;
  explorer.Self().yielded = true;
  explorer.ChooseNext(false);
}

std::int64_t Now() { return The().now; }
std::uint64_t ExecutionNumber() { return The().executions; }
std::uint64_t NextCycle() { return The().cycles += 1000; }
Memory& TheMemory() { return The().memory; }
bool Alone() { return The().threads.size() == 1; }

void SetCurrentThreadHook(const CurrentThreadHook& hook) { The().hook = hook; }

void*& ThreadLocal(int index) { return The().Self().local[static_cast<std::size_t>(index)]; }

std::string ThreadName(std::size_t thread) { return The().threads[thread].name; }

bool OnThreadStack(const void* address) {
  return static_cast<std::size_t>(static_cast<const char*>(address) - The().stacks) < kStackSize * kMostThreads;
}

}  // namespace gale::model

// The runtime's switches come here. It marks a goroutine that runs by a null stack pointer.
extern "C" void gale_model_switch_context(void** save_sp, void* load_sp) {
  if (load_sp == nullptr) gale::model::Fail("a goroutine is run that has not left its stack");
  gale::internal::gale_switch_context(save_sp, load_sp);
}

// The first function on every new stack.
extern "C" void gale_goroutine_main(gale::internal::G* g) {
  auto number = reinterpret_cast<std::uintptr_t>(g);
  if (number % 2 == 0) {
    gale::model::goroutine_main(g);
  } else {
    gale::model::RunThread(number / 2);
  }
  std::abort();
}

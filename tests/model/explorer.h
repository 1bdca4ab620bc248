// Explorer: runs a scenario again and again, each time in another interleaving of its threads.
//
//   Outcome outcome = Explore(Exhaustive({.preemptions = 2}), [] {
//     auto queue = std::make_shared<Queue>();
//     Spawn("owner", [=] { queue->Push(1); });
//     Spawn("thief", [=] { queue->Steal(); });
//     Join();
//     Expect(queue->Empty(), "nothing is left");
//   });
//
// The threads are contexts of their own on one OS thread, so an execution is determined by its schedule. Each operation
// on an atomic (atomic.h) and each system call (system_calls.h) is a place where another thread may come next.
#pragma once

#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "gale/tests/model/arena.h"
#include "gale/tests/model/memory.h"
#include "gale/tests/model/schedule.h"

namespace gale::internal {
struct G;
}

namespace gale::model {

// Outcome of an exploration: the first execution that failed, or none.
struct Outcome {
  std::string failure;  // empty: none failed
  std::string schedule;
  std::string log;  // of the failed execution, step by step
  std::uint64_t executions = 0;
};

Outcome Explore(Strategy& strategy, const std::function<void()>& scenario);
// WithLog explores one execution and logs it, failed or not.
Outcome WithLog(const Schedule& schedule, const std::function<void()>& scenario);

// For the scenario, which runs as the thread "main". Nothing is interleaved until it calls Rest or Join.
void Spawn(std::string name, std::function<void()> body);
// Rest waits until no other thread can go on: all have ended, or sleep with nothing to wake them.
void Rest();
// Settle is Rest on the undisturbed course only: for getting to where it becomes interesting.
void Settle();
// Join is Rest, and fails if a thread has not ended: "deadlock".
void Join();
// Sleepers says of each thread that sleeps why.
std::vector<std::string> Sleepers();
// Fail ends the execution, and with it the exploration.
[[noreturn]] void Fail(std::string_view what);
void Expect(bool holds, std::string_view what);

// For what stands in for the runtime's surroundings.

// Point is called before an operation that others may see.
void Point();
// Step adds a line to the log, if there is one.
bool Logging();
void Step(std::string text, const std::source_location& where);
// Block lets the thread sleep until Unblock(what), or until the time has come (negative: never). Returns false if it
// was the time.
bool Block(const void* what, std::string_view why, std::int64_t until = -1);
// Unblock wakes up to `count` threads, those first that came first. Returns how many.
int Unblock(const void* what, int count);
// Yield lets the others go first.
void YieldThread();
// Now is the time in nanoseconds, which passes only when all threads sleep.
std::int64_t Now();
// ExecutionNumber counts executions.
std::uint64_t ExecutionNumber();
// Lasting is an object that lives as long as the execution: for what would be static.
template <typename T>
T* Lasting() {
  static T* object = nullptr;
  static std::uint64_t execution = 0;
  if (execution != ExecutionNumber()) object = new T;
  execution = ExecutionNumber();
  return object;
}
// NextCycle counts its calls within the execution.
std::uint64_t NextCycle();
Memory& TheMemory();
// Running is true within a scenario. Code that is the model's own sets Inside while it runs, so that what it does is
// not taken for the scenario's.
extern constinit bool model_runs;  // not the scenario
inline bool Running() { return !model_runs; }
class Inside {
 public:
  Inside() : before_(model_runs) {
    model_runs = true;
    UseArena(false);
  }
  ~Inside() {
    model_runs = before_;
    UseArena(!before_);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  bool before_;
};
// Alone is true while there is no thread but main: what it does then happens before all else.
bool Alone();

// CurrentThreadHook: what a thread_local of the code under test says of the current thread is read before another
// thread comes, and written after. May be null.
struct CurrentThreadHook {
  void* (*get)() = nullptr;
  void (*set)(void*) = nullptr;
};
void SetCurrentThreadHook(const CurrentThreadHook& hook);

// ThreadLocal is a word of the current thread's own, one of two; null when the thread starts.
void*& ThreadLocal(int index);
std::string ThreadName(std::size_t thread);
// OnThreadStack tells whether the address lies in the stack of one of the threads.
bool OnThreadStack(const void* address);

// What a goroutine's stack begins with.
extern void (*goroutine_main)(internal::G*);

}  // namespace gale::model

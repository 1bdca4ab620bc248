// Running stacks: the stacks of goroutines that are running, asked of their threads by a signal.
//
// A thread that runs goroutines lists itself here. To see what it does, it is sent SIGURG; its handler, on the thread's
// signal stack, walks the stack of the goroutine that was interrupted and leaves the return addresses in the
// thread's place in the list. No stack is switched and nothing is allocated. A thread that does not answer in time
// (it hangs in the kernel, or is starved) is left out; should it answer later, it writes into a place that stays.
//
// SIGURG because nobody misses one: it is ignored by default, and who handles it must expect more of them than he
// asked for. A handler that the program has for it is still called. Source: Go's preemption signal.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "gale/runtime/internal/stack_walk.h"

namespace gale::internal {

// ListThread makes the calling thread, which must have a signal stack and is that of m, one that can be asked.
// UnlistThread ends that; m may be freed after it.
void ListThread(M* m);
void UnlistThread();

// ForEachListedMachine visits the Ms of all listed threads. They stay while it runs: visit must be quick.
void ForEachListedMachine(const std::function<void(const M*)>& visit);

// RunningStacks asks all threads when it is made, and waits at most 100 ms for the answers.
class RunningStacks {
 public:
  RunningStacks();

  // Find is the stack of a goroutine that was running, or null.
  const StackTrace* Find(std::uint64_t id) const;

 private:
  struct Answer {
    std::uint64_t id;
    StackTrace trace;
  };

  void AddOwn();

  std::vector<Answer> answers_;
};

}  // namespace gale::internal

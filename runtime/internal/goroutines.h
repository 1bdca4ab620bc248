// Goroutines: the list of all that exist, for dumps. Nothing is stopped for it.
//
// There is no list that starting and ending goroutines would have to keep: the region of stacks is the list. Every
// slot that was carved has a G at a known place, whose status tells whether there is a goroutine. What is read there
// may be out of date a moment later, but it can always be read: slots are never unmapped.
//
//   ForEachGoroutine([](const GoroutineRecord& record) { ... });
#pragma once

#include <cstdint>
#include <functional>

#include "gale/runtime/internal/stack_walk.h"
#include "gale/runtime/wait_reason.h"

namespace gale::internal {

struct GoroutineRecord {
  std::uint64_t id = 0;
  std::uint64_t parent_id = 0;  // 0: a thread started it
  GStatus status = GStatus::kIdle;
  WaitReason reason = WaitReason::kNone;  // while it waits
  std::int64_t waiting_nanos = 0;         // while it waits; to some 20 ms
  bool locked = false;                    // LockOSThread
  std::uintptr_t created_at = 0;          // return address of the call of Go, or 0
  std::uintptr_t entry = 0;               // the goroutine's function
  StackTrace trace;                       // empty if it cannot be had: it runs on another thread
};

// HoldsGoroutine tells whether the G of a slot that was carved seems to be a goroutine's: neither free nor ended.
bool HoldsGoroutine(const G* g);

// VisitGoroutines calls visit(g) for every slot's G that holds a goroutine. visit returns whether to go on.
void VisitGoroutines(const std::function<bool(G* g)>& visit);

// IsLocked tells whether g is locked to its thread; reads a bit of a byte that the owner may be writing.
bool IsLocked(const G* g);

// ReadGoroutine describes g as it is now; false if it has ended. The stack is walked if the goroutine does not run, and
// the walk repeated if the goroutine has moved meanwhile.
bool ReadGoroutine(G* g, GoroutineRecord& record);

// ForEachGoroutine visits all goroutines: first the caller's, if it is one, then the others in the order of their
// slots. Those that run are asked for their stacks by a signal first (running_stacks.h).
void ForEachGoroutine(const std::function<void(const GoroutineRecord&)>& visit);

}  // namespace gale::internal

// Sanitizer hooks: what ASan and TSan must be told about stacks that they did not make.
//
// ASan keeps the bounds of the current stack and, with use-after-return detection, a "fake stack" per stack. TSan
// keeps a fiber (a shadow call stack and a vector clock) per stack. Both are told just before the switch, and ASan
// again just after it. The functions are empty in ordinary builds.
//
// They must be inlined into a function that TSan does not instrument: otherwise the exit of the instrumented
// function would pop the shadow stack of the goroutine that was switched to.
#pragma once

#include <cstddef>

#include "gale/runtime/internal/g.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace gale::internal {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif

// BeforeSwitch announces that the thread leaves `from` for `to`. If `from_ends`, it will never run again and its
// fake stack is freed.
[[gnu::always_inline]] inline void BeforeSwitch([[maybe_unused]] G* from, [[maybe_unused]] G* to,
                                                [[maybe_unused]] bool from_ends) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(from_ends ? nullptr : &from->asan_fake_stack, to->stack_low,
                                 static_cast<std::size_t>(to->stack_high - to->stack_low));
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
}

// AfterSwitch is the first thing done on a stack that was switched to.
[[gnu::always_inline]] inline void AfterSwitch([[maybe_unused]] G* current) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(current->asan_fake_stack, nullptr, nullptr);
#endif
}

// FiberBegins prepares a slot for a new goroutine. Called from another stack.
inline void FiberBegins([[maybe_unused]] G* g) {
#if defined(__SANITIZE_ADDRESS__)
  g->asan_fake_stack = nullptr;
  // The frames through which the slot's last goroutine ended never returned; all others cleared their marks.
  constexpr std::size_t kEndingFrames = 16384;
  __asan_unpoison_memory_region(g->stack_high - kEndingFrames, kEndingFrames);
#endif
#if defined(__SANITIZE_THREAD__)
  // Making a fiber takes TSan most of a millisecond, so a slot keeps its own for a while. The price: TSan takes what
  // the slot's former goroutine did as happening before what this one does.
  constexpr unsigned kReuses = 256;
  if (g->tsan_fiber != nullptr && ++g->tsan_reuses % kReuses == 0) {
    __tsan_destroy_fiber(g->tsan_fiber);
    g->tsan_fiber = nullptr;
  }
  if (g->tsan_fiber == nullptr) g->tsan_fiber = __tsan_create_fiber(0);
#endif
}

// FiberDropped forgets what a slot's goroutines left behind, because its memory is about to go away.
inline void FiberDropped([[maybe_unused]] G* g) {
#if defined(__SANITIZE_THREAD__)
  if (g->tsan_fiber != nullptr) __tsan_destroy_fiber(g->tsan_fiber);
  g->tsan_fiber = nullptr;
#endif
}

// AdoptThread fills in what the hooks need to know of a thread's own stack.
inline void AdoptThread([[maybe_unused]] G* g) {
#if defined(__SANITIZE_THREAD__)
  g->tsan_fiber = __tsan_get_current_fiber();
#endif
}

// RegisterLeakRoots makes LeakSanitizer look for pointers in a stack: that of a goroutine, or that of a thread which
// may be running one when the process ends. UnregisterLeakRoots takes the same range back.
inline void UnregisterLeakRoots([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
  __lsan_unregister_root_region(memory, size);
#endif
}

inline void RegisterLeakRoots([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
  __lsan_register_root_region(memory, size);
#endif
}

// UnpoisonStackBelow clears the marks that frames left which were unwound without running their epilogues.
inline void UnpoisonStackBelow([[maybe_unused]] G* g, [[maybe_unused]] void* address) {
#if defined(__SANITIZE_ADDRESS__)
  if (address > g->stack_low && address <= g->stack_high) {
    __asan_unpoison_memory_region(g->stack_low, static_cast<std::size_t>(static_cast<char*>(address) - g->stack_low));
  }
#endif
}

}  // namespace gale::internal

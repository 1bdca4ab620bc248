#include "gale/runtime/internal/leak_roots.h"

#include <atomic>
#include <cstdlib>

#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/goroutines.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/stack.h"

namespace gale::internal {

namespace {

constexpr std::size_t kMostLeakRoots = 1000;

// Runs before LeakSanitizer's own look, which was registered earlier.
void AnnounceRemainingGoroutines() {
  std::size_t announced = 0;
  for (StackClass stack_class : {StackClass::kDefault, StackClass::kSmall}) {
    for (std::size_t index = kMostLeakRoots; index < SlotsCarved(stack_class); ++index) {
      G* g = SlotG(stack_class, index);
      if (!HoldsGoroutine(g)) continue;
      if (++announced > kMostLeakRoots) return;
      RegisterLeakRoots(g->stack_low, static_cast<std::size_t>(reinterpret_cast<char*>(g + 1) - g->stack_low));
    }
  }
}

}  // namespace

void AnnounceStack(std::size_t index, char* low, std::size_t size) {
  if constexpr (!kAddressSanitizer) return;
  if (index < kMostLeakRoots) RegisterLeakRoots(low, size);
  if (index == kMostLeakRoots) {
    static std::atomic<bool> registered{false};  // relaxed: only counts
    if (!registered.exchange(true, std::memory_order_relaxed)) std::atexit(AnnounceRemainingGoroutines);
  }
}

}  // namespace gale::internal

// What the fuzzed code asks of the runtime, where there is none: no bubbles, the time of day, and malloc for span
// memory.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <new>

#include "gale/runtime/clock.h"
#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/span_memory.h"

namespace gale {

namespace internal {
std::atomic<int> bubble_count = 0;
std::atomic<int> seeded_bubble_count = 0;
Bubble* BubbleOfCurrentG() { return nullptr; }
void* AllocateSpan(std::size_t size) { return ::operator new(size); }
void FreeSpan(void* memory, std::size_t) noexcept { ::operator delete(memory); }
}  // namespace internal

std::chrono::system_clock::time_point Now() noexcept { return std::chrono::system_clock::now(); }

}  // namespace gale

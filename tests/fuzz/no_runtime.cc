// What the fuzzed code asks of the runtime, where there is none: no bubbles, and the time of day.
#include <atomic>
#include <chrono>

#include "gale/runtime/clock.h"
#include "gale/runtime/internal/bubble.h"

namespace gale {

namespace internal {
std::atomic<int> bubble_count = 0;
std::atomic<int> seeded_bubble_count = 0;
Bubble* BubbleOfCurrentG() { return nullptr; }
}  // namespace internal

std::chrono::system_clock::time_point Now() noexcept { return std::chrono::system_clock::now(); }

}  // namespace gale

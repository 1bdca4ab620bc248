#include "gale/runtime/internal/clock.h"

#include <algorithm>

namespace gale::internal {

std::uint64_t cycles_per_microsecond = 1000;

void CalibrateCycles() {
  // A tenth of a millisecond gives some percent of precision, which is all that pacing needs.
  constexpr std::int64_t kSpan = 100'000;
  std::int64_t start = MonotonicNanos();
  std::uint64_t first = CycleCount();
  std::int64_t now = start;
  while (now - start < kSpan) now = MonotonicNanos();
  std::uint64_t cycles = CycleCount() - first;
  cycles_per_microsecond = std::max<std::uint64_t>(1, cycles * 1000 / static_cast<std::uint64_t>(now - start));
}

}  // namespace gale::internal

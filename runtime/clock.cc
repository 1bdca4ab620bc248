#include "gale/runtime/clock.h"

#include "gale/runtime/internal/bubble.h"

namespace gale {

Clock::time_point Clock::now() noexcept {
  if (internal::Bubble* bubble = internal::CurrentBubble()) {
    return time_point(std::chrono::nanoseconds(bubble->Now()));
  }
  return std::chrono::steady_clock::now();
}

std::chrono::system_clock::time_point Now() noexcept {
  if (internal::Bubble* bubble = internal::CurrentBubble()) {
    return std::chrono::system_clock::time_point(std::chrono::nanoseconds(bubble->Now()));
  }
  return std::chrono::system_clock::now();
}

}  // namespace gale

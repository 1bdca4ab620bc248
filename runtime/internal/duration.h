// Nanos: any std::chrono duration as the runtime counts time.
#pragma once

#include <chrono>
#include <cstdint>

namespace gale::internal {

// Nanos converts a duration without overflow: what is longer than the clock can count is for ever, less than zero zero.
template <typename Rep, typename Period>
std::int64_t Nanos(std::chrono::duration<Rep, Period> duration) {
  using Seconds = std::chrono::duration<double>;
  double seconds = std::chrono::duration_cast<Seconds>(duration).count();
  if (seconds > 9.2e9) return INT64_MAX;
  if (!(seconds > 0)) return 0;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

}  // namespace gale::internal

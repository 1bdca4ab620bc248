// VectorClock: how far each thread of a model execution had come, as another one knows it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace gale::model {

inline constexpr std::size_t kMostThreads = 8;

// VectorClock holds an epoch (a count of operations) per thread.
struct VectorClock {
  std::array<std::uint32_t, kMostThreads> at{};

  void Join(const VectorClock& other) {
    for (std::size_t i = 0; i < kMostThreads; ++i) at[i] = std::max(at[i], other.at[i]);
  }
  bool Covers(std::size_t thread, std::uint32_t epoch) const { return epoch <= at[thread]; }
};

}  // namespace gale::model

// CachedDate of date.h.
#include <ctime>

#include <bit>
#include <chrono>

#include "gale/http/internal/date.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/internal/bubble.h"

namespace gale::http::internal {

DateText CachedDate::Now() {
  static constinit CachedDate cache;
  if (gale::internal::CurrentBubble() != nullptr)
    return cache.At(gale::Now().time_since_epoch() / std::chrono::seconds(1));
  timespec now;
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return cache.At(now.tv_sec);
}

DateText CachedDate::At(std::int64_t unix_seconds) {
  std::array<std::uint64_t, std::tuple_size_v<decltype(words_)>> words;
  // Pairs with Publish's release of an even generation_: what is loaded below is at least as new. Each of the loads
  // below pairs with Publish's release store of that word: having seen it, the second load of generation_ sees the
  // odd value that was stored before it, or a later one.
  const std::uint32_t generation = generation_.load(std::memory_order_acquire);
  const std::int64_t seconds = seconds_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = words_[i].load(std::memory_order_acquire);
  const bool stable = generation % 2 == 0 && generation_.load(std::memory_order_relaxed) == generation;
  if (stable && seconds == unix_seconds) return std::bit_cast<DateText>(words);

  DateText text;
  text.bytes_.fill(0);
  FormatDate(unix_seconds, text.bytes_.data());
  Publish(unix_seconds, text);
  return text;
}

// Replaces the cached text unless another thread is just doing so.
void CachedDate::Publish(std::int64_t unix_seconds, const DateText& text) {
  std::uint32_t generation = generation_.load(std::memory_order_relaxed);
  if (generation % 2 != 0) return;
  // Acquire, with the former writer's release below: its words come before these in every word's order.
  if (!generation_.compare_exchange_strong(generation, generation + 1, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
    return;
  }
  const auto words = std::bit_cast<std::array<std::uint64_t, std::tuple_size_v<decltype(words_)>>>(text);
  seconds_.store(unix_seconds, std::memory_order_release);
  for (std::size_t i = 0; i < words.size(); ++i) words_[i].store(words[i], std::memory_order_release);
  generation_.store(generation + 2, std::memory_order_release);
}

}  // namespace gale::http::internal

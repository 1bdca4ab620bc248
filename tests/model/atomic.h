// Atomic: std::atomic for the model. Every operation is a place where another thread may come next, and gets its value
// from Memory. Objects made outside a scenario behave as plain variables.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <string>
#include <type_traits>

#include "gale/tests/model/explorer.h"
#include "gale/tests/model/weakening.h"

namespace gale::model {

inline const char* OrderName(std::memory_order order) {
  constexpr const char* kNames[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
  return kNames[static_cast<int>(order)];
}

// FailureOrder is the order of a compare-exchange that fails, if only one was given.
inline std::memory_order FailureOrder(std::memory_order order) {
  if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
  if (order == std::memory_order_release) return std::memory_order_relaxed;
  return order;
}

inline std::string Hexadecimal(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), value < 10 ? "%llu" : "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

void LogOperation(const void* object, const char* what, std::memory_order order, std::uint64_t value, bool stale,
                  const std::source_location& where);

// Quiet: enumerations say what a goroutine is doing, for whoever looks from outside; no protocol depends on them.
template <typename T>
inline constexpr bool kQuiet = std::is_enum_v<T>;

template <typename T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  using Where = std::source_location;
  static constexpr auto kSeqCst = std::memory_order_seq_cst;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr Atomic() noexcept : Atomic(T{}) {}
  [[gnu::no_sanitize("thread")]] constexpr Atomic(T value) noexcept : value_(value) {
    if (!std::is_constant_evaluated()) Construct();
  }
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;
  T operator=(T value) noexcept {
    store(value);
    return value;
  }
  operator T() const noexcept { return load(); }
  bool is_lock_free() const noexcept { return true; }

  // None is instrumented: the race detector watches plain accesses only.
  [[gnu::no_sanitize("thread")]] T load(std::memory_order order = kSeqCst, Where where = Where::current()) const {
    if (!Modelled()) return value_;
    Inside inside;
    order = Weakened(order, where);
    Point();
    std::uint64_t value = TheMemory().Load(this, order);
    if (Logging()) LogOperation(this, "load", order, value, value != TheMemory().Newest(this), where);
    return From(value);
  }

  [[gnu::no_sanitize("thread")]] void store(T value, std::memory_order order = kSeqCst,
                                            Where where = Where::current()) {
    if (Modelled()) {
      Inside inside;
      order = Weakened(order, where);
      Point();
      TheMemory().Store(this, To(value), order);
      if (Logging()) LogOperation(this, "store", order, To(value), false, where);
      Changed(To(value_), To(value));
    }
    value_ = value;
  }

  [[gnu::no_sanitize("thread")]] T exchange(T value, std::memory_order order = kSeqCst,
                                            Where where = Where::current()) {
    return Modify("exchange", order, where, [value](T) { return value; });
  }

  [[gnu::no_sanitize("thread")]] bool compare_exchange_strong(T& expected, T wanted, std::memory_order success,
                                                              std::memory_order failure,
                                                              Where where = Where::current()) {
    if (!Modelled()) {
      if (To(value_) != To(expected)) {
        expected = value_;
        return false;
      }
      value_ = wanted;
      return true;
    }
    Inside inside;
    success = Weakened(success, where);
    failure = FailureOrder(Weakened(failure, where));
    Point();
    std::uint64_t seen = To(expected);
    bool done = TheMemory().CompareExchange(this, seen, To(wanted), success, failure);
    if (done) {
      Changed(To(value_), To(wanted));
      value_ = wanted;
    } else {
      expected = From(seen);
    }
    if (Logging()) {
      LogOperation(this, done ? "compare-exchange to" : "compare-exchange fails,", done ? success : failure,
                   done ? To(wanted) : seen, !done && seen != TheMemory().Newest(this), where);
    }
    return done;
  }
  bool compare_exchange_strong(T& expected, T wanted, std::memory_order order = kSeqCst,
                               Where where = Where::current()) {
    return compare_exchange_strong(expected, wanted, order, FailureOrder(order), where);
  }
  bool compare_exchange_weak(T& expected, T wanted, std::memory_order success, std::memory_order failure,
                             Where where = Where::current()) {
    return compare_exchange_strong(expected, wanted, success, failure, where);
  }
  bool compare_exchange_weak(T& expected, T wanted, std::memory_order order = kSeqCst, Where where = Where::current()) {
    return compare_exchange_strong(expected, wanted, order, FailureOrder(order), where);
  }

  template <typename D>
  T fetch_add(D change, std::memory_order order = kSeqCst, Where where = Where::current()) {
    return Modify("fetch_add", order, where, [change](T old) { return static_cast<T>(old + change); });
  }
  template <typename D>
  T fetch_sub(D change, std::memory_order order = kSeqCst, Where where = Where::current()) {
    return Modify("fetch_sub", order, where, [change](T old) { return static_cast<T>(old - change); });
  }
  T fetch_or(T bits, std::memory_order order = kSeqCst, Where where = Where::current()) {
    return Modify("fetch_or", order, where, [bits](T old) { return static_cast<T>(old | bits); });
  }
  T fetch_and(T bits, std::memory_order order = kSeqCst, Where where = Where::current()) {
    return Modify("fetch_and", order, where, [bits](T old) { return static_cast<T>(old & bits); });
  }

  T operator++() { return static_cast<T>(fetch_add(1) + 1); }
  T operator++(int) { return fetch_add(1); }
  T operator--() { return static_cast<T>(fetch_sub(1) - 1); }
  T operator--(int) { return fetch_sub(1); }

 private:
  static std::uint64_t To(T value) {
    std::uint64_t word = 0;
    std::memcpy(&word, &value, sizeof(T));
    return word;
  }
  static T From(std::uint64_t word) {
    T value;
    std::memcpy(&value, &word, sizeof(T));
    return value;
  }

  void Construct() {
    if (kQuiet<T> || !Running()) return;
    Inside inside;
    TheMemory().Construct(this, To(value_));
  }

  bool Modelled() const { return !kQuiet<T> && Running() && TheMemory().Known(this); }

  // Changed wakes those in WaitForChange.
  void Changed(std::uint64_t from, std::uint64_t to) {
    if (from != to) Unblock(this, 1 << 20);
  }

  template <typename Change>
  [[gnu::no_sanitize("thread")]] T Modify(const char* name, std::memory_order order, const Where& where,
                                          Change change) {
    T old = value_;
    if (!Modelled()) {
      value_ = change(old);
      return old;
    }
    Inside inside;
    order = Weakened(order, where);
    Point();
    old = From(TheMemory().Newest(this));
    value_ = change(old);
    TheMemory().Exchange(this, To(value_), order);
    if (Logging()) LogOperation(this, name, order, To(value_), false, where);
    Changed(To(old), To(value_));
    return old;
  }

  T value_;
};

// Fence is std::atomic_thread_fence.
void Fence(std::memory_order order, std::source_location where = std::source_location::current());

// WaitForChange sleeps until somebody writes the object, if it still has this value: what spinning comes to.
template <typename T>
void WaitForChange(const Atomic<T>& object, T value, std::string_view why) {
  if (object.load(std::memory_order_relaxed) != value) return;
  Inside inside;
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof(T));
  if (TheMemory().Newest(&object) == word) Block(&object, why);
}

}  // namespace gale::model

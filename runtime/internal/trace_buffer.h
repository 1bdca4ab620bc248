// Trace buffers: how events get from the threads that make them to the thread that writes them.
//
// Every thread that makes an event has a ring of its own, so that recording takes no lock and no atomic
// read-modify-write. The writer (trace_writer.h) empties all rings every few milliseconds. Rings are never freed; that
// of a thread that has ended goes to the next one.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "gale/runtime/internal/machine.h"

namespace gale::internal {

enum class TraceKind : std::uint8_t {
  kSpawn,          // g: the new goroutine; other: its starter
  kSwitch,         // g: who continues; other: who is left; each 0 for a scheduling stack
  kReady,          // g: who was woken; other: by whom
  kSteal,          // g: whom; other: the victim P
  kHandOver,       // p was taken from m
  kBlockingBegin,  // g
  kBlockingEnd,    // g
  kRegionBegin,    // g; text: name
  kRegionEnd,      // g
  kLog,            // g; text: "category\0message"
};

struct TraceEvent {
  std::int64_t nanos = 0;  // MonotonicNanos
  TraceKind kind{};
  SwitchKind how{};                       // kSwitch
  WaitReason reason = WaitReason::kNone;  // kSwitch, of who is left
  std::int32_t p = -1;                    // where it happened; -1: on a thread without a P
  std::int32_t m = -1;                    // -1: on a thread that is no M
  std::int32_t thread = 0;                // its gettid
  std::uint64_t g = 0;
  std::uint64_t other = 0;
  std::uintptr_t entry = 0;     // of g's function, where known
  std::string* text = nullptr;  // owned
};

// TraceRing has one producer, its thread, and one consumer, the writer.
class TraceRing {
 public:
  // Push returns false where it had to drop the event.
  bool Push(const TraceEvent& event) {
    std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    // Acquire pairs with the release in Pop: the slot has been read.
    if (tail - head_.load(std::memory_order_acquire) == kCapacity) {
      dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return false;
    }
    events_[tail % kCapacity] = event;
    // Release pairs with the acquire in Peek.
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Peek is the oldest event, or null.
  const TraceEvent* Peek() const {
    std::uint32_t head = head_.load(std::memory_order_relaxed);
    return head == tail_.load(std::memory_order_acquire) ? nullptr : &events_[head % kCapacity];
  }
  void Pop() { head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  std::uint64_t Dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  friend class TraceRings;
  static constexpr std::uint32_t kCapacity = 1 << 15;

  std::atomic<bool> in_use_{true};
  TraceRing* next_ = nullptr;
  alignas(64) std::atomic<std::uint32_t> head_{0};
  alignas(64) std::atomic<std::uint32_t> tail_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::array<TraceEvent, kCapacity> events_;
};

// TraceRings are those of all threads.
class TraceRings {
 public:
  // Take is a ring for the calling thread.
  static TraceRing* Take();
  static void Release(TraceRing* ring);

  template <typename Function>
  static void ForEach(Function function) {
    // Acquire pairs with the release in Take.
    for (TraceRing* ring = first_.load(std::memory_order_acquire); ring != nullptr; ring = ring->next_) function(*ring);
  }

 private:
  static std::atomic<TraceRing*> first_;
};

// Recording, for probes.h. Each returns at once where no trace is written any more.
void TraceSpawn(G* g);
void TraceSwitch(M* m, G* from, G* to, SwitchKind how);
void TraceReady(G* g);
void TraceSteal(P* thief, P* victim, G* g);
void TraceHandOver(P* p, M* m);
void TraceBlocking(G* g, TraceKind kind);

}  // namespace gale::internal

#include "gale/runtime/internal/bubble.h"

#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <utility>

#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/probes.h"
#include "gale/runtime/panic.h"

namespace gale::internal {

std::atomic<int> bubble_count{0};
std::atomic<int> seeded_bubble_count{0};

namespace {

// Midnight UTC, 1 January 2000, in nanoseconds since 1970.
constexpr std::int64_t kStartOfTime = 946'684'800'000'000'000;

struct BubblePool {
  SpinLock lock;
  std::vector<Bubble*> free;
  std::uint64_t last_id = 0;
};

BubblePool& Pool() {
  static auto* pool = new BubblePool;
  return *pool;
}

// Mix spreads neighbouring seeds over the whole range (splitmix64).
std::uint64_t Mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ull;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBull;
  return value ^ (value >> 31);
}

}  // namespace

Bubble* Bubble::Take(const std::uint64_t* seed) {
  Bubble* bubble = nullptr;
  {
    std::lock_guard guard(Pool().lock);
    if (!Pool().free.empty()) {
      bubble = Pool().free.back();
      Pool().free.pop_back();
    } else {
      bubble = new Bubble;
    }
    bubble->id_ = ++Pool().last_id;
  }
  bubble_count.fetch_add(1, std::memory_order_relaxed);
  if (seed != nullptr) seeded_bubble_count.fetch_add(1, std::memory_order_relaxed);
  bubble->now_.store(kStartOfTime, std::memory_order_relaxed);
  bubble->main_ended_ = false;
  bubble->total_ = 0;
  bubble->running_ = 1;
  bubble->seeded_ = seed != nullptr;
  bubble->seed_ = seed != nullptr ? *seed : 0;
  bubble->random_ = Mix(bubble->seed_);  // mixed: the streams of neighbouring seeds must not overlap
  bubble->turn_taken_ = true;
  G* g = CurrentGoroutine();
  bubble->driver_ = g;
  g->bubble = bubble;
  g->in_bubble = true;
  return bubble;
}

void Bubble::Abandon() {
  G* g = CurrentGoroutine();
  g->in_bubble = false;
  g->bubble = nullptr;
  if (seeded_) seeded_bubble_count.fetch_sub(1, std::memory_order_relaxed);
  bubble_count.fetch_sub(1, std::memory_order_relaxed);
}

void Bubble::GiveBack() {
  timers_.Clear();
  Abandon();
  std::lock_guard guard(Pool().lock);
  Pool().free.push_back(this);
}

Bubble::End Bubble::Drive() {
  for (;;) {
    timers_.RunExpired(Now());
    Park([](G*, void*) { return true; }, nullptr, WaitReason::kSynctestRun);
    std::lock_guard guard(lock_);
    if (total_ == 0) return End::kAllEnded;
    std::int64_t next = timers_.NextWhen();
    if (next == kForever || main_ended_) return End::kBlocked;
    if (next > Now()) now_.store(next, std::memory_order_relaxed);
  }
}

void Bubble::MainEnds() {
  std::lock_guard guard(lock_);
  main_ended_ = true;
}

bool Bubble::MainEnded() {
  std::lock_guard guard(lock_);
  return main_ended_;
}

void Bubble::Wait() {
  {
    std::lock_guard guard(lock_);
    if (waiting_) throw Panic("wait already in progress");
    waiting_ = true;
  }
  Park(
      [](G* g, void* self) {
        auto* bubble = static_cast<Bubble*>(self);
        std::lock_guard guard(bubble->lock_);
        bubble->waiter_ = g;
        return true;
      },
      this, WaitReason::kSynctestWait);
}

void Bubble::Start(G* g) {
  g->bubble = this;
  g->in_bubble = true;
  {
    std::lock_guard guard(lock_);
    ++total_;
    ++running_;
    if (seeded_) {
      ready_.push_back(g);
      g = turn_taken_ ? nullptr : Draw();
    }
  }
  if (g != nullptr) Submit(g);
}

void Bubble::MakeReady(G* g) {
  {
    std::lock_guard guard(lock_);
    if (IsDurable(g->wait_reason.load(std::memory_order_relaxed))) ++running_;
    if (seeded_) {
      ready_.push_back(g);
      g = turn_taken_ ? nullptr : Draw();
    }
  }
  if (g != nullptr) Submit(g);
}

void Bubble::Leave(bool blocked, bool ended) {
  G* next = nullptr;
  {
    std::lock_guard guard(lock_);
    if (ended) --total_;
    if (blocked && --running_ == 0) {
      next = TakeIdle();
      ProbeReady(next);
      ++running_;
    }
    if (seeded_) {
      if (next != nullptr) ready_.push_back(next);
      turn_taken_ = false;
      next = Draw();
    }
  }
  if (next != nullptr) Submit(next);
}

// TakeIdle is whom A5 wakes.
G* Bubble::TakeIdle() {
  if (waiter_ != nullptr) {
    waiting_ = false;
    return std::exchange(waiter_, nullptr);
  }
  return driver_;
}

G* Bubble::Draw() {
  if (ready_.empty()) return nullptr;
  std::size_t index = Next() % ready_.size();
  G* g = ready_[index];
  ready_[index] = ready_.back();
  ready_.pop_back();
  turn_taken_ = true;
  return g;
}

std::uint64_t Bubble::Next() { return Mix(random_++); }

std::uint64_t Bubble::Random() {
  std::lock_guard guard(lock_);
  return Next();
}

void Bubble::Yield() {
  Park(
      [](G* g, void* self) {
        auto* bubble = static_cast<Bubble*>(self);
        std::lock_guard guard(bubble->lock_);
        bubble->ready_.push_back(g);
        return true;
      },
      this, WaitReason::kSynctestTurn);
}

void Bubble::YieldMaybe() {
  if (!seeded_ || CurrentGoroutine() == driver_) return;
  {
    std::lock_guard guard(lock_);
    if (ready_.empty() || Next() % 2 == 0) return;
  }
  Yield();
}

Bubble* BubbleOfCurrentG() {
  G* g = CurrentGoroutine();
  return g != nullptr && g->in_bubble ? g->bubble : nullptr;
}

void PrintSeedOfCurrentBubble() {
  Bubble* bubble = CurrentBubble();
  if (bubble == nullptr || !bubble->Seeded()) return;
  std::fprintf(stderr, "synctest: failed with seed %" PRIu64 "; GALE_SYNCTEST_SEED=%" PRIu64 " runs it again\n\n",
               bubble->Seed(), bubble->Seed());
}

void SchedulePointSlow() {
  if (Bubble* bubble = BubbleOfCurrentG()) bubble->YieldMaybe();
}

void BubbleTag::CheckSlow(const char* misuse) const {
  if (CurrentBubbleId() != id_) throw Panic(misuse);
}

}  // namespace gale::internal

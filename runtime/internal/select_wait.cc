#include "gale/runtime/internal/select_wait.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/park.h"

namespace gale::internal {

namespace {

// NextRandom advances the goroutine's own generator: xorshift32. In a seeded bubble the seed decides.
std::uint32_t NextRandom(G* g) {
  Bubble* bubble = CurrentBubble();
  if (bubble != nullptr && bubble->Seeded()) [[unlikely]]
    return static_cast<std::uint32_t>(bubble->Random());
  std::uint32_t state = g->select_random;
  if (state == 0) state = static_cast<std::uint32_t>(CycleCount() ^ (reinterpret_cast<std::uintptr_t>(g) >> 6)) | 1;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return g->select_random = state;
}

// Below returns a random number below `bound`, without a division.
std::size_t Below(G* g, std::size_t bound) { return (std::uint64_t{NextRandom(g)} * bound) >> 32; }

// DropNilChannels also prepares the others; `durable` tells whether all of them belong to the caller's bubble.
std::size_t DropNilChannels(SelectEntry** entries, std::size_t count, bool& durable) {
  std::size_t kept = 0;
  durable = CurrentBubble() != nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    ChanBase* chan = entries[i]->chan;
    if (chan == nullptr) continue;
    chan->bubble.Check("select on synctest channel from outside bubble");
    durable = durable && chan->bubble.Id() != 0;
    if (chan->poll != nullptr) chan->poll(chan);
    entries[kept++] = entries[i];
  }
  return kept;
}

void Shuffle(G* g, SelectEntry** entries, std::size_t count) {
  for (std::size_t i = count; i > 1; --i) std::swap(entries[i - 1], entries[Below(g, i)]);
}

bool LowerAddress(const SelectEntry* a, const SelectEntry* b) { return std::less<>()(a->chan, b->chan); }

void SortByAddress(SelectEntry** entries, std::size_t count) {
  constexpr std::size_t kFew = 12;
  if (count > kFew) return std::sort(entries, entries + count, LowerAddress);
  for (std::size_t i = 1; i < count; ++i) {
    SelectEntry* entry = entries[i];
    std::size_t place = i;
    for (; place > 0 && LowerAddress(entry, entries[place - 1]); --place) entries[place] = entries[place - 1];
    entries[place] = entry;
  }
}

// LockedChannels are the channels of a Select, each once for every case, in the order of their addresses.
class LockedChannels {
 public:
  LockedChannels(SelectEntry** sorted, std::size_t count) : sorted_(sorted), count_(count) {
    ChanBase* last = nullptr;
    for (std::size_t i = 0; i < count_; ++i) {
      if (std::exchange(last, sorted_[i]->chan) != sorted_[i]->chan) last->lock.lock();
    }
  }

  void UnlockAll() {
    // The last unlock may be the end of this object's life, and that of the entries: W4.
    std::size_t count = count_;
    SelectEntry** sorted = sorted_;
    ChanBase* chan = sorted[0]->chan;
    for (std::size_t i = 1; i < count; ++i) {
      ChanBase* next = sorted[i]->chan;
      if (next != chan) std::exchange(chan, next)->lock.unlock();
    }
    chan->lock.unlock();
  }

 private:
  SelectEntry** sorted_;
  std::size_t count_;
};

void Enqueue(SelectEntry** entries, std::size_t count, G* g, SelectWait* select) {
  for (std::size_t i = 0; i < count; ++i) {
    SelectEntry* entry = entries[i];
    entry->waiter.g = g;
    entry->waiter.select = select;
    entry->waiter.granted = false;
    (entry->sends ? entry->chan->senders : entry->chan->receivers).PushBack(&entry->waiter);
  }
}

// Dequeue is W5. Returns the case that has happened.
SelectEntry* Dequeue(SelectEntry** entries, std::size_t count, const ChanWaiter* winner) {
  SelectEntry* won = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    SelectEntry* entry = entries[i];
    if (&entry->waiter == winner) {
      won = entry;
      continue;
    }
    entry->chan->lock.lock();
    if (entry->waiter.queued) (entry->sends ? entry->chan->senders : entry->chan->receivers).Remove(&entry->waiter);
    entry->chan->lock.unlock();
  }
  return won;
}

std::size_t Chosen(const SelectEntry* entry, bool send_failed) {
  if (send_failed) ThrowSendOnClosedChannel();
  return entry->index;
}

}  // namespace

std::size_t RunSelect(SelectEntry** entries, std::size_t count, bool has_default) {
  SelectEntry** sorted = entries + count;
  bool durable;
  count = DropNilChannels(entries, count, durable);
  WaitReason reason = durable ? WaitReason::kSelectDurable : WaitReason::kSelect;
  if (count == 0) {
    if (has_default) return kDefaultCase;
    ParkForever(reason);
  }
  std::copy(entries, entries + count, sorted);
  SortByAddress(sorted, count);
  G* self = CurrentG();
  Shuffle(self, entries, count);

  LockedChannels channels(sorted, count);  // W1
  for (std::size_t i = 0; i < count; ++i) {
    SelectEntry* entry = entries[i];
    G* partner = nullptr;
    Attempt attempt = entry->attempt(*entry, partner);  // W2
    if (attempt == Attempt::kMustWait) continue;
    channels.UnlockAll();
    if (partner != nullptr) Ready(partner);
    return Chosen(entry, entry->sends && attempt == Attempt::kClosed);
  }
  if (has_default) {
    channels.UnlockAll();
    return kDefaultCase;
  }

  SelectWait wait;
  Enqueue(entries, count, self, &wait);  // W3
  ParkCommit commit = [](G*, void* locked) {
    static_cast<LockedChannels*>(locked)->UnlockAll();
    return true;
  };
  Park(commit, &channels, reason);  // W4
  SelectEntry* won = Dequeue(entries, count, wait.Winner());
  return Chosen(won, won->sends && !won->waiter.granted);
}

void ParkWithoutCases() { ParkForever(WaitReason::kSelectNoCases); }

}  // namespace gale::internal

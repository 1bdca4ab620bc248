#include "gale/runtime/internal/poll_desc.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "gale/runtime/go.h"
#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/netpoll.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/probes.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

// PollDescPool keeps the PollDescs that are not in use. Their memory is never given back. It knows all of them, because
// those in use may be all that refers to a DetachedWait.
class PollDescPool {
 public:
  PollDesc* Take() {
    std::lock_guard guard(lock_);
    if (free_ == nullptr) Grow();
    PollDesc* desc = free_;
    free_ = desc->next_free_;
    return desc;
  }

  void Give(PollDesc* desc) {
    std::lock_guard guard(lock_);
    desc->next_free_ = free_;
    free_ = desc;
  }

 private:
  void Grow() {
    constexpr int kBatch = 32;
    batches_.emplace_back(new PollDesc[kBatch]);
    PollDesc* batch = batches_.back();
    for (int i = kBatch - 1; i >= 0; --i) {
      batch[i].next_free_ = free_;
      free_ = &batch[i];
    }
  }

  SpinLock lock_;
  PollDesc* free_ = nullptr;
  std::vector<PollDesc*> batches_;
};

namespace {

PollDescPool& Pool() {
  static auto* pool = new PollDescPool;
  return *pool;
}

P* HomeForCaller(Scheduler& scheduler) {
  // Not pinned beyond: any P will do, this one is the likeliest to run the goroutine.
  if (PinnedP p; p) return p.Get();
  static std::atomic<unsigned> next{0};
  unsigned count = static_cast<unsigned>(scheduler.PCount());
  return scheduler.Ps()[next.fetch_add(1, std::memory_order_relaxed) % count].get();
}

int Index(PollMode mode) { return static_cast<int>(mode); }

// A watched node's address fits in 48 bits, as all of user space does unless asked for more.
constexpr int kTagShift = 48;
constexpr std::uint64_t kAddressMask = (std::uint64_t{1} << kTagShift) - 1;

// TakeOver makes a handle of the count that came with the word.
ContextHandle TakeOver(std::uint64_t word) {
  return ContextHandle(reinterpret_cast<CancelNode*>(static_cast<std::uintptr_t>(word & kAddressMask)));
}

void Cancel(const ContextHandle& context) {
  if (CancelNode* node = context.Canceler()) node->Cancel(Errc::kCanceled, Errc::kCanceled);
}

std::atomic<int> detached_waits{0};

// Start may be called by whoever polls, on a scheduler's stack, too.
void Start(DetachedWait* wait) {
  gale::Go([wait] { wait->resume(wait); });
  detached_waits.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace

std::expected<PollDesc*, int> PollDesc::Open(int fd) { return OpenAt(fd, HomeForCaller(Scheduler::Get())); }

std::expected<PollDesc*, int> PollDesc::OpenOn(int fd, int p_id) {
  Scheduler& scheduler = Scheduler::Get();
  return OpenAt(fd, scheduler.Ps()[static_cast<std::size_t>(p_id % scheduler.PCount())].get());
}

std::expected<PollDesc*, int> PollDesc::OpenAt(int fd, P* home) {
  PollDesc* desc = Pool().Take();
  desc->fd_ = fd;
  desc->home_ = home;
  for (int mode = 0; mode < 2; ++mode) {
    desc->waiters_[mode].store(kNobody, std::memory_order_relaxed);
    desc->deadlines_[mode].store(0, std::memory_order_relaxed);
  }
  desc->peer_closed_.store(false, std::memory_order_relaxed);
  desc->closing_.store(false, std::memory_order_relaxed);
  // Release pairs with the acquire in HandleEvents: who sees this life's tag sees its fields.
  std::uint16_t tag = static_cast<std::uint16_t>(desc->tag_.load(std::memory_order_relaxed) + 1);
  desc->tag_.store(tag, std::memory_order_release);
  if (int error = home->netpoll->Add(fd, desc, tag); error != 0) {
    Pool().Give(desc);
    return std::unexpected(error);
  }
  // A P whose thread was never needed, or sleeps without looking at this poller's new entry, is fine: epoll_wait sees
  // entries that are added while it waits. Only a P without a thread must get one.
  if (home->m.load(std::memory_order_acquire) == nullptr) Scheduler::Get().WakeP(home);
  return desc;
}

PollResult PollDesc::Prepare(PollMode mode) const {
  if (closing_.load(std::memory_order_seq_cst)) return PollResult::kClosing;
  if (deadlines_[Index(mode)].load(std::memory_order_seq_cst) == kExpired) return PollResult::kTimeout;
  return PollResult::kReady;
}

bool PollDesc::PeerClosed() const { return peer_closed_.load(std::memory_order_seq_cst); }

bool PollDesc::CommitWait(G* g, void* word) {
  Word expected = kComing;
  return static_cast<std::atomic<Word>*>(word)->compare_exchange_strong(expected, reinterpret_cast<Word>(g),
                                                                        std::memory_order_seq_cst);
}

PollResult PollDesc::Wait(PollMode mode) {
  std::atomic<Word>& word = waiters_[Index(mode)];
  for (;;) {
    if (PollResult result = Prepare(mode); result != PollResult::kReady) return result;
    Word seen = kNobody;
    if (!word.compare_exchange_strong(seen, kComing, std::memory_order_seq_cst)) {  // W1
      // Only kReady is possible: there is one waiter per direction. An edge that comes now would say the same; the
      // exchange (not a store) makes what came with it, PeerClosed, visible here.
      word.exchange(kNobody, std::memory_order_seq_cst);
      return PollResult::kReady;
    }
    if (Prepare(mode) == PollResult::kReady) Park(&CommitWait, &word, WaitReason::kIoWait);  // W2, W3
    Word left = word.exchange(kNobody, std::memory_order_seq_cst);                           // W4
    if (PollResult result = Prepare(mode); result != PollResult::kReady) return result;
    if (left == kReady) return PollResult::kReady;
    // Woken by a deadline that was moved meanwhile: wait on.
  }
}

void PollDesc::WaitDetached(PollMode mode, DetachedWait* wait) {
  std::atomic<Word>& word = waiters_[Index(mode)];
  Word expected = kNobody;
  // Relaxed: for the deadlock detector, which looks twice, milliseconds apart.
  detached_waits.fetch_add(1, std::memory_order_relaxed);
  const bool waits = word.compare_exchange_strong(expected, kComing, std::memory_order_seq_cst) &&  // W1
                     Prepare(mode) == PollResult::kReady &&                                         // W2
                     word.compare_exchange_strong(expected = kComing, reinterpret_cast<Word>(wait) | kDetached,
                                                  std::memory_order_seq_cst);  // W3
  if (!waits) Start(wait);
}

PollResult PollDesc::EndDetachedWait(PollMode mode) {
  waiters_[Index(mode)].exchange(kNobody, std::memory_order_seq_cst);  // W4
  return Prepare(mode);
}

int PollDesc::DetachedWaits() { return detached_waits.load(std::memory_order_relaxed); }

void PollDesc::Unblock(PollMode mode, Word leave, GList* ready) {
  std::atomic<Word>& word = waiters_[Index(mode)];
  // An edge must be remembered for the next Wait; a deadline or Evict must not look like one, nor erase one.
  Word seen = word.load(std::memory_order_seq_cst);
  for (;;) {
    if (seen == kReady || (seen == kNobody && leave == kNobody)) return;
    if (word.compare_exchange_weak(seen, leave, std::memory_order_seq_cst)) break;  // U2
  }
  if (seen <= kComing) return;
  if ((seen & kDetached) != 0) return Start(reinterpret_cast<DetachedWait*>(seen & ~kDetached));
  G* g = reinterpret_cast<G*>(seen);
  if (ready == nullptr || g->kind == GKind::kThread || g->in_bubble) return Ready(g);
  ProbeReady(g);
  g->status.store(GStatus::kRunnable, std::memory_order_relaxed);
  ready->PushBack(g);
}

void PollDesc::HandleEvents(PollEvents events, std::uint16_t tag, GList& ready) {
  if (tag_.load(std::memory_order_acquire) != tag) return;
  // seq_cst like the words: where Unblock finds kReady and writes nothing, the reader that uses that kReady up must
  // still see it.
  if (events.peer_closed) {
    peer_closed_.store(true, std::memory_order_seq_cst);
    WatchedPeerClosed(tag);
  }
  if (events.readable) Unblock(PollMode::kRead, kReady, &ready);
  if (events.writable) Unblock(PollMode::kWrite, kReady, &ready);
}

bool PollDesc::Watch(const ContextHandle& context) {
  std::uint64_t word = 0;
  if (CancelNode* node = context.Canceler()) {
    ContextNode::Add(node);
    word = reinterpret_cast<std::uintptr_t>(node) | std::uint64_t{tag_.load(std::memory_order_relaxed)} << kTagShift;
  }
  TakeOver(watched_.exchange(word, std::memory_order_seq_cst));
  return word != 0 && (Prepare(PollMode::kRead) == PollResult::kClosing || PeerClosed());
}

void PollDesc::CancelWatched() { Cancel(TakeOver(watched_.exchange(0, std::memory_order_seq_cst))); }

// Called by whoever polls, on a scheduler's stack too: cancelling, and what it may free, is for a goroutine.
void PollDesc::WatchedPeerClosed(std::uint16_t tag) {
  std::uint64_t seen = watched_.load(std::memory_order_seq_cst);
  do {
    if (seen == 0 || seen >> kTagShift != tag) return;
  } while (!watched_.compare_exchange_weak(seen, 0, std::memory_order_seq_cst));
  gale::Go([context = TakeOver(seen)] { Cancel(context); });
}

// Deadlines. SetDeadline stores the deadline, then looks at armed_until_; HandleDeadlines clears armed_until_, then
// looks at the deadlines (all seq_cst): one of them sees the other, so a new deadline is never left without a node.

void PollDesc::SetDeadline(PollMode mode, std::int64_t deadline_ns) {
  if (deadline_ns < 0) deadline_ns = 1;  // long ago
  deadlines_[Index(mode)].store(deadline_ns, std::memory_order_seq_cst);
  if (deadline_ns == 0) return;
  std::int64_t armed = armed_until_.load(std::memory_order_seq_cst);
  if (armed != 0 && armed <= deadline_ns) return;
  ArmFor(mode, deadline_ns);
}

void PollDesc::ArmFor(PollMode mode, std::int64_t deadline_ns) {
  if (deadline_ns <= MonotonicNanos()) {
    Expire(mode, deadline_ns);
    Unblock(mode, kNobody);
    return;
  }
  bool earliest = false;
  PinnedP p;
  {
    std::lock_guard guard(home_->deadlines.Lock());
    std::int64_t armed = armed_until_.load(std::memory_order_seq_cst);
    if (armed == 0 || armed > deadline_ns) {
      earliest = home_->deadlines.ArmLocked(&node_, deadline_ns);
      armed_until_.store(deadline_ns, std::memory_order_seq_cst);
    }
  }
  if (earliest && p.Get() != home_) Scheduler::Get().WakeP(home_);
}

// Expire turns a deadline that was seen to have passed into kExpired, unless it was changed meanwhile.
void PollDesc::Expire(PollMode mode, std::int64_t seen) {
  deadlines_[Index(mode)].compare_exchange_strong(seen, kExpired, std::memory_order_seq_cst);
}

std::int64_t PollDesc::EarliestDeadline() const {
  std::int64_t earliest = kForever;
  for (const auto& deadline : deadlines_) {
    std::int64_t when = deadline.load(std::memory_order_seq_cst);
    if (when > 0) earliest = std::min(earliest, when);
  }
  return earliest;
}

std::int64_t PollDesc::HandleDeadlines(DeadlineNode* node, std::int64_t now, void* ready_list) {
  auto* desc = reinterpret_cast<PollDesc*>(reinterpret_cast<char*>(node) - offsetof(PollDesc, node_));
  desc->armed_until_.store(0, std::memory_order_seq_cst);
  for (PollMode mode : {PollMode::kRead, PollMode::kWrite}) {
    std::int64_t when = desc->deadlines_[Index(mode)].load(std::memory_order_seq_cst);
    if (when <= 0 || when > now) continue;
    desc->Expire(mode, when);
    desc->Unblock(mode, kNobody, static_cast<GList*>(ready_list));
  }
  std::int64_t next = desc->EarliestDeadline();
  if (next != kForever) desc->armed_until_.store(next, std::memory_order_seq_cst);
  return next;
}

void PollDesc::Evict() {
  closing_.store(true, std::memory_order_seq_cst);  // U1
  for (PollMode mode : {PollMode::kRead, PollMode::kWrite}) Unblock(mode, kNobody);
  CancelWatched();
}

void PollDesc::Close() {
  home_->netpoll->Remove(fd_);
  {
    std::lock_guard guard(home_->deadlines.Lock());
    home_->deadlines.CancelLocked(&node_);
    armed_until_.store(0, std::memory_order_relaxed);
  }
  // A new tag now, so that late events find nobody even before the next life.
  tag_.store(static_cast<std::uint16_t>(tag_.load(std::memory_order_relaxed) + 1), std::memory_order_release);
  Pool().Give(this);
}

}  // namespace gale::internal

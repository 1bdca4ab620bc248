// The checker's own memory model, by the litmus tests of the literature: what must be found and what must not.

#include "gale/tests/model/check.h"

namespace gale::model {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kSeqCst = std::memory_order_seq_cst;

struct Words {
  std::atomic<int> x{0}, y{0};
  int plain = 0;
  int seen_x = -1, seen_y = -1;
};

// Both threads store, then look at the other's word: with fences, one of them must see the other (Dekker).
void StoreBuffering(bool fences, std::memory_order order) {
  auto words = std::make_shared<Words>();
  Spawn("left", [=] {
    words->x.store(1, order);
    if (fences) std::atomic_thread_fence(kSeqCst);
    words->seen_y = words->y.load(order);
  });
  Spawn("right", [=] {
    words->y.store(1, order);
    if (fences) std::atomic_thread_fence(kSeqCst);
    words->seen_x = words->x.load(order);
  });
  Join();
  Expect(words->seen_x == 1 || words->seen_y == 1, "both missed the other's store");
}

TEST(MemoryModel, StoresAreBufferedWithoutFences) {
  CheckFinds("both missed", [] { StoreBuffering(false, kRelaxed); });
}
TEST(MemoryModel, ReleaseAndAcquireDoNotOrderAStoreWithALaterLoad) {
  CheckFinds("both missed", [] { StoreBuffering(false, kRelease); });
}
TEST(MemoryModel, FencesPreventThat) {
  Check([] { StoreBuffering(true, kRelaxed); }, {.old_values = 4});
}
TEST(MemoryModel, SequentialConsistencyPreventsThat) {
  Check([] { StoreBuffering(false, kSeqCst); }, {.old_values = 4});
}

// Message passing: a flag says that the data is there.
void MessagePassing(std::memory_order store, std::memory_order load) {
  auto words = std::make_shared<Words>();
  Spawn("writer", [=] {
    words->x.store(1, kRelaxed);
    words->y.store(1, store);
  });
  Spawn("reader", [=] {
    if (words->y.load(load) == 1) Expect(words->x.load(kRelaxed) == 1, "old data");
  });
  Join();
}

TEST(MemoryModel, ARelaxedFlagIsNoMessage) {
  CheckFinds("old data", [] { MessagePassing(kRelaxed, kAcquire); });
}
TEST(MemoryModel, AReleaseThatNobodyAcquiresIsNoMessage) {
  CheckFinds("old data", [] { MessagePassing(kRelease, kRelaxed); });
}
TEST(MemoryModel, ReleaseAndAcquirePassAMessage) {
  Check([] { MessagePassing(kRelease, kAcquire); }, {.old_values = 4});
}

TEST(MemoryModel, PlainDataWithoutOrderIsARace) {
  CheckFinds("data race", [] {
    auto words = std::make_shared<Words>();
    Spawn("writer", [=] {
      words->plain = 1;
      words->x.store(1, kRelaxed);
    });
    Spawn("reader", [=] {
      if (words->x.load(kAcquire) == 1) words->seen_x = words->plain;
    });
    Join();
  });
}

TEST(MemoryModel, UseOfFreedMemoryIsFound) {
  CheckFinds("use of freed memory", [] {
    auto* words = new Words;
    Spawn("owner", [=] {
      words->x.store(1, kRelease);
      delete words;
    });
    Spawn("other", [=] { words->seen_x = 1; });
    Join();
  });
}

// A release sequence: the acquirer reads what a relaxed read-modify-write made of the released value.
TEST(MemoryModel, ReadModifyWritesContinueARelease) {
  Check(
      [] {
        auto words = std::make_shared<Words>();
        Spawn("writer", [=] {
          words->plain = 1;
          words->x.store(1, kRelease);
        });
        Spawn("middle", [=] { words->x.fetch_add(1, kRelaxed); });
        Spawn("reader", [=] {
          if (words->x.load(kAcquire) == 2 && words->y.load(kRelaxed) == 0) words->seen_y = words->plain;
        });
        Rest();
      },
      {.preemptions = 0, .old_values = 0, .random_runs = 0});
}

// Two readers of two independent words may disagree about which was written first, unless all is seq_cst.
void IndependentReads(std::memory_order store, std::memory_order load) {
  struct Seen {
    int first = 0, second = 0;
  };
  auto words = std::make_shared<Words>();
  auto a = std::make_shared<Seen>();
  auto b = std::make_shared<Seen>();
  Spawn("writes x", [=] { words->x.store(1, store); });
  Spawn("writes y", [=] { words->y.store(1, store); });
  Spawn("reads x y", [=] {
    a->first = words->x.load(load);
    a->second = words->y.load(load);
  });
  Spawn("reads y x", [=] {
    b->first = words->y.load(load);
    b->second = words->x.load(load);
  });
  Join();
  Expect(!(a->first == 1 && a->second == 0 && b->first == 1 && b->second == 0), "the readers disagree");
}

TEST(MemoryModel, AcquireReadersMayDisagree) {
  CheckFinds("the readers disagree", [] { IndependentReads(kRelease, kAcquire); }, {.old_values = 2});
}
TEST(MemoryModel, SequentiallyConsistentReadersAgree) {
  Check([] { IndependentReads(kSeqCst, kSeqCst); }, {.old_values = 2});
}

TEST(MemoryModel, AReadNeverGoesBack) {
  Check(
      [] {
        auto words = std::make_shared<Words>();
        Spawn("writer", [=] {
          words->x.store(1, kRelaxed);
          words->x.store(2, kRelaxed);
        });
        Spawn("reader", [=] {
          int first = words->x.load(kRelaxed);
          Expect(words->x.load(kRelaxed) >= first, "the second read is older than the first");
        });
        Join();
      },
      {.old_values = 3});
}

TEST(MemoryModel, SleepingForEverIsADeadlock) {
  CheckFinds("deadlock", [] {
    auto words = std::make_shared<Words>();
    Spawn("sleeper", [=] { WaitForChange(words->x, 0, "nothing"); });
    Join();
  });
}

}  // namespace
}  // namespace gale::model

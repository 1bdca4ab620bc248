#include "gale/runtime/internal/poll_desc.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "gale/runtime/go.h"
#include "gale/runtime/internal/clock.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale::internal {
namespace {

using std::chrono_literals::operator""ms;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMillisecond;
constexpr std::int64_t kHour = 3600 * kSecond;

// Who waits: goroutines and plain threads must see the same.
enum class Kind { kGoroutine, kThread };

// Worker runs a function in the background.
class Worker {
 public:
  Worker(Kind kind, std::function<void()> function) {
    if (kind == Kind::kThread) {
      thread_ = std::thread(std::move(function));
    } else {
      group_.Go(std::move(function));
    }
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { Join(); }

  void Join() {
    if (thread_.joinable()) thread_.join();
    group_.Wait();
  }

 private:
  std::thread thread_;
  WaitGroup group_;
};

// Ends are two connected descriptors: [0] reads what [1] writes; of a socket pair, also the reverse.
class Ends {
 public:
  enum Type { kPipe, kSockets };

  explicit Ends(Type type) {
    int result = type == kPipe ? pipe2(fds_, O_NONBLOCK | O_CLOEXEC)
                               : socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds_);
    if (result != 0) std::abort();
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() {
    Close(0);
    Close(1);
  }

  int fd(int end) const { return fds_[end]; }

  PollDesc* Open(int end) {
    auto desc = PollDesc::Open(fds_[end]);
    if (!desc) std::abort();
    descs_[end] = *desc;
    return *desc;
  }

  void Close(int end) {
    if (descs_[end] != nullptr) {
      descs_[end]->Evict();
      descs_[end]->Close();
      descs_[end] = nullptr;
    }
    if (fds_[end] >= 0) close(std::exchange(fds_[end], -1));
  }

  // Waits for a reader that is behind: a socket holds some 270 bytes that were written one by one.
  void Write(int end) const {
    ssize_t written;
    while ((written = write(fds_[end], "x", 1)) < 0 && errno == EAGAIN) Sleep(std::chrono::microseconds(100));
    ASSERT_EQ(written, 1);
  }

  // Drain reads until there is nothing left and returns how much there was.
  std::size_t Drain(int end) const {
    std::size_t total = 0;
    char buffer[4096];
    for (ssize_t count; (count = read(fds_[end], buffer, sizeof(buffer))) > 0;)
      total += static_cast<std::size_t>(count);
    return total;
  }

  void Fill(int end) const {
    char buffer[4096] = {};
    while (write(fds_[end], buffer, sizeof(buffer)) > 0) {
    }
  }

 private:
  int fds_[2] = {-1, -1};
  PollDesc* descs_[2] = {};
};

struct PollCase {
  const char* name;
  Kind kind;
  Ends::Type type;
};

class PollDescTest : public testing::TestWithParam<PollCase> {
 protected:
  // Play runs the test's body where the row says.
  static void Play(const std::function<void()>& body) {
    if (GetParam().kind == Kind::kGoroutine) {
      gale::Run(body);
    } else {
      body();
    }
  }
  static Kind kind() { return GetParam().kind; }
};

INSTANTIATE_TEST_SUITE_P(Ends, PollDescTest,
                         testing::Values(PollCase{"GoroutinePipe", Kind::kGoroutine, Ends::kPipe},
                                         PollCase{"GoroutineSockets", Kind::kGoroutine, Ends::kSockets},
                                         PollCase{"ThreadPipe", Kind::kThread, Ends::kPipe},
                                         PollCase{"ThreadSockets", Kind::kThread, Ends::kSockets}),
                         [](const auto& row) { return row.param.name; });

// LetPark gives a worker time to park. Not needed for the outcome: each order must lead to it.
void LetPark() { Sleep(3ms); }

std::int64_t In(std::int64_t nanos) { return MonotonicNanos() + nanos; }

TEST_P(PollDescTest, FreshDescriptorIsWritableAndNotReadable) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    PollDesc* writer = ends.Open(1);
    EXPECT_EQ(reader->Prepare(PollMode::kRead), PollResult::kReady);
    EXPECT_EQ(writer->Wait(PollMode::kWrite), PollResult::kReady);
    reader->SetDeadline(PollMode::kRead, In(5 * kMillisecond));
    EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kTimeout);
    EXPECT_EQ(reader->Prepare(PollMode::kRead), PollResult::kTimeout);
    EXPECT_FALSE(reader->PeerClosed());
  });
}

TEST_P(PollDescTest, EachWriteWakesTheReader) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    std::atomic<int> turns{0};
    constexpr int kRounds = 100;
    Worker worker(kind(), [&] {
      for (int i = 0; i < kRounds; ++i) {
        while (ends.Drain(0) == 0) ASSERT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
        turns.store(i + 1);
      }
    });
    for (int i = 0; i < kRounds; ++i) {
      if (i % 20 == 0) LetPark();
      ends.Write(1);
      while (turns.load() != i + 1) Sleep(std::chrono::microseconds(20));
    }
  });
}

TEST_P(PollDescTest, EdgeBeforeWaitIsUsedOnce) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    ends.Write(1);
    LetPark();
    EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
    // Nothing was read, but there is no new edge either.
    reader->SetDeadline(PollMode::kRead, In(20 * kMillisecond));
    EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kTimeout);
    reader->SetDeadline(PollMode::kRead, 0);
    ends.Write(1);
    EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
  });
}

TEST_P(PollDescTest, PrepareDoesNotUseAnEdge) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    ends.Write(1);
    LetPark();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(reader->Prepare(PollMode::kRead), PollResult::kReady);
    EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
  });
}

TEST_P(PollDescTest, FullWriterIsWokenByTheReader) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* writer = ends.Open(1);
    for (int i = 0; i < 10; ++i) {
      std::atomic<bool> written{false};
      Worker worker(kind(), [&] {
        ends.Fill(1);
        // An edge from before may be left over.
        while (write(ends.fd(1), "x", 1) < 0 && errno == EAGAIN) {
          ASSERT_EQ(writer->Wait(PollMode::kWrite), PollResult::kReady);
        }
        written.store(true);
      });
      // The worker may be late and fill the pipe only after it was drained.
      do {
        LetPark();
        ends.Drain(0);
      } while (!written.load());
      worker.Join();
      ends.Drain(0);
    }
  });
}

// Deadlines.

TEST_P(PollDescTest, PastDeadlineFailsAtOnce) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    for (std::int64_t past : {std::int64_t{1}, std::int64_t{-1}, INT64_MIN, MonotonicNanos() - kHour}) {
      reader->SetDeadline(PollMode::kRead, past);
      EXPECT_EQ(reader->Prepare(PollMode::kRead), PollResult::kTimeout) << past;
      EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kTimeout) << past;
      EXPECT_EQ(reader->Prepare(PollMode::kWrite), PollResult::kReady) << "the other direction has no deadline";
      reader->SetDeadline(PollMode::kRead, 0);
      EXPECT_EQ(reader->Prepare(PollMode::kRead), PollResult::kReady);
    }
  });
}

struct Move {
  const char* name;
  std::int64_t first, second;  // from now; 0: none; -1: past
  std::int64_t least, most;    // how long the wait then takes
};

// While somebody waits under the first deadline, the second is set.
TEST_P(PollDescTest, DeadlineMayBeMovedWhileSomebodyWaits) {
  const Move kMoves[] = {
      {"Stays", 30 * kMillisecond, 30 * kMillisecond, 30 * kMillisecond, 20 * kSecond},
      {"Earlier", kHour, 20 * kMillisecond, 20 * kMillisecond, 20 * kSecond},
      {"MuchEarlier", 1000 * kHour, 20 * kMillisecond, 20 * kMillisecond, 20 * kSecond},
      {"Later", 20 * kMillisecond, 80 * kMillisecond, 80 * kMillisecond, 20 * kSecond},
      {"FirstOneSet", 0, 20 * kMillisecond, 20 * kMillisecond, 20 * kSecond},
      {"ToThePast", kHour, -1, 0, 20 * kSecond},
      {"FromForEver", kForever, 20 * kMillisecond, 20 * kMillisecond, 20 * kSecond},
  };
  Play([&] {
    for (const Move& move : kMoves) {
      Ends ends(GetParam().type);
      PollDesc* reader = ends.Open(0);
      std::int64_t start = MonotonicNanos();
      auto at = [&](std::int64_t span) {
        return span == 0 ? 0 : span < 0 ? start - 1 : span == kForever ? kForever : start + span;
      };
      reader->SetDeadline(PollMode::kRead, at(move.first));
      std::atomic<std::int64_t> took{0};
      Worker worker(kind(), [&] {
        EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kTimeout) << move.name;
        took.store(MonotonicNanos() - start);
      });
      LetPark();
      reader->SetDeadline(PollMode::kRead, at(move.second));
      bool held_up = move.first != 0 && MonotonicNanos() >= at(move.first);
      worker.Join();
      EXPECT_LE(took.load(), move.most) << move.name;
      // If this thread was held up, the first deadline may have passed before it was moved.
      EXPECT_TRUE(took.load() >= move.least || held_up) << move.name << " took " << took.load();
    }
  });
}

TEST_P(PollDescTest, ClearedDeadlineDoesNotPass) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    reader->SetDeadline(PollMode::kRead, In(50 * kMillisecond));
    reader->SetDeadline(PollMode::kRead, 0);
    Worker worker(kind(), [&] { EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady); });
    Sleep(80ms);
    ends.Write(1);
    worker.Join();
  });
}

TEST_P(PollDescTest, ExtendedDeadlineDoesNotPassEarly) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    // As a server does at each request: the node stays armed for the first, the later ones only move the words.
    for (int i = 0; i < 10; ++i) {
      reader->SetDeadline(PollMode::kRead, In((20 + 10 * i) * kMillisecond));
      reader->SetDeadline(PollMode::kWrite, In(kHour));
    }
    std::int64_t last = In(120 * kMillisecond);
    reader->SetDeadline(PollMode::kRead, last);
    EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kTimeout);
    EXPECT_GE(MonotonicNanos(), last);
  });
}

TEST_P(PollDescTest, TimeoutEndsWithANewDeadline) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    for (int i = 0; i < 5; ++i) {
      reader->SetDeadline(PollMode::kRead, In(kMillisecond));
      EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kTimeout);
      EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kTimeout) << "it stays so";
      reader->SetDeadline(PollMode::kRead, i % 2 == 0 ? 0 : In(kHour));
      EXPECT_EQ(reader->Prepare(PollMode::kRead), PollResult::kReady);
      ends.Write(1);
      EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
      ends.Drain(0);
    }
  });
}

// A reader has found nothing to read; then come data, then a deadline that is taken back. It must still see the data.
TEST_P(PollDescTest, DeadlineDoesNotEraseAnEdge) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    for (int i = 0; i < 10; ++i) {
      ASSERT_EQ(ends.Drain(0), i == 0 ? 0u : 1u);
      ends.Write(1);
      LetPark();
      reader->SetDeadline(PollMode::kRead, i % 2 == 0 ? 1 : In(kMillisecond));
      if (i % 2 != 0) Sleep(4ms);
      reader->SetDeadline(PollMode::kRead, 0);
      ASSERT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
    }
  });
}

TEST_P(PollDescTest, DeadlineOfOneDirectionLeavesTheOtherAlone) {
  Play([] {
    Ends ends(Ends::kSockets);
    PollDesc* desc = ends.Open(0);
    ends.Fill(0);
    desc->SetDeadline(PollMode::kRead, In(kHour));
    desc->SetDeadline(PollMode::kWrite, In(20 * kMillisecond));
    std::atomic<bool> read_done{false};
    Worker reader(kind(), [&] {
      EXPECT_EQ(desc->Wait(PollMode::kRead), PollResult::kReady);
      read_done.store(true);
    });
    PollResult result = desc->Wait(PollMode::kWrite);
    if (result == PollResult::kReady) result = desc->Wait(PollMode::kWrite);  // the edge of Open
    EXPECT_EQ(result, PollResult::kTimeout);
    EXPECT_EQ(desc->Prepare(PollMode::kRead), PollResult::kReady);
    EXPECT_FALSE(read_done.load());
    ends.Write(1);
    reader.Join();
  });
}

// Data come while another worker sets deadlines of all sorts. Nothing may be lost, whatever the order.
TEST_P(PollDescTest, DeadlinesAtRandomLoseNoData) {
  Play([] {
    constexpr std::size_t kBytes = 500;
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    std::atomic<std::size_t> received{0};
    std::atomic<bool> written{false};
    Worker reading(kind(), [&] {
      while (received.load() < kBytes) {
        received.fetch_add(ends.Drain(0));
        if (received.load() == kBytes) break;
        if (reader->Wait(PollMode::kRead) == PollResult::kTimeout) Sleep(std::chrono::microseconds(20));
      }
    });
    Worker setting(kind(), [&] {
      std::mt19937 random(5);
      while (!written.load()) {
        std::int64_t spans[] = {0, -1, kMillisecond / 2, 2 * kMillisecond, kHour, 100 * kHour};
        std::int64_t span = spans[random() % 6];
        PollMode mode = random() % 4 == 0 ? PollMode::kWrite : PollMode::kRead;
        reader->SetDeadline(mode, span == 0 ? 0 : span < 0 ? 1 : In(span));
        if (random() % 4 == 0) Sleep(std::chrono::microseconds(random() % 200));
      }
      reader->SetDeadline(PollMode::kRead, 0);
    });
    std::mt19937 random(6);
    for (std::size_t sent = 0; sent < kBytes; ++sent) {
      ends.Write(1);
      if (random() % 3 == 0) Sleep(std::chrono::microseconds(random() % 100));
    }
    written.store(true);
    reading.Join();
    setting.Join();
    EXPECT_EQ(received.load(), kBytes);
  });
}

// Evict, Close and reuse.

TEST_P(PollDescTest, EvictWakesBothDirections) {
  Play([] {
    for (int round = 0; round < 20; ++round) {
      Ends ends(Ends::kSockets);
      PollDesc* desc = ends.Open(0);
      ends.Fill(0);
      if (round % 2 == 0) desc->SetDeadline(PollMode::kRead, In(kHour));
      auto wait = [&](PollMode mode) {
        PollResult result = desc->Wait(mode);
        if (mode == PollMode::kWrite && result == PollResult::kReady) result = desc->Wait(mode);  // the edge of Open
        EXPECT_EQ(result, PollResult::kClosing);
      };
      Worker reader(kind(), [&] { wait(PollMode::kRead); });
      Worker writer(kind(), [&] { wait(PollMode::kWrite); });
      if (round % 4 < 2) LetPark();
      desc->Evict();
      desc->Evict();
      reader.Join();
      writer.Join();
      EXPECT_EQ(desc->Prepare(PollMode::kRead), PollResult::kClosing);
      EXPECT_EQ(desc->Wait(PollMode::kRead), PollResult::kClosing);
      EXPECT_EQ(desc->Wait(PollMode::kWrite), PollResult::kClosing);
      desc->SetDeadline(PollMode::kRead, 1);
      EXPECT_EQ(desc->Prepare(PollMode::kRead), PollResult::kClosing) << "closing comes before the deadline";
    }
  });
}

// Edges, deadlines and Evict come at the same time; each wait ends.
TEST_P(PollDescTest, EvictRacesWithEdgesAndDeadlines) {
  Play([] {
    std::mt19937 random(8);
    for (int round = 0; round < 100; ++round) {
      Ends ends(GetParam().type);
      PollDesc* desc = ends.Open(0);
      Worker reader(kind(), [&] {
        PollResult result = PollResult::kReady;
        while ((result = desc->Wait(PollMode::kRead)) == PollResult::kReady) ends.Drain(0);
        while (result == PollResult::kTimeout) {
          Sleep(std::chrono::microseconds(50));
          result = desc->Prepare(PollMode::kRead);
        }
        EXPECT_EQ(result, PollResult::kClosing);
      });
      Worker writer(Kind::kThread, [&ends] { ends.Write(1); });
      desc->SetDeadline(PollMode::kRead, In(static_cast<std::int64_t>(random() % (2 * kMillisecond)) + 1));
      Sleep(std::chrono::microseconds(random() % 300));
      desc->Evict();
      reader.Join();
      writer.Join();
    }
  });
}

TEST_P(PollDescTest, ReusedDescriptorsStartAfresh) {
  Play([] {
    for (int round = 0; round < 150; ++round) {
      {
        // A life that ends with everything set: edges pending, the peer gone, deadlines passed and to come.
        Ends old(GetParam().type);
        PollDesc* desc = old.Open(0);
        desc->SetDeadline(PollMode::kRead, round % 2 == 0 ? 1 : In(kMillisecond));
        desc->SetDeadline(PollMode::kWrite, In(2 * kMillisecond));
        old.Write(1);
        old.Close(1);
        if (round % 3 == 0) LetPark();
      }
      Ends ends(GetParam().type);
      PollDesc* desc = ends.Open(0);
      EXPECT_EQ(desc->Prepare(PollMode::kRead), PollResult::kReady);
      EXPECT_EQ(desc->Prepare(PollMode::kWrite), PollResult::kReady);
      EXPECT_FALSE(desc->PeerClosed());
      desc->SetDeadline(PollMode::kRead, In(3 * kMillisecond));
      EXPECT_EQ(desc->Wait(PollMode::kRead), PollResult::kTimeout);
      EXPECT_FALSE(desc->PeerClosed());
    }
  });
}

TEST(PollDescReuseTest, EventsOfAFormerLifeAreDropped) {
  Ends ends(Ends::kSockets);
  PollDesc* desc = ends.Open(0);
  GList ready;
  // The one tag that takes effect is this life's.
  std::uint16_t tag = 0;
  while (desc->HandleEvents({.peer_closed = true}, tag, ready), !desc->PeerClosed()) ASSERT_NE(++tag, 0);
  ends.Close(0);
  for (int life = 0; life < 5; ++life) {
    Ends next(Ends::kSockets);
    PollDesc* reused = next.Open(0);
    if (reused != desc) GTEST_SKIP() << "another PollDesc was reused";
    reused->HandleEvents({.readable = true, .writable = true, .peer_closed = true}, tag, ready);
    EXPECT_FALSE(reused->PeerClosed());
    reused->SetDeadline(PollMode::kRead, In(2 * kMillisecond));
    EXPECT_EQ(reused->Wait(PollMode::kRead), PollResult::kTimeout) << "a stale event must not look like an edge";
  }
  EXPECT_EQ(ready.head, nullptr);
}

TEST(PollDescReuseTest, OpenAndCloseInManyWorkersAtOnce) {
  for (Kind kind : {Kind::kGoroutine, Kind::kThread}) {
    std::vector<std::unique_ptr<Worker>> workers;
    for (int id = 0; id < 6; ++id) {
      workers.push_back(std::make_unique<Worker>(kind, [id] {
        for (int round = 0; round < 150; ++round) {
          Ends ends(id % 2 == 0 ? Ends::kPipe : Ends::kSockets);
          PollDesc* reader = ends.Open(0);
          if (round % 3 == 0) reader->SetDeadline(PollMode::kRead, In(kHour));
          ends.Write(1);
          while (ends.Drain(0) == 0) ASSERT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
        }
      }));
    }
  }
}

// PeerClosed.

TEST_P(PollDescTest, PeerClosedIsSticky) {
  Play([] {
    Ends ends(GetParam().type);
    PollDesc* reader = ends.Open(0);
    ends.Write(1);
    EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
    EXPECT_FALSE(reader->PeerClosed());
    EXPECT_EQ(ends.Drain(0), 1u);
    Worker closer(kind(), [&ends] {
      LetPark();
      ends.Write(1);
      ends.Close(1);
    });
    while (!reader->PeerClosed()) EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
    closer.Join();
    EXPECT_EQ(ends.Drain(0), 1u);
    EXPECT_TRUE(reader->PeerClosed());
    EXPECT_EQ(read(ends.fd(0), nullptr, 0), 0);
    reader->SetDeadline(PollMode::kRead, 1);
    EXPECT_TRUE(reader->PeerClosed());
    reader->Evict();
    EXPECT_TRUE(reader->PeerClosed());
  });
}

TEST_P(PollDescTest, HalfCloseOfThePeerIsSeen) {
  Play([] {
    Ends ends(Ends::kSockets);
    PollDesc* reader = ends.Open(0);
    Worker closer(kind(), [&ends] {
      LetPark();
      shutdown(ends.fd(1), SHUT_WR);
    });
    EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
    EXPECT_TRUE(reader->PeerClosed());
    char byte;
    EXPECT_EQ(read(ends.fd(0), &byte, 1), 0);
    EXPECT_EQ(write(ends.fd(0), "x", 1), 1) << "the other direction still works";
  });
}

// Opening.

int OpenError(int fd) {
  auto desc = PollDesc::Open(fd);
  return desc ? 0 : desc.error();
}

TEST(PollDescOpenTest, WhatCannotBePolledIsAnError) {
  char name[] = "/tmp/gale_poll_desc_XXXXXX";
  int file = mkstemp(name);
  ASSERT_GE(file, 0);
  unlink(name);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(OpenError(file), EPERM);
    EXPECT_EQ(OpenError(-1), EBADF);
  }
  close(file);
  Ends ends(Ends::kPipe);
  PollDesc* reader = ends.Open(0);
  ends.Write(1);
  EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
}

TEST(PollDescOpenTest, AnyPCanBeTheHome) {
  for (int p : {0, 1, 2, 3, 7, 8, 1000}) {
    Ends ends(Ends::kSockets);
    PollDesc* reader = *PollDesc::OpenOn(ends.fd(0), p);
    Worker worker(Kind::kGoroutine, [reader] {
      EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kReady);
      reader->SetDeadline(PollMode::kRead, In(10 * kMillisecond));
      EXPECT_EQ(reader->Wait(PollMode::kRead), PollResult::kTimeout);
    });
    LetPark();
    ends.Write(1);
    worker.Join();
    reader->Evict();
    reader->Close();
  }
}

// Crowds.

TEST(PollDescCrowdTest, AThousandDescriptorsAtOnce) {
  constexpr std::size_t kPairs = 500;
  constexpr int kRounds = 5;
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2 * kPairs + 100) GTEST_SKIP() << "too few descriptors allowed";
  gale::Run([] {
    std::vector<std::unique_ptr<Ends>> pairs;
    std::atomic<int> exchanged{0};
    WaitGroup group;
    for (std::size_t i = 0; i < kPairs; ++i) {
      pairs.push_back(std::make_unique<Ends>(Ends::kSockets));
      PollDesc* descs[2] = {pairs.back()->Open(0), pairs.back()->Open(1)};
      for (int end : {0, 1}) {
        group.Go([ends = pairs.back().get(), desc = descs[end], end, &exchanged] {
          for (int round = 0; round < kRounds; ++round) {
            if (end == 1) ends->Write(1);
            char byte;
            while (read(ends->fd(end), &byte, 1) != 1) ASSERT_EQ(desc->Wait(PollMode::kRead), PollResult::kReady);
            if (end == 0) ends->Write(0);
            exchanged.fetch_add(1);
          }
        });
      }
    }
    group.Wait();
    EXPECT_EQ(exchanged.load(), static_cast<int>(2 * kPairs * kRounds));
  });
}

TEST(PollDescCrowdTest, ManyDeadlinesPassTogether) {
  gale::Run([] {
    constexpr int kCount = 100;
    std::vector<std::unique_ptr<Ends>> pairs;
    std::atomic<int> timeouts{0}, early{0};
    WaitGroup group;
    for (int i = 0; i < kCount; ++i) {
      pairs.push_back(std::make_unique<Ends>(Ends::kSockets));
      PollDesc* desc = pairs.back()->Open(0);
      std::int64_t deadline = In((1 + i % 30) * kMillisecond);
      desc->SetDeadline(PollMode::kRead, deadline);
      group.Go([desc, deadline, &timeouts, &early] {
        if (desc->Wait(PollMode::kRead) == PollResult::kTimeout) timeouts.fetch_add(1);
        if (MonotonicNanos() < deadline) early.fetch_add(1);
      });
    }
    group.Wait();
    EXPECT_EQ(timeouts.load(), kCount);
    EXPECT_EQ(early.load(), 0);
  });
}

TEST(PollDescCrowdTest, ThreadAndGoroutinePlayPingPong) {
  Ends ends(Ends::kSockets);
  PollDesc* descs[2] = {ends.Open(0), ends.Open(1)};
  auto play = [&](int end) {
    for (int round = 0; round < 1000; ++round) {
      if (end == 0) ends.Write(0);
      char byte;
      while (read(ends.fd(end), &byte, 1) != 1) ASSERT_EQ(descs[end]->Wait(PollMode::kRead), PollResult::kReady);
      if (end == 1) ends.Write(1);
    }
  };
  Worker goroutine(Kind::kGoroutine, [&] { play(1); });
  play(0);
}

}  // namespace
}  // namespace gale::internal

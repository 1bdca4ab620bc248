// Goroutines change threads. What belongs to the thread (errno, thread_local variables) must be the new thread's after
// that; what belongs to the goroutine (registers, stack) must come along.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

constexpr int kMigrations = 20;
constexpr int kAttempts = 2000;

[[gnu::noinline]] int ThreadId() { return gettid(); }

// The accessors must not be inlined: their callers would keep the address of the old thread's variable.
[[gnu::noinline]] int* ErrnoAddress() {
  int* address = &errno;
  asm volatile("" : "+r"(address));
  return address;
}

thread_local int variable = 0;
thread_local std::vector<int> with_destructor;

[[gnu::noinline]] int* VariableAddress() {
  int* address = &variable;
  asm volatile("" : "+r"(address));
  return address;
}

[[gnu::noinline]] std::vector<int>* ObjectAddress() {
  std::vector<int>* address = &with_destructor;
  asm volatile("" : "+r"(address));
  return address;
}

// Migrate parks the goroutine so that it probably goes on on another thread: its own is kept busy meanwhile. Returns
// whether it worked.
bool Migrate() {
  int before = ThreadId();
  auto resumed = std::make_shared<std::atomic<bool>>(false);
  Go([resumed] {
    auto limit = std::chrono::steady_clock::now() + 5ms;
    while (!resumed->load() && std::chrono::steady_clock::now() < limit) {
    }
  });
  Gosched();
  resumed->store(true);
  return ThreadId() != before;
}

// Runs body(), which returns whether it migrated, until it has done so often enough.
template <typename Body>
void UntilMigrated(Body body) {
  gale::Run([&] {
    if (GOMAXPROCS() == 1) return;
    int migrations = 0;
    for (int i = 0; i < kAttempts && migrations < kMigrations; ++i) migrations += body() ? 1 : 0;
    EXPECT_EQ(migrations, kMigrations);
  });
}

TEST(MigrationHazardTest, MigrationHappens) {
  std::set<int> threads;
  UntilMigrated([&] {
    threads.insert(ThreadId());
    return Migrate();
  });
  if (GOMAXPROCS() > 1) {
    EXPECT_GE(threads.size(), 2u);
  }
}

TEST(MigrationHazardTest, ErrnoIsTheThreads) {
  std::map<int, int*> addresses;
  UntilMigrated([&] {
    int thread = ThreadId();
    *ErrnoAddress() = thread;
    auto [at, inserted] = addresses.try_emplace(thread, ErrnoAddress());
    EXPECT_EQ(at->second, ErrnoAddress());
    bool migrated = Migrate();
    EXPECT_EQ(migrated, ErrnoAddress() != at->second);
    *ErrnoAddress() = 0;
    EXPECT_EQ(close(-1), -1);
    EXPECT_EQ(*ErrnoAddress(), EBADF);
    return migrated;
  });
}

// Parks after the failure, and reads the value that it has saved before.
TEST(MigrationHazardTest, SavedErrnoSurvivesPark) {
  UntilMigrated([] {
    close(-1);
    int saved = *ErrnoAddress();
    bool migrated = Migrate();
    *ErrnoAddress() = 0;
    EXPECT_EQ(saved, EBADF);
    return migrated;
  });
}

TEST(MigrationHazardTest, ThreadLocalIsTheThreads) {
  UntilMigrated([] {
    *VariableAddress() = ThreadId();
    ObjectAddress()->assign(1, ThreadId());
    bool migrated = Migrate();
    // The thread may be a fresh one.
    EXPECT_TRUE(*VariableAddress() == ThreadId() || *VariableAddress() == 0) << *VariableAddress();
    EXPECT_TRUE(ObjectAddress()->empty() || ObjectAddress()->front() == ThreadId());
    *VariableAddress() = ThreadId();
    EXPECT_EQ(*VariableAddress(), ThreadId());
    return migrated;
  });
}

TEST(MigrationHazardTest, ThreadIdsAgree) {
  UntilMigrated([] {
    bool migrated = Migrate();
    // gettid asks the kernel, the others look at the thread's own memory, through functions that are not inlined.
    auto self = [] [[gnu::noinline]] { return std::this_thread::get_id(); };
    static std::mutex lock;
    static std::map<int, std::thread::id> known;
    std::lock_guard guard(lock);
    auto [at, inserted] = known.try_emplace(ThreadId(), self());
    EXPECT_EQ(at->second, self());
    return migrated;
  });
}

// Registers.

#if defined(__x86_64__)
// Fills all registers that a called function must preserve, calls park() and returns the bits in which they differ.
extern "C" std::uint64_t gale_test_registers_changed(void (*park)(), const std::uint64_t* patterns);
asm(R"(
  .text
  .type gale_test_registers_changed, @function
gale_test_registers_changed:
  .cfi_startproc
  pushq %rbx
  .cfi_adjust_cfa_offset 8
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  pushq %r12
  .cfi_adjust_cfa_offset 8
  pushq %r13
  .cfi_adjust_cfa_offset 8
  pushq %r14
  .cfi_adjust_cfa_offset 8
  pushq %r15
  .cfi_adjust_cfa_offset 8
  pushq %rsi
  .cfi_adjust_cfa_offset 8
  movq 0(%rsi), %rbx
  movq 8(%rsi), %rbp
  movq 16(%rsi), %r12
  movq 24(%rsi), %r13
  movq 32(%rsi), %r14
  movq 40(%rsi), %r15
  call *%rdi
  movq (%rsp), %rsi
  xorl %eax, %eax
  xorq 0(%rsi), %rbx
  orq %rbx, %rax
  xorq 8(%rsi), %rbp
  orq %rbp, %rax
  xorq 16(%rsi), %r12
  orq %r12, %rax
  xorq 24(%rsi), %r13
  orq %r13, %rax
  xorq 32(%rsi), %r14
  orq %r14, %rax
  xorq 40(%rsi), %r15
  orq %r15, %rax
  popq %rsi
  .cfi_adjust_cfa_offset -8
  popq %r15
  .cfi_adjust_cfa_offset -8
  popq %r14
  .cfi_adjust_cfa_offset -8
  popq %r13
  .cfi_adjust_cfa_offset -8
  popq %r12
  .cfi_adjust_cfa_offset -8
  popq %rbp
  .cfi_adjust_cfa_offset -8
  popq %rbx
  .cfi_adjust_cfa_offset -8
  ret
  .cfi_endproc
  .size gale_test_registers_changed, .-gale_test_registers_changed
)");

void ParkOnChannel() {
  Chan<int> chan(0);
  Go([chan] { chan.Send(1); });
  chan.Recv();
}

struct ParkRow {
  const char* name;
  void (*park)();
};

const ParkRow kParks[] = {
    {"Gosched", [] { Gosched(); }},
    {"Migrate", [] { Migrate(); }},
    {"Sleep", [] { Sleep(50us); }},
    {"Channel", &ParkOnChannel},
};

class CalleeSavedRegisters : public testing::TestWithParam<ParkRow> {};

INSTANTIATE_TEST_SUITE_P(Parks, CalleeSavedRegisters, testing::ValuesIn(kParks),
                         [](const testing::TestParamInfo<ParkRow>& row) { return row.param.name; });

TEST_P(CalleeSavedRegisters, SurvivePark) {
  gale::Run([] {
    WaitGroup group;
    for (std::uint64_t i = 1; i <= 8; ++i) {
      group.Go([i] {
        std::uint64_t patterns[6];
        for (std::uint64_t k = 0; k < 6; ++k) patterns[k] = (i * 6 + k) * 0x9E3779B97F4A7C15u;
        for (int round = 0; round < 20; ++round) {
          EXPECT_EQ(gale_test_registers_changed(GetParam().park, patterns), 0u);
        }
      });
    }
    group.Wait();
  });
}
#endif

// More live values than there are registers, integers and floating-point numbers, across many parks.
[[gnu::noinline]] double ManyLiveValues(std::uint64_t seed, bool park) {
  std::uint64_t a = seed, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11, f = seed * 13, g = seed * 17;
  double r = 1.0 + static_cast<double>(seed), s = r / 3, t = r / 5, u = r / 7, v = r / 11, w = r / 13, x = r / 17;
  float y = static_cast<float>(seed) / 19, z = static_cast<float>(seed) / 23;
  long double long_one = static_cast<long double>(seed) / 29;
  for (int i = 0; i < 200; ++i) {
    if (park) Gosched();
    a += b ^ i, b += c ^ i, c += d ^ i, d += e ^ i, e += f ^ i, f += g ^ i, g += a ^ i;
    r = r * 0.5 + s, s = s * 0.5 + t, t = t * 0.5 + u, u = u * 0.5 + v, v = v * 0.5 + w, w = w * 0.5 + x, x += r * 0.1;
    y = y * 0.5f + z, z = z * 0.25f + y, long_one = long_one * 0.5L + y;
    if (park && i % 50 == 0) Migrate();
  }
  return static_cast<double>((a ^ b ^ c ^ d ^ e ^ f ^ g) >> 12) + r + s + t + u + v + w + x + y + z +
         static_cast<double>(long_one);
}

TEST(MigrationHazardTest, ComputationsAreTheSameWithParks) {
  gale::Run([] {
    WaitGroup group;
    for (std::uint64_t i = 1; i <= 16; ++i) {
      group.Go([i] { EXPECT_EQ(ManyLiveValues(i, true), ManyLiveValues(i, false)); });
    }
    group.Wait();
  });
}

// What lies on the stack comes along, at the same addresses.
[[gnu::noinline]] std::uint64_t Recurse(int depth, std::uint64_t seed) {
  volatile std::uint64_t local[16];
  for (std::uint64_t i = 0; i < 16; ++i) local[i] = seed + i;
  const volatile std::uint64_t* address = &local[0];
  if (depth % 8 == 0) Migrate();
  std::uint64_t below = depth == 0 ? 0 : Recurse(depth - 1, seed + 16);
  Gosched();
  EXPECT_EQ(address, &local[0]);
  std::uint64_t sum = below;
  for (std::uint64_t i = 0; i < 16; ++i) sum += local[i] - seed;
  return sum;
}

TEST(MigrationHazardTest, DeepStacksComeAlong) {
  gale::Run([] {
    WaitGroup group;
    for (std::uint64_t i = 0; i < 8; ++i) {
      group.Go([i] { EXPECT_EQ(Recurse(32, i * 1000), 33u * 120u); });
    }
    group.Wait();
  });
}

// Run returns to the thread that called it, wherever its goroutine ended.
TEST(MigrationHazardTest, RunReturnsOnItsOwnThread) {
  int before = ThreadId();
  for (int i = 0; i < 20; ++i) {
    gale::Run([] { Migrate(); });
    EXPECT_EQ(ThreadId(), before);
    EXPECT_EQ(*ErrnoAddress() = i, errno);
  }
}

// A goroutine may unlock what it has locked on another thread.
TEST(MigrationHazardTest, MutexIsTheGoroutines) {
  Mutex mutex;
  int counter = 0;
  gale::Run([&] {
    WaitGroup group;
    for (int i = 0; i < 8; ++i) {
      group.Go([&] {
        for (int round = 0; round < 5; ++round) {
          std::lock_guard guard(mutex);
          int seen = counter;
          Migrate();
          counter = seen + 1;
        }
      });
    }
    group.Wait();
  });
  EXPECT_EQ(counter, 40);
}

}  // namespace
}  // namespace gale

#include "gale/runtime/testing/synctest.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "gale/runtime/go.h"
#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/panic.h"

namespace gale::testing {

namespace {

using gale::internal::Bubble;
using gale::internal::CurrentBubble;

// SeedFromEnvironment is the value of GALE_SYNCTEST_SEED, if it is a number.
std::optional<std::uint64_t> SeedFromEnvironment() {
  const char* text = std::getenv("GALE_SYNCTEST_SEED");
  if (text == nullptr || *text == '\0') return std::nullopt;
  char* end = nullptr;
  std::uint64_t seed = std::strtoull(text, &end, 0);
  if (*end != '\0') throw Panic("GALE_SYNCTEST_SEED is no number");
  return seed;
}

// Outcome is what became of one run: success, or the exception to throw.
struct Outcome {
  std::exception_ptr exception;
};

struct Function {
  void (*call)(void*);
  void* argument;
};

void CallMain(Bubble* bubble, Function function, Outcome& outcome) {
  // A destructor: Goexit unwinds past the call.
  struct End {
    Bubble* bubble;
    ~End() { bubble->MainEnds(); }
  } end{bubble};
  try {
    function.call(function.argument);
  } catch (...) {
    outcome.exception = std::current_exception();
  }
}

// RunOnce is called on a goroutine, which becomes the bubble's driver.
Outcome RunOnce(Function function, const std::optional<std::uint64_t>& seed) {
  Outcome outcome;
  Bubble* bubble = Bubble::Take(seed ? &*seed : nullptr);
  Go([=, &outcome] { CallMain(bubble, function, outcome); });
  if (bubble->Drive() == Bubble::End::kAllEnded) {
    bubble->GiveBack();
    return outcome;
  }
  if (outcome.exception == nullptr) {
    outcome.exception = std::make_exception_ptr(
        Panic(bubble->MainEnded() ? "deadlock: main bubble goroutine has exited but blocked goroutines remain"
                                  : "deadlock: all goroutines in bubble are blocked"));
  }
  bubble->Abandon();
  return outcome;
}

void ReportSeed(std::uint64_t seed, int run, int runs) {
  std::fprintf(stderr, "synctest: failed with seed %" PRIu64, seed);
  if (runs > 1) std::fprintf(stderr, " (run %d of %d)", run, runs);
  std::fprintf(stderr, "; GALE_SYNCTEST_SEED=%" PRIu64 " runs it again\n", seed);
}

void RunAll(Function function, const SynctestOptions& options) {
  std::optional<std::uint64_t> seed = options.seed;
  int runs = options.runs;
  if (runs > 1 && !seed) seed = 1;
  if (std::optional<std::uint64_t> override = SeedFromEnvironment()) {
    seed = override;
    runs = 1;
  }
  for (int run = 1; run <= runs; ++run) {
    Outcome outcome = RunOnce(function, seed);
    bool failed = outcome.exception != nullptr || (options.failed && options.failed());
    if (failed && seed) ReportSeed(*seed, run, runs);
    if (outcome.exception != nullptr) std::rethrow_exception(outcome.exception);
    if (failed) return;
    if (seed) ++*seed;
  }
}

}  // namespace

namespace internal {

void RunInBubble(void (*function)(void*), void* argument, const SynctestOptions& options) {
  if (CurrentBubble() != nullptr) throw Panic("synctest.Run called from within a synctest bubble");
  Run([&] { RunAll({function, argument}, options); });
}

}  // namespace internal

void Wait() {
  Bubble* bubble = CurrentBubble();
  if (bubble == nullptr) throw Panic("goroutine is not in a bubble");
  bubble->Wait();
}

std::optional<std::uint64_t> SynctestSeed() {
  Bubble* bubble = CurrentBubble();
  if (bubble == nullptr || !bubble->Seeded()) return std::nullopt;
  return bubble->Seed();
}

}  // namespace gale::testing

// What careless goroutines cost the others, with two Ps:
//
//  - two goroutines compute in endless loops without any call of the runtime: how long does a request to a third one
//  take?
//  - 64 goroutines sit in a blocking read of a pipe: how much slower is work that others do?
//
// Prints figures, asserts nothing: tests/runtime/handover_test.cc has the tests.

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

double Milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

void PrintTimes(const char* title, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf("%-44s median %7.2f ms   99 %% %7.2f ms   longest %7.2f ms\n", title, at(0.5), at(0.99), at(1));
}

// What a goroutine that wakes up every 2 ms and asks another one waits, beyond the 2 ms.
std::vector<double> RoundTrips(int count) {
  gale::Chan<int> requests(0), answers(0);
  gale::Go([=] {
    for (int request : requests) answers.Send(request);
  });
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const auto due = Clock::now() + 2ms;
    gale::Sleep(2ms);
    requests.Send(i);
    answers.Recv();
    times.push_back(Milliseconds(Clock::now() - due));
  }
  requests.Close();
  return times;
}

void Spinning() {
  PrintTimes("a request beside nobody", RoundTrips(300));
  std::atomic<bool> stop{false};
  gale::WaitGroup spinners;
  for (int i = 0; i < 2; ++i) {
    spinners.Go([&] {
      while (!stop) asm volatile("");
    });
  }
  PrintTimes("a request beside two goroutines that compute", RoundTrips(300));
  stop = true;
  spinners.Wait();
}

// Pairs of goroutines hand values to each other; returns values per second.
double Throughput() {
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> handed{0};
  gale::WaitGroup workers;
  for (int i = 0; i < 8; ++i) {
    gale::Chan<int> values(16);
    workers.Go([&, values] {
      while (!stop) values.Send(1);
      gale::Chan<int> closing = values;
      closing.Close();
    });
    workers.Go([&, values] {
      for ([[maybe_unused]] int value : values) handed.fetch_add(1, std::memory_order_relaxed);
    });
  }
  gale::Sleep(1s);
  stop = true;
  workers.Wait();
  return static_cast<double>(handed.load());
}

void Blocked() {
  const double before = Throughput();
  int ends[2];
  if (pipe(ends) != 0) return std::perror("pipe");
  gale::WaitGroup readers;
  constexpr int kReaders = 64;
  for (int i = 0; i < kReaders; ++i) {
    readers.Go([&] {
      char byte;
      if (read(ends[0], &byte, 1) != 1) std::perror("read");
    });
  }
  const double first = Throughput();  // within it, the readers block one after the other
  const double then = Throughput();
  std::printf(
      "values handed over per second: %.2f million; beside %d blocked reads: %.2f in their first second, then %.2f\n",
      before / 1e6, kReaders, first / 1e6, then / 1e6);
  const char bytes[kReaders] = {};
  if (write(ends[1], bytes, kReaders) != kReaders) std::perror("write");
  readers.Wait();
}

}  // namespace

int main() {
  gale::GOMAXPROCS(2);
  gale::Run([] {
    Spinning();
    Blocked();
  });
}

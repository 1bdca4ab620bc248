// Writes a trace of a little of everything, for trace_test.py.
//
//   trace_program <file> [max bytes]       a whole trace
//   trace_program <file> killed            ends by SIGKILL while the trace is written
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/runtime.h"

namespace {

using namespace std::chrono_literals;

// Named, to be found in the trace.
struct Consumer {
  gale::Chan<int> numbers;
  gale::WaitGroup* group;
  void operator()() {
    gale::TraceRegion region("consume \"all\"\\\n\x01\xff\xe2\x82\xac");
    for (int number : numbers) {
      gale::TraceRegion inner("one");
      if (number % 50 == 0) gale::TraceLog("progress", "at " + std::to_string(number) + "\t\"quoted\" \xc3");
      gale::Gosched();
    }
    group->Done();
  }
};

void Channels() {
  gale::Chan<int> numbers(2);
  gale::WaitGroup group;
  group.Add(3);
  for (int i = 0; i < 3; ++i) gale::Go(Consumer{numbers, &group});
  gale::WaitGroup sent;
  sent.Add(1);
  std::thread outside([numbers, &sent] {
    for (int i = 0; i < 20; ++i) numbers.Send(i);
    sent.Done();
  });
  for (int i = 0; i < 300; ++i) {
    numbers.Send(i);
    if (i % 100 == 0) gale::Sleep(1ms);
  }
  sent.Wait();  // not join: that would block the P
  outside.join();
  numbers.Close();
  group.Wait();
}

void Network() {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) std::abort();
  gale::WaitGroup group;
  group.Go([&] {
    gale::internal::PollDesc* desc = *gale::internal::PollDesc::Open(ends[0]);
    char byte;
    while (read(ends[0], &byte, 1) != 1) (void)desc->Wait(gale::internal::PollMode::kRead);
    desc->Evict();
    desc->Close();
  });
  gale::Sleep(2ms);
  if (write(ends[1], "x", 1) != 1) std::abort();
  group.Wait();
  close(ends[0]);
  close(ends[1]);
}

void BlockingCalls() {
  gale::WaitGroup group;
  group.Go([] {
    gale::Blocking([] {
      std::this_thread::sleep_for(2ms);
      gale::TraceLog("blocking", "without a P");
    });
  });
  group.Wait();
}

void Work() {
  Channels();
  for (int i = 0; i < 5; ++i) Network();  // on a loaded machine the byte may once be there before the wait
  BlockingCalls();
  gale::Go([] { (void)gale::Chan<int>().Recv(); });  // still waits when the trace ends
  gale::Sleep(1ms);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::string_view mode = argc > 2 ? argv[2] : "";
  gale::Run([&] {
    gale::TraceOptions options;
    if (!mode.empty() && mode != "killed") options.max_bytes = std::strtoull(argv[2], nullptr, 10);
    if (gale::Error error = gale::StartTrace(std::string(argv[1]), options)) {
      std::fprintf(stderr, "%s\n", error.Message().c_str());
      std::exit(1);
    }
    Work();
    if (mode == "killed") {
      gale::Sleep(200ms);  // the buffers are emptied every few milliseconds
      kill(getpid(), SIGKILL);
    }
    if (gale::Error error = gale::StopTrace()) std::exit(1);
  });
}

// What gdb_test.sh looks at: a process with goroutines in known places. With "abort" it leaves a core; else it says
// "ready" and stays.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/time.h"

using namespace std::chrono_literals;

[[gnu::noinline]] void WaitInTheDepth(const gale::Chan<int>& end) {
  end.Recv();
  asm volatile("");
}

[[gnu::noinline]] void CallOneMore(const gale::Chan<int>& end) {
  WaitInTheDepth(end);
  asm volatile("");
}

[[gnu::noinline]] void SendToNobody(const gale::Chan<int>& values) {
  values.Send(1);
  asm volatile("");
}

[[gnu::noinline]] void ComputeForEver() {
  for (;;) asm volatile("");
}

int main(int argc, char** argv) {
  bool aborts = argc > 1 && std::string_view(argv[1]) == "abort";
  gale::GOMAXPROCS(2);
  gale::Run([aborts] {
    gale::Chan<int> end(0);
    gale::Chan<int> values(0);
    gale::Go([end] { CallOneMore(end); });
    gale::Go([values] { SendToNobody(values); });
    gale::Sleep(50ms);
    gale::Go([] { ComputeForEver(); });
    gale::Sleep(50ms);
    if (aborts) std::abort();
    std::puts("ready");
    std::fflush(stdout);
    gale::Sleep(300s);
  });
}

#include "gale/runtime/internal/signals.h"

#include <signal.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/stack.h"
#include "gale/runtime/internal/traceback.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

namespace gale::internal {

namespace {

struct sigaction former_segv, former_bus;

// The name is the diagnosis: it stands in the core's backtrace.
[[noreturn, gnu::noinline]] void GoroutineStackOverflow(G* g, std::uintptr_t address) {
  SignalSafeText text;
  text.Add("fatal error: stack overflow: goroutine ").AddNumber(g->id);
  text.Add(" went below its stack [").AddHex(reinterpret_cast<std::uintptr_t>(g->stack_low)).Add(", ");
  text.AddHex(reinterpret_cast<std::uintptr_t>(g->stack_high)).Add(") at ").AddHex(address);
  text.Add(" (deep recursion, or large local variables?)\n");
  text.WriteTo(STDERR_FILENO);
  abort();
}

void HandleFault(int signal, siginfo_t* info, void* context) {
  auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  if (InGuardPage(address)) GoroutineStackOverflow(GoroutineOfStack(address), address);
  const struct sigaction& former = signal == SIGSEGV ? former_segv : former_bus;
  if ((former.sa_flags & SA_SIGINFO) != 0) {
    former.sa_sigaction(signal, info, context);
  } else if (former.sa_handler == SIG_DFL || former.sa_handler == SIG_IGN) {
    // Returning repeats the access, which now ends the process, with the core pointing at it.
    ::signal(signal, SIG_DFL);
  } else {
    former.sa_handler(signal);
  }
}

}  // namespace

void InstallSignalStack(M* m) {
  stack_t present{};
  if (sigaltstack(nullptr, &present) == 0 && (present.ss_flags & SS_DISABLE) == 0) return;
  constexpr std::size_t kHandlerNeeds = 32 * 1024;
  std::size_t size = kHandlerNeeds + std::max<std::size_t>(getauxval(AT_MINSIGSTKSZ), 8192);
  m->signal_stack = std::make_unique<char[]>(size);
  stack_t alternate{};
  alternate.ss_sp = m->signal_stack.get();
  alternate.ss_size = size;
  if (sigaltstack(&alternate, nullptr) != 0) m->signal_stack.reset();
}

void RemoveSignalStack(M* m) {
  if (m->signal_stack == nullptr) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  m->signal_stack.reset();
}

void InstallFaultHandler() {
  if (kAddressSanitizer) return;
  struct sigaction action {};
  action.sa_sigaction = &HandleFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, &former_segv);
  sigaction(SIGBUS, &action, &former_bus);
}

}  // namespace gale::internal

#include "gale/runtime/internal/signals.h"

#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdlib>

#include "gale/runtime/internal/fault_report.h"
#include "gale/runtime/internal/running_stacks.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/stack.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

namespace gale::internal {

namespace {

struct sigaction former_segv, former_bus;

// The names of these two are the diagnosis: they stand in the core's backtrace.
[[noreturn, gnu::noinline]] void GoroutineStackOverflow(const G* g, const Fault& fault) {
  ReportStackOverflow(g, fault);
  abort();
}

// Returning from the signal repeats the access, which now ends the process, with the core pointing at it.
[[gnu::noinline]] void BadAccessInGoroutine(const G* g, const Fault& fault) {
  ReportBadAccess(g, fault);
  ::signal(fault.signal, SIG_DFL);
}

Fault MakeFault(int signal, const siginfo_t* info, const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  auto pc = static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
  auto sp = static_cast<std::uintptr_t>(machine.gregs[REG_RSP]);
#else
  std::uintptr_t pc = machine.pc;
  std::uintptr_t sp = machine.sp;
#endif
  return {signal, info->si_code, reinterpret_cast<std::uintptr_t>(info->si_addr), pc, sp};
}

bool RunsHere(const G* g) {
  M* m = CurrentM();
  return m != nullptr && g->m == m && g->status.load(std::memory_order_relaxed) == GStatus::kRunning;
}

bool IsDefault(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
}

void HandleFault(int signal, siginfo_t* info, void* context) {
  Fault fault = MakeFault(signal, info, context);
  // A large frame may have carried the stack pointer past the guard: the address tells whose stack overflowed, if that
  // is a goroutine of this thread. Otherwise it is a wild pointer that hit somebody's guard.
  if (InGuardPage(fault.address)) {
    const G* g = GoroutineOfStack(fault.address);
    if (RunsHere(g)) GoroutineStackOverflow(g, fault);
  }
  const struct sigaction& former = signal == SIGSEGV ? former_segv : former_bus;
  if (IsDefault(former)) {
    const G* g = GoroutineOfStack(fault.sp);
    if (g != nullptr && RunsHere(g)) return BadAccessInGoroutine(g, fault);
    ::signal(signal, SIG_DFL);
  } else if ((former.sa_flags & SA_SIGINFO) != 0) {
    former.sa_sigaction(signal, info, context);
  } else {
    former.sa_handler(signal);
  }
}

}  // namespace

void InstallSignalStack(M* m) {
  ListThread(m);
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
  UnlistThread();
  if (m->signal_stack == nullptr) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  m->signal_stack.reset();
}

void InstallFaultHandler() {
  if (kAddressSanitizer) return;
  PrepareFaultReports();
  struct sigaction action {};
  action.sa_sigaction = &HandleFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, &former_segv);
  sigaction(SIGBUS, &action, &former_bus);
}

}  // namespace gale::internal

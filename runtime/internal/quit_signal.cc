#include "gale/runtime/internal/quit_signal.h"

#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "gale/runtime/dump.h"
#include "gale/runtime/internal/debug_variables.h"
#include "gale/runtime/internal/runtime_threads.h"
#include "gale/runtime/internal/traceback.h"

namespace gale::internal {

namespace {

constexpr int kExitStatus = 2;  // Go's

sem_t asked;
bool ends_process = true;
std::atomic<bool> dumping{false};  // relaxed: set and read for the handler alone

void HandleQuit(int) {
  int error = errno;
  if (ends_process && dumping.exchange(true, std::memory_order_relaxed)) _exit(kExitStatus);
  sem_post(&asked);
  errno = error;
}

void* DumpWhenAsked(void*) {
  for (;;) {
    if (sem_wait(&asked) != 0) continue;
    SignalSafeText().Add("SIGQUIT: quit\n\n").WriteTo(STDERR_FILENO);
    DumpGoroutines(STDERR_FILENO);
    if (ends_process) _exit(kExitStatus);
  }
}

}  // namespace

void InstallQuitHandler() {
  std::string wanted = DebugVariable("sigquit");
  struct sigaction present {};
  if (wanted == "off" || sigaction(SIGQUIT, nullptr, &present) != 0 || present.sa_handler != SIG_DFL) return;
  ends_process = wanted != "continue";
  sem_init(&asked, 0, 0);
  StartRuntimeThread("gale-quit", &DumpWhenAsked, nullptr);
  struct sigaction action {};
  action.sa_handler = &HandleQuit;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGQUIT, &action, nullptr);
}

}  // namespace gale::internal

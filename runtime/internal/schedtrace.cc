#include "gale/runtime/internal/schedtrace.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/debug_variables.h"
#include "gale/runtime/internal/goroutines.h"
#include "gale/runtime/internal/relaxed_read.h"
#include "gale/runtime/internal/running_stacks.h"
#include "gale/runtime/internal/runtime_threads.h"
#include "gale/runtime/internal/scheduler.h"

namespace gale::internal {

namespace {

struct Settings {
  Scheduler* scheduler;
  std::int64_t period_nanos;
  bool detail;
};

// Line builds "name=value name=value".
class Line {
 public:
  explicit Line(std::string start) : text_(std::move(start)) {}
  Line& Add(const char* name, long long value) { return Add(name, std::to_string(value)); }
  Line& Add(const char* name, const std::string& value) {
    text_ += text_.ends_with(' ') ? "" : " ";
    text_ += name + ("=" + value);
    return *this;
  }
  std::string End() { return std::move(text_) + "\n"; }
  std::string& Text() { return text_; }

 private:
  std::string text_;
};

std::string Bool(bool value) { return value ? "true" : "false"; }

// Machine is what can be told of an M.
struct Machine {
  int id;
  int p = -1;
  bool spinning;
  long long goroutine = -1;
};

std::map<const M*, Machine> ReadMachines() {
  std::map<const M*, Machine> machines;
  ForEachListedMachine([&machines](const M* m) {
    const P* p = RelaxedRead(m->p);
    machines[m] = {.id = m->id, .p = p != nullptr ? p->id : -1, .spinning = RelaxedRead(m->spinning)};
  });
  return machines;
}

// Go's numbers.
int StatusNumber(GStatus status) {
  switch (status) {
    case GStatus::kIdle: return 0;
    case GStatus::kRunnable: return 1;
    case GStatus::kRunning: return 2;
    case GStatus::kWaiting: return 4;
    case GStatus::kDead: return 6;
  }
  return 0;
}

std::string LockedMachine(const G* g, const std::map<const M*, Machine>& machines) {
  auto machine = IsLocked(g) ? machines.find(RelaxedRead(g->locked_to)) : machines.end();
  return machine != machines.end() ? std::to_string(machine->second.id) : "nil";
}

// GoroutineLines writes a line for each, and notes in `machines` who runs what.
std::string GoroutineLines(std::map<const M*, Machine>& machines) {
  std::string text;
  VisitGoroutines([&](const G* g) {
    GStatus status = RelaxedRead(g->status);
    auto id = RelaxedRead(g->id);
    auto machine = status == GStatus::kRunning ? machines.find(RelaxedRead(g->m)) : machines.end();
    if (machine != machines.end()) machine->second.goroutine = static_cast<long long>(id);
    const char* reason = status == GStatus::kWaiting ? WaitReasonText(RelaxedRead(g->wait_reason)) : "";
    Line line("  G" + std::to_string(id) + ":");
    line.Add("status", std::to_string(StatusNumber(status)) + "(" + reason + ")");
    line.Add("m", machine != machines.end() ? std::to_string(machine->second.id) : "nil")
        .Add("lockedm", LockedMachine(g, machines));
    text += line.End();
    return true;
  });
  return text;
}

std::string MachineLine(const Machine& machine) {
  Line line("  M" + std::to_string(machine.id) + ":");
  line.Add("p", machine.p >= 0 ? std::to_string(machine.p) : "nil");
  line.Add("curg", machine.goroutine >= 0 ? std::to_string(machine.goroutine) : "nil");
  line.Add("mallocing", 0).Add("throwing", 0).Add("preemptoff", "").Add("locks", 0).Add("dying", 0);
  line.Add("spinning", Bool(machine.spinning)).Add("blocked", Bool(machine.goroutine < 0 && !machine.spinning));
  return line.Add("lockedg", "nil").End();
}

std::string ProcessorLine(Scheduler& scheduler, const P& p, const std::map<const M*, Machine>& machines) {
  auto machine = machines.find(p.m.load(std::memory_order_acquire));
  Line line("  P" + std::to_string(p.id) + ":");
  line.Add("status", scheduler.Idle().Test(p.id) ? 0 : 1).Add("schedtick", p.tick.load(std::memory_order_relaxed));
  line.Add("syscalltick", 0).Add("m", machine != machines.end() ? std::to_string(machine->second.id) : "nil");
  line.Add("runqsize", p.queue.Size());
  line.Add("gfreecnt", static_cast<long long>(RelaxedRead(p.free_gs[0].size) + RelaxedRead(p.free_gs[1].size)));
  return line.Add("timerslen", static_cast<long long>(p.timers.Size())).End();
}

std::string Summary(Scheduler& scheduler, long long milliseconds, bool detail) {
  int idle_machines = scheduler.Machines().Idle();
  for (const auto& p : scheduler.Ps()) {
    idle_machines += scheduler.Idle().Test(p->id) && p->m.load(std::memory_order_acquire) != nullptr ? 1 : 0;
  }
  Line line("SCHED " + std::to_string(milliseconds) + "ms:");
  line.Add("gomaxprocs", scheduler.PCount()).Add("idleprocs", scheduler.Idle().Count());
  line.Add("threads", RuntimeThreadCount()).Add("spinningthreads", scheduler.SpinningCount()).Add("needspinning", 0);
  line.Add("idlethreads", idle_machines).Add("runqueue", static_cast<long long>(scheduler.Global().Size()));
  if (detail) {
    line.Add("gcwaiting", "false").Add("nmidlelocked", 0).Add("stopwait", 0).Add("sysmonwait", "false");
    return line.End();
  }
  std::string& text = line.Text();
  text += " [";
  for (const auto& p : scheduler.Ps()) text += (p->id == 0 ? "" : " ") + std::to_string(p->queue.Size());
  text += "]";
  return line.End();
}

void* Print(void* argument) {
  const Settings settings = *static_cast<Settings*>(argument);
  delete static_cast<Settings*>(argument);
  std::int64_t start = MonotonicNanos();
  for (;;) {
    timespec period{settings.period_nanos / 1'000'000'000, settings.period_nanos % 1'000'000'000};
    nanosleep(&period, nullptr);
    long long milliseconds = (MonotonicNanos() - start) / 1'000'000;
    std::string text = SchedTraceText(*settings.scheduler, milliseconds, settings.detail);
    // One write: lines of other threads must not come between.
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  }
}

}  // namespace

std::string SchedTraceText(Scheduler& scheduler, long long milliseconds, bool detail) {
  std::string text = Summary(scheduler, milliseconds, detail);
  if (!detail) return text;
  std::map<const M*, Machine> machines = ReadMachines();
  std::string goroutines = GoroutineLines(machines);
  for (const auto& p : scheduler.Ps()) text += ProcessorLine(scheduler, *p, machines);
  for (const auto& [m, machine] : machines) text += MachineLine(machine);
  return text + goroutines;
}

void StartSchedTrace(Scheduler& scheduler) {
  long long milliseconds = std::atoll(DebugVariable("schedtrace").c_str());
  if (milliseconds <= 0) return;
  bool detail = std::atoi(DebugVariable("scheddetail").c_str()) > 0;
  StartRuntimeThread("gale-schedtrace", &Print, new Settings{&scheduler, milliseconds * 1'000'000, detail});
}

}  // namespace gale::internal

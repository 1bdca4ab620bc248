#include "gale/runtime/internal/goroutine_text.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gale/runtime/internal/symbolize.h"

namespace gale::internal {

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

const char* StatusText(const GoroutineRecord& record) {
  switch (record.status) {
    case GStatus::kRunnable: return "runnable";
    case GStatus::kRunning: return "running";
    case GStatus::kWaiting: return record.reason == WaitReason::kNone ? "waiting" : WaitReasonText(record.reason);
    case GStatus::kIdle:
    case GStatus::kDead: break;
  }
  return "dead";
}

void AddPlace(std::string& text, const Symbol& symbol, std::uintptr_t pc) {
  text += '\t';
  text += symbol.file.empty() ? HexText(pc) : symbol.file + "+" + HexText(symbol.offset);
  text += '\n';
}

void AddFrame(std::string& text, const Symbol& symbol, std::uintptr_t pc) {
  text += symbol.function.empty() ? "(unknown)" : symbol.function;
  text += '\n';
  AddPlace(text, symbol, pc);
}

// What a goroutine parks through, and what dumps itself.
bool IsSwitching(std::string_view function) {
  constexpr std::string_view kInternal = "gale::internal::";
  if (!function.starts_with(kInternal)) return false;
  function.remove_prefix(kInternal.size());
  constexpr std::string_view kNames[] = {"SwitchTo(",
                                         "(anonymous namespace)::SwitchAway(",
                                         "Park(",
                                         "ParkUnlock(",
                                         "Yield(",
                                         "Semaphore::",
                                         "GoroutinesText(",
                                         "ForEachGoroutine(",
                                         "RunningStacks::",
                                         "WalkOwnStack(",
                                         "CheckThreadLocks(",
                                         "(anonymous namespace)::ReportText(",
                                         "(anonymous namespace)::NoteLocked(",
                                         "(anonymous namespace)::Locked("};
  return std::ranges::any_of(kNames, [&](std::string_view name) { return function.starts_with(name); });
}

bool IsStarting(std::string_view function) {
  return function == "gale_goroutine_main" || function == "gale_goroutine_start" ||
         function == "gale::internal::(anonymous namespace)::MainGoroutine::operator()";
}

// AddStack begins with a frame, and leaves out how the goroutine parks and how it was entered. The goroutine's function
// itself is shown even if it has ended with a jump to another one and is on the stack no more.
void AddStack(std::string& text, const GoroutineRecord& record, std::size_t first = 0) {
  const StackTrace& trace = record.trace;
  std::vector<Symbol> symbols;
  for (std::size_t i = 0; i < trace.Size(); ++i) symbols.push_back(Symbolize(trace[i]));
  std::size_t end = symbols.size();
  while (first < end && IsSwitching(symbols[first].function)) ++first;
  while (end > first && IsStarting(symbols[end - 1].function)) --end;
  for (std::size_t i = first; i < end; ++i) {
    if (i == StackTrace::kInner && trace.Elided() != 0) {
      text += "..." + std::to_string(trace.Elided()) + " frames elided...\n";
    }
    AddFrame(text, symbols[i], trace[i]);
  }
  if (record.entry == 0) return;
  Symbol entry = Symbolize(record.entry + 1);
  if (IsStarting(entry.function)) return;
  if (first == end || symbols[end - 1].function != entry.function) AddFrame(text, entry, record.entry + 1);
}

}  // namespace

std::string HexText(std::uintptr_t number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[number % 16]);
    number /= 16;
  } while (number != 0);
  return "0x" + digits;
}

std::string StackText(const StackTrace& trace, std::size_t first) {
  std::string text;
  GoroutineRecord record;
  record.trace = trace;
  AddStack(text, record, first);
  return text;
}

std::string GoroutineHeader(const GoroutineRecord& record) {
  std::string text = "goroutine " + std::to_string(record.id) + " [" + StatusText(record);
  std::int64_t minutes = record.status == GStatus::kWaiting ? record.waiting_nanos / kMinute : 0;
  if (minutes >= 1) text += ", " + std::to_string(minutes) + " minutes";
  if (record.locked) text += ", locked to thread";
  return text + "]:";
}

std::string GoroutineText(const GoroutineRecord& record) {
  std::string text = GoroutineHeader(record) + "\n";
  if (record.trace.Size() != 0) {
    AddStack(text, record);
  } else {
    text += "\tgoroutine running on other thread; stack unavailable\n";
  }
  if (record.created_at != 0) {
    Symbol creator = Symbolize(record.created_at);
    text += "created by " + (creator.function.empty() ? "(unknown)" : creator.function);
    if (record.parent_id != 0) text += " in goroutine " + std::to_string(record.parent_id);
    text += '\n';
    AddPlace(text, creator, record.created_at);
  }
  return text;
}

}  // namespace gale::internal

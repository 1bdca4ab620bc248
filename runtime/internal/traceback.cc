#include "gale/runtime/internal/traceback.h"

#include <unistd.h>
#include <unwind.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "absl/debugging/symbolize.h"
#include "gale/runtime/internal/g.h"

namespace gale::internal {

SignalSafeText& SignalSafeText::Add(const char* text) {
  while (*text != '\0' && size_ < kCapacity) buffer_[size_++] = *text++;
  return *this;
}

SignalSafeText& SignalSafeText::AddNumber(std::uint64_t number) {
  char digits[21];
  char* at = digits + sizeof(digits) - 1;
  *at = '\0';
  do {
    *--at = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return Add(at);
}

SignalSafeText& SignalSafeText::AddHex(std::uint64_t number) {
  char digits[17];
  char* at = digits + sizeof(digits) - 1;
  *at = '\0';
  do {
    *--at = "0123456789abcdef"[number % 16];
    number /= 16;
  } while (number != 0);
  return Add("0x").Add(at);
}

void SignalSafeText::WriteTo(int fd) const {
  for (std::size_t written = 0; written < size_;) {
    ssize_t count = write(fd, buffer_ + written, size_ - written);
    if (count <= 0) return;
    written += static_cast<std::size_t>(count);
  }
}

namespace {

constexpr int kMostFrames = 100;

struct Frames {
  void* pcs[kMostFrames];
  int count = 0;
  int skip = 0;
};

_Unwind_Reason_Code AddFrame(_Unwind_Context* context, void* argument) {
  auto* frames = static_cast<Frames*>(argument);
  auto pc = _Unwind_GetIP(context);
  if (pc == 0) return _URC_END_OF_STACK;
  if (frames->skip-- > 0) return _URC_NO_REASON;
  frames->pcs[frames->count++] = reinterpret_cast<void*>(pc);
  return frames->count == kMostFrames ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void PrintFrame(void* pc) {
  char symbol[512];
  // The return address may already belong to the next function: one less is inside the call.
  void* call = static_cast<char*>(pc) - 1;
  bool known = absl::Symbolize(call, symbol, sizeof(symbol));
  std::fprintf(stderr, "%s\n\t%p\n", known ? symbol : "(unknown)", pc);
}

}  // namespace

void PrintTraceback(int skip) {
  static bool initialized = (absl::InitializeSymbolizer("/proc/self/exe"), true);
  (void)initialized;
  if (const G* g = CurrentGoroutine()) {
    std::fprintf(stderr, "goroutine %" PRIu64 " [running]:\n", g->id);
  } else {
    std::fprintf(stderr, "thread %d [no goroutine]:\n", static_cast<int>(gettid()));
  }
  Frames frames;
  frames.skip = skip + 1;
  _Unwind_Backtrace(&AddFrame, &frames);
  for (int i = 0; i < frames.count; ++i) PrintFrame(frames.pcs[i]);
  if (const G* g = CurrentGoroutine(); g != nullptr && g->parent_id != 0) {
    std::fprintf(stderr, "created in goroutine %" PRIu64 "\n", g->parent_id);
  }
}

}  // namespace gale::internal

// Tracebacks, and printing from where nothing else may be called.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gale::internal {

struct G;

// SignalSafeText builds a line without allocating or calling the C library's formatting: for signal handlers and for
// a process that is about to die. Text beyond its capacity is cut.
class SignalSafeText {
 public:
  SignalSafeText& Add(const char* text);
  SignalSafeText& AddNumber(std::uint64_t number);
  SignalSafeText& AddHex(std::uint64_t number);
  void WriteTo(int fd) const;

 private:
  static constexpr std::size_t kCapacity = 1024;
  char buffer_[kCapacity];
  std::size_t size_ = 0;
};

// PrintTraceback writes the calling goroutine's header ("goroutine 7 [running]:") and the symbolized frames of the
// current stack to standard error. `skip` frames nearest to the caller are left out. Not signal-safe.
void PrintTraceback(int skip);

}  // namespace gale::internal

// Go: start a goroutine.
//
// A goroutine is a function that runs by itself, on a small stack of its own, on whichever thread is free. It is
// written as plain blocking code: where it would wait (for a channel, a lock, the network, a time) it parks, and its
// thread runs another one. Starting one costs tens of nanoseconds, keeping one parked costs a page of memory.
//
//   int main() {
//     gale::Run([] {                                  // main itself becomes a goroutine
//       gale::Chan<int> squares(0);
//       for (int i = 0; i < 10; ++i) gale::Go([=] { squares.Send(i * i); });
//       for (int i = 0; i < 10; ++i) std::printf("%d\n", *squares.Recv());
//     });
//   }
//
// An exception that leaves a goroutine ends the process, as a panic does in Go: with the exception's type and what(),
// the goroutine's number and its stack.
//
// The runtime starts by itself at the first call of anything here. It never stops: when main() returns, the process
// ends, whatever other goroutines are doing.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace gale {

// StackSize chooses a goroutine's stack; either is address space only, memory is used as it is touched.
enum class StackSize {
  kDefault,  // 256 KiB: enough for OpenSSL, getaddrinfo, std::regex
  kSmall,    // 64 KiB: for a million shallow goroutines; saves 384 B of page tables each
};

namespace internal {

struct G;

struct NewGoroutine {
  G* g;
  void* storage;  // for the closure: `size` bytes, aligned, on the goroutine's own stack
};

// The largest closure that is kept on the goroutine's stack; larger ones go to the heap.
inline constexpr std::size_t kLargestClosure = 1024;

NewGoroutine MakeGoroutine(StackSize stack, std::size_t size, std::size_t alignment);
void StartGoroutine(G* g, void (*entry)(void*), void* storage);
void AbandonGoroutine(G* g);
void RunMain(void (*main)(void*), void* argument);

template <typename Function>
void CallAndDestroy(void* storage) {
  // A destructor, not a statement: Goexit unwinds past the call.
  struct Owner {
    Function& function;
    ~Owner() { function.~Function(); }
  } owner{*static_cast<Function*>(storage)};
  owner.function();
}

}  // namespace internal

// Go starts a goroutine that calls function() and drops the result. The function is moved (or copied) into the
// goroutine and destroyed on it. From goroutines and plain threads; only from a goroutine is it scheduled on the same
// P, to run next. Always inlined: MakeGoroutine's return address is then where dumps say that it was created.
template <std::invocable Function>
[[gnu::always_inline]] inline void Go(StackSize stack, Function&& function) {
  using Stored = std::decay_t<Function>;
  if constexpr (sizeof(Stored) > internal::kLargestClosure || alignof(Stored) > 64) {
    auto boxed = std::make_unique<Stored>(std::forward<Function>(function));
    Go(stack, [boxed = std::move(boxed)]() mutable { (*boxed)(); });
  } else {
    internal::NewGoroutine made = internal::MakeGoroutine(stack, sizeof(Stored), alignof(Stored));
    try {
      new (made.storage) Stored(std::forward<Function>(function));
    } catch (...) {
      internal::AbandonGoroutine(made.g);
      throw;
    }
    internal::StartGoroutine(made.g, &internal::CallAndDestroy<Stored>, made.storage);
  }
}

template <std::invocable Function>
[[gnu::always_inline]] inline void Go(Function&& function) {
  Go(StackSize::kDefault, std::forward<Function>(function));
}

// Gosched lets other goroutines run: the caller goes to the end of its P's queue. On a plain thread it yields the
// thread. (Go sends the caller to the global queue instead; here a yield costs no lock.)
void Gosched();

// Goexit ends the calling goroutine after unwinding its stack, destructors and all. It is not an exception: a catch
// (...) on the way runs, but cannot stop it, and a noexcept function on the way ends the process. In Run's main
// goroutine it makes Run return. On a plain thread it throws gale::Panic.
[[noreturn]] void Goexit();

// NumGoroutine is the number of goroutines that exist, parked ones included. Exact only while none starts or ends.
int NumGoroutine();

// GOMAXPROCS returns the number of Ps: how many goroutines can run at the same time. The default is the number of
// CPUs that the process may use: the smaller of its affinity mask and its cgroup's CPU quota, rounded up. The
// environment variable GALE_MAXPROCS overrides it. Where neither it nor the program sets the number, it follows the
// quota, which is read again at most once a second.
int GOMAXPROCS();

// GOMAXPROCS(n) sets that number, at most 1024, at any time, and returns the former one (0 before the runtime has
// started: the default). n < 1 changes nothing. Making it smaller waits until the goroutines on the Ps that go have
// moved, some milliseconds where one of them computes without a pause. The cgroup's quota is then no longer followed.
// Throws gale::Panic above 1024. Source: Go's runtime.GOMAXPROCS.
int GOMAXPROCS(int n);

// Run calls function() on a goroutine of its own (the main goroutine), which starts on the calling thread, and
// returns when it has ended; the thread runs goroutines meanwhile. An exception that leaves function is rethrown
// here. Other goroutines go on after Run has returned; the one that the calling thread is just running must first park,
// yield or end. On a goroutine, Run just calls function().
template <std::invocable Function>
void Run(Function&& function) {
  struct Main {
    Function& function;
    std::exception_ptr exception;
  } main{function, nullptr};
  internal::RunMain(
      [](void* argument) {
        auto* self = static_cast<Main*>(argument);
        try {
          self->function();
        } catch (...) {
          self->exception = std::current_exception();
        }
      },
      &main);
  if (main.exception) std::rethrow_exception(main.exception);
}

}  // namespace gale

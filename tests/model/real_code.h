// Included before everything else where the runtime's own sources are compiled for the model (-include): what they call
// std::atomic, std::atomic_thread_fence, syscall and the like is the model's.
//
// So the model checks the very code that runs, not a copy of it. The names are replaced by macros after all standard
// headers that the runtime uses have been read; one that is missing here shows as a compile error in it.
#pragma once

// The runtime's hooks for ThreadSanitizer are for its library, which is not linked.
#undef __SANITIZE_THREAD__

#include <cxxabi.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <any>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <climits>
#include <cmath>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <exception>
#include <expected>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <random>
#include <ranges>
#include <set>
#include <shared_mutex>
#include <source_location>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "gale/tests/model/atomic.h"
#include "gale/tests/model/system_calls.h"

namespace std {
template <typename T>
using gale_model_atomic = ::gale::model::Atomic<T>;
inline void gale_model_fence(memory_order order, source_location where = source_location::current()) {
  ::gale::model::Fence(order, where);
}
inline void gale_model_signal_fence(memory_order) {}
}  // namespace std

namespace gale::internal {
struct G;
}
namespace gale::model {
// ProxyOfThread is the G of a model thread that is no M.
internal::G* ProxyOfThread();
}  // namespace gale::model

#define atomic gale_model_atomic
#define atomic_thread_fence gale_model_fence
#define atomic_signal_fence gale_model_signal_fence
#define syscall gale::model::SystemCall
#define sched_yield gale::model::SchedYield
#define nanosleep gale::model::NanoSleep
#define clock_gettime gale::model::ClockGetTime
#define __builtin_ia32_rdtsc gale::model::Cycles
#define pthread_create gale::model::CreateThread
#define pthread_detach gale::model::DetachThread
#define pthread_setname_np gale::model::NameThread
#define pthread_getattr_np gale::model::GetThreadAttributes
#define gale_switch_context gale_model_switch_context
#define gale_goroutine_main gale_model_goroutine_main  // the model has its own, which calls this one

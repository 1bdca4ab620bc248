#include "gale/runtime/trace.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/futex.h"
#include "gale/runtime/internal/trace_buffer.h"
#include "gale/runtime/internal/trace_json.h"
#include "gale/runtime/internal/trace_model.h"

namespace gale {

namespace {

using internal::MonotonicNanos;
using internal::trace_on;
using internal::TraceEvent;
using internal::TraceJson;
using internal::TraceModel;
using internal::TraceRing;
using internal::TraceRings;

constexpr std::int64_t kNap = 5'000'000;
// An event counts as come in this time after the moment that it bears: until then an earlier one may still come.
constexpr std::int64_t kInFlight = 2'000'000;

// A Session is one trace, from StartTrace to StopTrace.
class Session {
 public:
  Session(int fd, const TraceOptions& options)
      : json_(fd, options.max_bytes, MonotonicNanos()), model_(json_, options.goroutine_tracks) {
    Drain(internal::kForever, /*keep=*/false);  // what came late for the last trace
    dropped_before_ = Dropped();
    trace_on.store(true, std::memory_order_relaxed);
    writer_ = std::thread([this] { Write(); });
  }

  // Stop returns the errno of writing.
  int Stop() {
    trace_on.store(false, std::memory_order_relaxed);
    stop_.store(1, std::memory_order_release);
    internal::FutexWake(&stop_);
    writer_.join();
    return json_.Errno();
  }

 private:
  void Write() {
    pthread_setname_np(pthread_self(), "gale-trace");
    // Acquire pairs with the release in Stop.
    while (stop_.load(std::memory_order_acquire) == 0) {
      internal::FutexWait(&stop_, 0, kNap);
      Drain(MonotonicNanos() - kInFlight, /*keep=*/true);
      json_.Flush();
      if (json_.Full() || json_.Errno() != 0) trace_on.store(false, std::memory_order_relaxed);
    }
    Drain(internal::kForever, /*keep=*/true);
    std::int64_t now = MonotonicNanos();
    model_.Finish(now);
    json_.Close(Dropped() - dropped_before_, now);
  }

  // Drain takes the events that are older than `until` out of all rings.
  void Drain(std::int64_t until, bool keep) {
    batch_.clear();
    TraceRings::ForEach([&](TraceRing& ring) {
      for (const TraceEvent* event = ring.Peek(); event != nullptr && event->nanos < until; event = ring.Peek()) {
        batch_.push_back(*event);
        ring.Pop();
      }
    });
    std::stable_sort(batch_.begin(), batch_.end(),
                     [](const TraceEvent& a, const TraceEvent& b) { return a.nanos < b.nanos; });
    for (const TraceEvent& event : batch_) {
      if (keep) model_.Add(event);
      delete event.text;
    }
  }

  static std::uint64_t Dropped() {
    std::uint64_t sum = 0;
    TraceRings::ForEach([&](const TraceRing& ring) { sum += ring.Dropped(); });
    return sum;
  }

  TraceJson json_;
  TraceModel model_;
  std::vector<TraceEvent> batch_;
  std::uint64_t dropped_before_ = 0;
  std::atomic<int> stop_{0};  // futex
  std::thread writer_;
};

std::mutex session_lock;     // not held over anything that parks
Session* session = nullptr;  // not destroyed when the process ends: its thread may still run

Error StartOn(int fd, const TraceOptions& options) {
  std::lock_guard guard(session_lock);
  if (session != nullptr) {
    close(fd);
    return Error::FromErrno(EBUSY, "start trace");
  }
  session = new Session(fd, options);
  return {};
}

}  // namespace

Error StartTrace(const std::string& path, const TraceOptions& options) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return Error::FromErrno(errno, "start trace " + path);
  return StartOn(fd, options);
}

Error StartTrace(int fd, const TraceOptions& options) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return Error::FromErrno(errno, "start trace");
  return StartOn(copy, options);
}

Error StopTrace() {
  std::unique_ptr<Session> ended;
  {
    std::lock_guard guard(session_lock);
    ended.reset(std::exchange(session, nullptr));
  }
  if (ended == nullptr) return {};
  int error = ended->Stop();
  return error == 0 ? Error() : Error::FromErrno(error, "write trace");
}

}  // namespace gale

// Trace: what the scheduler did, as a file for a trace viewer.
//
//   if (gale::Error err = gale::StartTrace("/tmp/server.trace.json")) ...
//   Serve();
//   (void)gale::StopTrace();     // then open the file in https://ui.perfetto.dev or chrome://tracing
//
// The viewer shows one track per P, with a slice for each stretch of time in which a goroutine ran on it, named after
// the goroutine's function; an arrow from where a goroutine was made runnable to where it ran next; and, per goroutine,
// a track with what it waited for ("chan receive", "IO wait"), how long it was runnable before it ran, its calls of
// Blocking, and the regions that the program names:
//
//   gale::TraceRegion region("parse");                 // until the end of the scope
//   gale::TraceLog("cache", "evicted " + key);         // a mark
//
// A program that does not trace pays one load per event. While it traces, an event costs some 50 ns; it is put into a
// buffer of the thread, from which a thread of the tracer takes it every few milliseconds. Where a buffer is full,
// events are dropped, and counted in the file. The file is whole up to the last flush even if the process is killed.
// docs/tracing.md explains what to look for, and the probes for perf and bpftrace.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "gale/runtime/error.h"

namespace gale {

struct TraceOptions {
  // The file ends at this size, in bytes, at the latest, and says that it does. An event takes some 150 bytes. Default
  // 256 MiB.
  std::uint64_t max_bytes = std::uint64_t{256} << 20;

  // A track per goroutine with its waits: two thirds of the file. Without it there are still the tracks of the Ps, the
  // arrows and the regions. Default true.
  bool goroutine_tracks = true;
};

// StartTrace begins to write a trace to a file, which it creates or empties, in Chrome's JSON format. Errors: those of
// open; std::errc::device_or_resource_busy if a trace is being written already. From any goroutine or thread.
Error StartTrace(const std::string& path, const TraceOptions& options = {});

// StartTrace(fd) writes to a descriptor, which it duplicates: a file, pipe or socket.
Error StartTrace(int fd, const TraceOptions& options = {});

// StopTrace ends the trace, and waits for the file to be written. Returns the first error in writing it; after that
// error nothing more was written. Nothing happens if there is no trace. From any goroutine or thread.
Error StopTrace();

namespace internal {
extern std::atomic<bool> trace_on;  // relaxed: a trace may begin and end an event too early or too late
bool BeginTraceRegion(std::string_view name);
void EndTraceRegion();
void AddTraceLog(std::string_view category, std::string_view message);
}  // namespace internal

// TraceRegion names what a goroutine (or thread) does during its lifetime. Regions of a goroutine nest. Nothing while
// no trace is written. The name is copied.
class [[nodiscard]] TraceRegion {
 public:
  explicit TraceRegion(std::string_view name) {
    if (internal::trace_on.load(std::memory_order_relaxed)) [[unlikely]]
      begun_ = internal::BeginTraceRegion(name);
  }
  TraceRegion(const TraceRegion&) = delete;
  TraceRegion& operator=(const TraceRegion&) = delete;
  ~TraceRegion() {
    if (begun_) [[unlikely]]
      internal::EndTraceRegion();
  }

 private:
  bool begun_ = false;
};

// TraceLog marks a moment, on the track of the P. Nothing while no trace is written.
inline void TraceLog(std::string_view category, std::string_view message) {
  if (internal::trace_on.load(std::memory_order_relaxed)) [[unlikely]]
    internal::AddTraceLog(category, message);
}

}  // namespace gale

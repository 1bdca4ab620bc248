// TraceModel: turns the scheduler's events into what a viewer shows.
//
// It follows each goroutine from event to event, and writes a slice, a wait or an arrow when it is complete: nothing in
// the file waits for an end that may not come, and an event that was dropped costs one slice, not all that follow.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "gale/runtime/internal/trace_buffer.h"
#include "gale/runtime/internal/trace_json.h"

namespace gale::internal {

class TraceModel {
 public:
  TraceModel(TraceJson& json, bool goroutine_tracks) : json_(json), goroutine_tracks_(goroutine_tracks) {}

  // Add takes events in the order of their times. It does not free the text.
  void Add(const TraceEvent& event);

  // Finish ends what still runs, waits or is open.
  void Finish(std::int64_t nanos);

 private:
  // A track is a P, an M that runs a goroutine without a P, or another thread.
  struct Track {
    bool named = false;
    std::uint64_t running = 0;  // the goroutine whose slice is open
    std::int64_t since = 0;
    std::int64_t woke_since = -1;  // when the scheduler's own slice began: at its first wake-up
  };
  struct Region {
    std::string name;
    std::int64_t since;
  };
  struct Goroutine {
    std::uintptr_t entry = 0;
    int track = -1;                // where its slice is open
    std::int64_t wait_since = -1;  // parked
    WaitReason reason = WaitReason::kNone;
    std::int64_t ready_since = -1;  // runnable
    int ready_track = -1;           // where it was made so; -1: unknown
    std::vector<Region> regions;
  };

  int TrackOf(const TraceEvent& event);
  int NamedTrack(int id, const std::string& name);
  const std::string& NameOf(std::uintptr_t entry);

  void AddSwitch(const TraceEvent& event);
  void AddReady(const TraceEvent& event);
  void AddHandOver(const TraceEvent& event);
  void AddSteal(const TraceEvent& event);
  void AddLog(const TraceEvent& event);
  void EndRegion(const TraceEvent& event);

  void CloseSlice(int track, std::int64_t nanos, std::string_view end);
  void CloseScheduler(int track, std::int64_t nanos);
  void WriteArrow(const Goroutine& woken, int to_track, std::int64_t nanos);
  void WriteStates(std::uint64_t id, const Goroutine& goroutine, std::int64_t nanos);
  void WriteSpan(std::uint64_t id, std::string_view category, std::string_view name, std::int64_t from,
                 std::int64_t to);

  TraceJson& json_;
  const bool goroutine_tracks_;
  std::unordered_map<int, Track> tracks_;
  std::unordered_map<std::uint64_t, Goroutine> goroutines_;
  std::unordered_map<std::uintptr_t, std::string> names_;
  std::uint64_t last_arrow_ = 0;
};

}  // namespace gale::internal

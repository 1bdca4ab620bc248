#include "gale/runtime/internal/trace_model.h"

#include <utility>

#include "gale/runtime/internal/symbolize.h"

namespace gale::internal {

namespace {

// Numbers of tracks: see TrackOf. Those of threads that are no goroutines' are their thread ids, above all others.
constexpr int kFirstP = 1;
constexpr int kFirstM = 10'000;
constexpr int kFirstThread = 1'000'000;
constexpr std::uint64_t kThreadSpans = std::uint64_t{1} << 48;  // ids of the regions of plain threads
constexpr std::size_t kLongestName = 120;

std::string_view HowEnded(const TraceEvent& event) {
  switch (event.how) {
    case SwitchKind::kPark: return WaitReasonText(event.reason);
    case SwitchKind::kYield: return "yield";
    case SwitchKind::kExit: return "exit";
    case SwitchKind::kNothing: break;
  }
  return "";
}

std::uint64_t SpanId(const TraceEvent& event) {
  return event.g != 0 ? event.g : kThreadSpans + static_cast<std::uint64_t>(event.thread);
}

}  // namespace

int TraceModel::NamedTrack(int id, const std::string& name) {
  Track& track = tracks_[id];
  if (!track.named) {
    track.named = true;
    json_.Begin('M', "", "thread_name", 0, id).AddArgs().Add("name", name).End();
    json_.Begin('M', "", "thread_sort_index", 0, id).AddArgs().AddNumber("sort_index", static_cast<unsigned>(id)).End();
  }
  return id;
}

int TraceModel::TrackOf(const TraceEvent& event) {
  if (event.p >= 0) return NamedTrack(kFirstP + event.p, "P " + std::to_string(event.p));
  if (event.m >= 0) return NamedTrack(kFirstM + event.m, "M " + std::to_string(event.m) + " without a P");
  return NamedTrack(kFirstThread + event.thread, "thread " + std::to_string(event.thread));
}

const std::string& TraceModel::NameOf(std::uintptr_t entry) {
  auto [at, added] = names_.try_emplace(entry);
  if (added) {
    // Symbolize takes return addresses: one into the function lies in it.
    if (entry != 0) at->second = FunctionName(Symbolize(entry + 1).function);
    if (at->second.empty()) at->second = "goroutine";
    if (at->second.size() > kLongestName) at->second.replace(kLongestName, std::string::npos, "...");
  }
  return at->second;
}

void TraceModel::Add(const TraceEvent& event) {
  switch (event.kind) {
    case TraceKind::kSpawn: goroutines_[event.g].entry = event.entry; return AddReady(event);
    case TraceKind::kSwitch: return AddSwitch(event);
    case TraceKind::kReady: return AddReady(event);
    case TraceKind::kSteal: return AddSteal(event);
    case TraceKind::kHandOver: return AddHandOver(event);
    case TraceKind::kBlockingBegin: goroutines_[event.g].regions.push_back({"Blocking", event.nanos}); return;
    case TraceKind::kRegionBegin: goroutines_[SpanId(event)].regions.push_back({*event.text, event.nanos}); return;
    case TraceKind::kBlockingEnd:
    case TraceKind::kRegionEnd: return EndRegion(event);
    case TraceKind::kLog: return AddLog(event);
  }
}

void TraceModel::AddSwitch(const TraceEvent& event) {
  int track = TrackOf(event);
  if (event.other != 0) {
    Goroutine& left = goroutines_[event.other];
    // Its slice may be open elsewhere: it lost its P, or got one, since it was switched to.
    CloseSlice(left.track >= 0 ? left.track : track, event.nanos, HowEnded(event));
    if (event.how == SwitchKind::kExit) {
      goroutines_.erase(event.other);
    } else if (event.how == SwitchKind::kPark) {
      left.wait_since = event.nanos;
      left.reason = event.reason;
    } else {
      left.ready_since = event.nanos;
      left.ready_track = -1;
    }
  }
  CloseSlice(track, event.nanos, "");
  CloseScheduler(track, event.nanos);
  if (event.g == 0) return;
  Goroutine& next = goroutines_[event.g];
  next.entry = event.entry;
  WriteArrow(next, track, event.nanos);
  WriteStates(event.g, next, event.nanos);
  next.wait_since = next.ready_since = -1;
  next.ready_track = -1;
  next.track = track;
  tracks_[track].running = event.g;
  tracks_[track].since = event.nanos;
}

void TraceModel::AddReady(const TraceEvent& event) {
  Goroutine& woken = goroutines_[event.g];
  woken.ready_since = event.nanos;
  woken.ready_track = TrackOf(event);
  Track& track = tracks_[woken.ready_track];
  if (event.p < 0 && event.m < 0) {
    // A thread of another kind has no slices: the arrow needs one to begin at.
    json_.Begin('X', "wake", "wake", event.nanos, woken.ready_track).AddDuration(1000).End();
  } else if (track.running == 0 && track.woke_since < 0) {
    track.woke_since = event.nanos;
  }
}

// AddHandOver moves the slice from the track of the P to that of the M, which runs on without it.
void TraceModel::AddHandOver(const TraceEvent& event) {
  int from = TrackOf(event);
  TraceEvent without = event;
  without.p = -1;
  int to = TrackOf(without);
  std::uint64_t id = tracks_[from].running;
  if (id == 0) return;
  CloseSlice(from, event.nanos, "handed over");
  CloseSlice(to, event.nanos, "");
  goroutines_[id].track = to;
  tracks_[to].running = id;
  tracks_[to].since = event.nanos;
}

void TraceModel::AddSteal(const TraceEvent& event) {
  json_.Begin('i', "steal", "steal", event.nanos, TrackOf(event)).Add("s", "t");
  json_.AddArgs().Add("from", "P " + std::to_string(event.other)).AddNumber("goroutine", event.g).End();
}

void TraceModel::AddLog(const TraceEvent& event) {
  std::string_view text = *event.text;
  std::size_t end = text.find('\0');
  json_.Begin('i', text.substr(0, end), text.substr(end + 1), event.nanos, TrackOf(event)).Add("s", "t");
  json_.AddArgs().AddNumber("goroutine", event.g).End();
}

void TraceModel::EndRegion(const TraceEvent& event) {
  std::vector<Region>& regions = goroutines_[SpanId(event)].regions;
  if (regions.empty()) return;  // began before the trace, or was dropped
  WriteSpan(SpanId(event), "region", regions.back().name, regions.back().since, event.nanos);
  regions.pop_back();
}

void TraceModel::CloseSlice(int track, std::int64_t nanos, std::string_view end) {
  Track& on = tracks_[track];
  std::uint64_t id = std::exchange(on.running, 0);
  if (id == 0) return;
  auto at = goroutines_.find(id);
  if (at == goroutines_.end()) return;
  at->second.track = -1;
  json_.Begin('X', "goroutine", NameOf(at->second.entry), on.since, track).AddDuration(nanos - on.since);
  json_.AddArgs().AddNumber("goroutine", id).Add("end", end).End();
}

void TraceModel::CloseScheduler(int track, std::int64_t nanos) {
  std::int64_t since = std::exchange(tracks_[track].woke_since, -1);
  if (since >= 0) json_.Begin('X', "scheduler", "scheduler", since, track).AddDuration(nanos - since).End();
}

void TraceModel::WriteArrow(const Goroutine& woken, int to_track, std::int64_t nanos) {
  if (woken.ready_track < 0) return;
  ++last_arrow_;
  json_.Begin('s', "wake", "wake", woken.ready_since, woken.ready_track).AddNumber("id", last_arrow_).End();
  json_.Begin('f', "wake", "wake", nanos, to_track).AddNumber("id", last_arrow_).Add("bp", "e").End();
}

// WriteStates writes what the goroutine did since it last ran.
void TraceModel::WriteStates(std::uint64_t id, const Goroutine& goroutine, std::int64_t nanos) {
  if (!goroutine_tracks_) return;
  std::int64_t ready = goroutine.ready_since >= 0 ? goroutine.ready_since : nanos;
  if (goroutine.wait_since >= 0) {
    std::string_view category = goroutine.reason == WaitReason::kIoWait ? "network" : "wait";
    WriteSpan(id, category, WaitReasonText(goroutine.reason), goroutine.wait_since, ready);
  }
  if (goroutine.ready_since >= 0) WriteSpan(id, "runnable", "runnable", ready, nanos);
}

void TraceModel::WriteSpan(std::uint64_t id, std::string_view category, std::string_view name, std::int64_t from,
                           std::int64_t to) {
  // One category for all, because the viewers make a track of each pair of category and id.
  std::string text = "goroutine " + std::to_string(id);
  if (id >= kThreadSpans) text = "thread " + std::to_string(id - kThreadSpans);
  json_.Begin('b', "goroutine", name, from, 0).Add("id", text).AddArgs().Add("kind", category).End();
  json_.Begin('e', "goroutine", name, to < from ? from : to, 0).Add("id", text).End();
}

void TraceModel::Finish(std::int64_t nanos) {
  for (auto& [id, track] : tracks_) {
    CloseSlice(id, nanos, "");
    CloseScheduler(id, nanos);
  }
  for (auto& [id, goroutine] : goroutines_) {
    WriteStates(id, goroutine, nanos);
    for (; !goroutine.regions.empty(); goroutine.regions.pop_back()) {
      WriteSpan(id, "region", goroutine.regions.back().name, goroutine.regions.back().since, nanos);
    }
  }
}

}  // namespace gale::internal

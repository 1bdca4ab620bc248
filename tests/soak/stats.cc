#include "gale/tests/soak/stats.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "gale/net/fmt.h"
#include "gale/runtime/metrics.h"

namespace gale::soak {
namespace {

// Field returns the number in the line of a file of /proc that begins with the name; -1 if there is none.
std::int64_t Field(const char* file, std::string_view name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) return std::stoll(line.substr(name.size()));
  }
  return -1;
}

// OpenDescriptors does not count the one by which it looks.
std::int64_t OpenDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()) - 1;
}

std::int64_t Load(const std::atomic<std::int64_t>& value) { return value.load(std::memory_order_relaxed); }

std::string Object(std::initializer_list<std::pair<std::string_view, std::int64_t>> fields) {
  std::string text = "{";
  for (const auto& [name, value] : fields) {
    if (text.size() > 1) text += ", ";
    text += gale::Sprintf("\"%s\": %d", name, value);
  }
  return text + "}\n";
}

}  // namespace

void WriteStats(http::ResponseWriter& w, const Counters& counters) {
  const Metrics metrics = ReadMetrics();
  const auto cpu = metrics.user_time + metrics.system_time;
  w.Header().Set("Content-Type", "application/json");
  const std::string text = Object({
      {"goroutines", static_cast<std::int64_t>(metrics.goroutines)},
      {"connections", Load(counters.connections)},
      {"hijacked", Load(counters.hijacked)},
      {"handlers", Load(counters.handlers)},
      {"accepted", Load(counters.accepted)},
      {"requests", Load(counters.requests)},
      {"given_up", Load(counters.given_up)},
      {"descriptors", OpenDescriptors()},
      {"threads", metrics.threads},
      {"rss_kib", Field("/proc/self/status", "VmRSS:")},
      {"pss_kib", Field("/proc/self/smaps_rollup", "Pss:")},
      {"cpu_ms", std::chrono::duration_cast<std::chrono::milliseconds>(cpu).count()},
      {"stacks", static_cast<std::int64_t>(metrics.stacks)},
      {"stacks_pooled", static_cast<std::int64_t>(metrics.stacks_pooled)},
      {"stacks_bare", static_cast<std::int64_t>(metrics.stacks_bare)},
      {"span_bytes", static_cast<std::int64_t>(metrics.span_bytes)},
      {"span_object_bytes", static_cast<std::int64_t>(metrics.span_object_bytes)},
      {"span_cached_bytes", static_cast<std::int64_t>(metrics.span_cached_bytes)},
      {"span_idle_bytes", static_cast<std::int64_t>(metrics.span_idle_bytes)},
      {"switches", static_cast<std::int64_t>(metrics.switches)},
      {"hand_overs", static_cast<std::int64_t>(metrics.hand_overs)},
      {"thread_starts", static_cast<std::int64_t>(metrics.thread_starts)},
      {"latency_99_us", metrics.schedule_latency.Quantile(0.99).count() / 1000},
  });
  (void)w.Write(text);
}

}  // namespace gale::soak

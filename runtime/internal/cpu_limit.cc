#include "gale/runtime/internal/cpu_limit.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

#include "gale/runtime/internal/fatal.h"

namespace gale::internal {

namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<double> Ratio(double quota, double period) {
  // Written so that it refuses "nan", too.
  if (!(quota > 0 && period > 0) || !std::isfinite(quota / period)) return std::nullopt;
  return quota / period;
}

// cpu.max holds "max 100000" or "150000 100000", in microseconds.
std::optional<double> LimitV2(const std::string& folder) {
  std::istringstream line(FirstLine(folder + "/cpu.max"));
  double quota = 0, period = 0;
  if (!(line >> quota >> period)) return std::nullopt;
  return Ratio(quota, period);
}

// The quota is -1 where there is none.
std::optional<double> LimitV1(const std::string& folder) {
  std::string quota = FirstLine(folder + "/cpu.cfs_quota_us");
  std::string period = FirstLine(folder + "/cpu.cfs_period_us");
  if (quota.empty() || period.empty()) return std::nullopt;
  return Ratio(std::strtod(quota.c_str(), nullptr), std::strtod(period.c_str(), nullptr));
}

using LimitReader = std::optional<double> (*)(const std::string& folder);

// A limit anywhere between the process's group and the root of the hierarchy counts.
std::optional<double> Tightest(const std::string& mount, std::string group, LimitReader read) {
  std::optional<double> tightest;
  for (;;) {
    if (auto limit = read(mount + group)) tightest = tightest ? std::min(*tightest, *limit) : *limit;
    if (group.empty()) return tightest;
    std::size_t slash = group.rfind('/');
    group.resize(slash == std::string::npos ? 0 : slash);
  }
}

bool HasController(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    std::size_t comma = list.find(',');
    if (list.substr(0, comma) == wanted) return true;
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
  return false;
}

int AffinityCount() {
  // A machine may have more CPUs than cpu_set_t has bits: grow until the kernel is content.
  for (int cpus = 1024; cpus <= 1 << 18; cpus *= 2) {
    cpu_set_t* set = CPU_ALLOC(cpus);
    if (set == nullptr) break;
    std::size_t size = CPU_ALLOC_SIZE(cpus);
    bool known = sched_getaffinity(0, size, set) == 0;
    int count = known ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (known) return std::max(1, count);
  }
  return 1;
}

}  // namespace

std::optional<double> CgroupCpuLimit(const std::string& root) {
  std::ifstream groups(root + "/proc/self/cgroup");
  std::optional<double> tightest;
  // Lines are "0::/path" for v2 and "4:cpu,cpuacct:/path" for v1.
  for (std::string line; std::getline(groups, line);) {
    std::size_t first = line.find(':');
    std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    std::string group = line.substr(second + 1);
    if (group == "/") group.clear();
    std::optional<double> limit;
    if (controllers.empty()) {
      limit = Tightest(root + "/sys/fs/cgroup", group, &LimitV2);
    } else if (HasController(controllers, "cpu")) {
      limit = Tightest(root + "/sys/fs/cgroup/cpu", group, &LimitV1);
    }
    if (limit) tightest = tightest ? std::min(*tightest, *limit) : *limit;
  }
  return tightest;
}

int DefaultPCount() {
  if (const char* text = std::getenv("GALE_MAXPROCS"); text != nullptr && *text != '\0') {
    int count = 0;
    const char* end = text + std::strlen(text);
    auto [rest, error] = std::from_chars(text, end, count);
    if (error != std::errc{} || rest != end || count < 1 || count > kMostPs) {
      Fatal("GALE_MAXPROCS=%s: want a number from 1 to %d", text, kMostPs);
    }
    return count;
  }
  int count = AffinityCount();
  if (auto limit = CgroupCpuLimit()) count = static_cast<int>(std::min<double>(count, std::ceil(*limit)));
  return std::clamp(count, 1, kMostPs);
}

}  // namespace gale::internal

// How many CPUs the process may use: the default number of Ps.
#pragma once

#include <optional>
#include <string>

namespace gale::internal {

// DefaultPCount is GALE_MAXPROCS if set, else the smaller of the CPUs in the affinity mask and the cgroup's CPU quota
// rounded up; at least 1, at most kMostPs. Fatal if GALE_MAXPROCS is not a number in that range.
int DefaultPCount();

inline constexpr int kMostPs = 1024;

// CgroupCpuLimit is the tightest CPU quota (quota / period) of the process's cgroup and its ancestors, for cgroup v2
// and v1, or nothing. `root` replaces "/" in tests.
std::optional<double> CgroupCpuLimit(const std::string& root = "");

}  // namespace gale::internal

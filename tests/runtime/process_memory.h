// What the kernel says about this process's memory, for tests that state how much something may cost.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace gale {

// Kilobytes is the value of a line of /proc/self/status or /proc/meminfo ("VmRSS:"), in KiB; 0 if there
// is none.
inline std::size_t Kilobytes(const char* file, const std::string& key) {
  std::ifstream lines(file);
  std::string word;
  while (lines >> word) {
    std::size_t value = 0;
    if (word == key && lines >> value) return value;
  }
  return 0;
}

// ResidentBytes is what the process's pages occupy, and the page tables that map them.
inline std::size_t ResidentBytes() {
  return (Kilobytes("/proc/self/status", "VmRSS:") + Kilobytes("/proc/self/status", "VmPTE:")) * 1024;
}

inline std::size_t AvailableBytes() { return Kilobytes("/proc/meminfo", "MemAvailable:") * 1024; }

}  // namespace gale

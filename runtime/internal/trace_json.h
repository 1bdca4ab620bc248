// TraceJson: writes events in Chrome's trace format: a JSON array of objects, one per line.
//
// The viewers take a file without its closing bracket, so what has been written is always readable; only whole events
// are written. Times are in microseconds with three decimals, since the trace began.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gale::internal {

// JsonEscaped is text as it may stand between quotes in JSON. What is no UTF-8 becomes U+FFFD.
std::string JsonEscaped(std::string_view text);

class TraceJson {
 public:
  // Owns fd.
  TraceJson(int fd, std::uint64_t max_bytes, std::int64_t start_nanos);
  TraceJson(const TraceJson&) = delete;
  TraceJson& operator=(const TraceJson&) = delete;
  ~TraceJson();

  // Begin starts an event and writes the members that all have; Add continues it; End ends it. An event that would
  // exceed the file's size is left out, and Full is true from then on.
  TraceJson& Begin(char phase, std::string_view category, std::string_view name, std::int64_t nanos, int track);
  TraceJson& Add(std::string_view member, std::string_view text);
  TraceJson& AddNumber(std::string_view member, std::uint64_t number);
  TraceJson& AddDuration(std::int64_t nanos);
  // AddArgs opens the object "args", which End closes.
  TraceJson& AddArgs();
  void End();

  // Flush writes what has been gathered.
  void Flush();
  // Close writes a last mark if the file is full or events were dropped, and the closing bracket.
  void Close(std::uint64_t dropped, std::int64_t nanos);

  bool Full() const { return full_; }
  int Errno() const { return errno_; }

 private:
  void AddTime(std::string_view member, std::int64_t nanos);
  void Member(std::string_view name);

  static constexpr std::uint64_t kReserve = 4096;  // for Close

  const int fd_;
  const std::uint64_t max_bytes_;
  const std::int64_t start_nanos_;
  const int pid_;
  std::uint64_t bytes_ = 0;  // written and gathered
  std::string event_;
  std::string gathered_;
  bool in_args_ = false;
  bool first_member_ = false;
  bool full_ = false;
  int errno_ = 0;
};

}  // namespace gale::internal

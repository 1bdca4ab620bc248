// The Date field: the time in the one format that HTTP/1.1 senders may use, IMF-fixdate.
//
//   char text[kDateLength];
//   FormatDate(0, text);               // Thu, 01 Jan 1970 00:00:00 GMT
//   DateText now = CachedDate::Now();  // now.View(), formatted at most once per second in the whole process
//
// Source: RFC 9110 section 5.6.7.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gale::http::internal {

inline constexpr std::size_t kDateLength = 29;

// FormatDate writes kDateLength bytes for a time in seconds since 1970, UTC. Years 0 to 9999.
void FormatDate(std::int64_t unix_seconds, char* destination);

// DateText is a formatted date by value.
class DateText {
 public:
  std::string_view View() const { return {bytes_.data(), kDateLength}; }

 private:
  friend class CachedDate;
  std::array<char, 32> bytes_;
};

// CachedDate keeps the text of the current second for all threads. A reader copies it and never waits: it takes no
// lock, and where it meets another thread that is just replacing the text, it formats its own.
//
// Protocol: generation_ is odd while a writer is at work. The words are atomics, so that a copy taken during a
// replacement is a stale mixture but no data race; comparing generation_ before and after the copy throws such a
// mixture away.
//
// Rejected: one cache per connection (a formatting per connection and second, and none saved for connections of one
// request), a thread_local one (its address may be cached across a goroutine's migration).
class CachedDate {
 public:
  // Now is the date of the coarse real-time clock; in a bubble of testing/synctest.h, of that. Thread-safe.
  static DateText Now();

  // At is the date of the given second. Thread-safe.
  DateText At(std::int64_t unix_seconds);

 private:
  void Publish(std::int64_t unix_seconds, const DateText& text);

  std::atomic<std::uint32_t> generation_{0};
  std::atomic<std::int64_t> seconds_{-1};
  std::array<std::atomic<std::uint64_t>, sizeof(DateText) / sizeof(std::uint64_t)> words_{};
};

}  // namespace gale::http::internal

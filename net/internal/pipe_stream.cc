#include "gale/net/internal/pipe_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "gale/runtime/clock.h"
#include "gale/runtime/error.h"
#include "gale/runtime/timer.h"

namespace gale::net::internal {
namespace {

bool HasPassed(PipeStream::TimePoint deadline) {
  return deadline != PipeStream::TimePoint() && Clock::now() >= deadline;
}

}  // namespace

// WaitUntil returns when something has changed or the deadline has passed.
void PipeStream::WaitUntil(std::unique_lock<Mutex>& lock, TimePoint deadline) {
  if (deadline == TimePoint()) return changed_.Wait(lock);
  // With the lock, so that it cannot come before the Wait.
  const Timer timer = AfterFunc(deadline - Clock::now(), [self = shared_from_this()] {
    MutexLock until_it_waits(self->mutex_);
    self->changed_.Broadcast();
  });
  changed_.Wait(lock);
  timer.Stop();
}

std::error_code PipeStream::WaitForBytes(std::unique_lock<Mutex>& lock) {
  for (;;) {
    if (reader_closed_) return Errc::kClosed;
    if (HasPassed(read_deadline_)) return Errc::kTimeout;
    if (consumed_ < data_.size()) return {};
    if (ended_) return Errc::kEof;
    WaitUntil(lock, read_deadline_);
  }
}

PipeStream::Size PipeStream::Read(std::span<char> buffer) {
  if (buffer.empty()) return 0;
  MutexLock turn(reading_);
  std::unique_lock lock(mutex_);
  if (std::error_code error = WaitForBytes(lock)) return std::unexpected(error);
  const std::size_t count = std::min(buffer.size(), data_.size() - consumed_);
  std::memcpy(buffer.data(), data_.data() + consumed_, count);
  consumed_ += count;
  if (consumed_ == data_.size()) {
    data_.clear();
    consumed_ = 0;
  }
  changed_.Broadcast();
  return count;
}

std::error_code PipeStream::WaitReadable() {
  MutexLock turn(reading_);
  std::unique_lock lock(mutex_);
  const std::error_code error = WaitForBytes(lock);
  return error == Errc::kEof ? std::error_code() : error;
}

PipeStream::Size PipeStream::Write(std::string_view data) {
  MutexLock turn(writing_);
  std::unique_lock lock(mutex_);
  for (std::string_view rest = data;;) {
    if (writer_closed_) return std::unexpected(Errc::kClosed);
    if (ended_ || reader_closed_) return std::unexpected(std::make_error_code(std::errc::broken_pipe));
    if (HasPassed(write_deadline_)) return std::unexpected(Errc::kTimeout);
    if (rest.empty()) return data.size();
    const std::size_t used = data_.size() - consumed_;
    if (used >= capacity_) {
      WaitUntil(lock, write_deadline_);
      continue;
    }
    data_.erase(0, std::exchange(consumed_, 0));
    data_.append(rest.substr(0, capacity_ - used));
    rest.remove_prefix(std::min(rest.size(), capacity_ - used));
    changed_.Broadcast();
    if (rest.empty()) return data.size();
  }
}

void PipeStream::Set(TimePoint& which, TimePoint deadline) {
  MutexLock lock(mutex_);
  which = deadline;
  changed_.Broadcast();
}

void PipeStream::End(bool& flag, bool& other) {
  CancelFunc cancel;
  {
    MutexLock lock(mutex_);
    flag = other = true;
    cancel = std::exchange(cancel_, {});
    changed_.Broadcast();
  }
  cancel();
}

void PipeStream::EndWriting() { End(ended_, ended_); }
void PipeStream::CloseReader() { End(reader_closed_, reader_closed_); }
void PipeStream::CloseWriter() { End(writer_closed_, ended_); }

bool PipeStream::HasEnded() {
  MutexLock lock(mutex_);
  return ended_ || reader_closed_;
}

void PipeStream::CancelOnEnd(CancelFunc cancel) {
  {
    MutexLock lock(mutex_);
    if (!ended_ && !reader_closed_) {
      std::swap(cancel_, cancel);
      return;
    }
  }
  cancel();
}

}  // namespace gale::net::internal

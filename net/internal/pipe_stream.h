// PipeStream: one direction of a Pipe.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "gale/runtime/cond.h"
#include "gale/runtime/context.h"
#include "gale/runtime/mutex.h"

namespace gale::net::internal {

// PipeStream is shared by the two ends. All methods may run in parallel; several Reads take turns, and so do Writes.
class PipeStream : public std::enable_shared_from_this<PipeStream> {
 public:
  using Size = std::expected<std::size_t, std::error_code>;
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit PipeStream(std::size_t capacity) : capacity_(capacity) {}

  Size Read(std::span<char> buffer);
  Size Write(std::string_view data);
  std::error_code WaitReadable();

  void SetReadDeadline(TimePoint deadline) { Set(read_deadline_, deadline); }
  void SetWriteDeadline(TimePoint deadline) { Set(write_deadline_, deadline); }

  // EndWriting is the writer's last word. CloseReader makes Reads fail, and Writes, too.
  void EndWriting();
  void CloseReader();
  // CloseWriter is EndWriting, and Writes fail.
  void CloseWriter();

  bool HasEnded();
  // CancelOnEnd has `cancel` called when the stream ends, whoever ends it.
  void CancelOnEnd(CancelFunc cancel);

 private:
  void Set(TimePoint& which, TimePoint deadline);
  void End(bool& flag, bool& other);
  std::error_code WaitForBytes(std::unique_lock<Mutex>& lock);
  void WaitUntil(std::unique_lock<Mutex>& lock, TimePoint deadline);

  const std::size_t capacity_;
  Mutex reading_, writing_;  // for the turns; before mutex_
  Mutex mutex_;              // guards what follows
  Cond changed_;
  std::string data_;
  std::size_t consumed_ = 0;  // of data_
  bool ended_ = false;        // nothing more will be written
  bool writer_closed_ = false;
  bool reader_closed_ = false;
  TimePoint read_deadline_, write_deadline_;
  CancelFunc cancel_;
};

}  // namespace gale::net::internal

// H1Wire: a connection with its buffers, as the parts of an HTTP/1 exchange see it.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "gale/http/internal/input_buffer.h"
#include "gale/http/internal/output_buffer.h"
#include "gale/net/conn.h"
#include "gale/runtime/context.h"

namespace gale::http::internal {

// CoarseNow is the steady clock to within a few milliseconds, for a fifth of its price: good enough for timeouts.
// In a bubble of testing/synctest.h it is the bubble's clock.
std::chrono::steady_clock::time_point CoarseNow();

// H1Wire is bound to one connection at a time. One goroutine.
class H1Wire {
 public:
  // conn must stay where it is until Reset.
  void Bind(const std::shared_ptr<net::Conn>& conn, std::chrono::nanoseconds write_timeout) {
    shared_conn_ = &conn;
    conn_ = conn.get();
    write_timeout_ = write_timeout;
    broken_ = false;
    held_from_ = kNothingHeld;
    write_deadline_.reset();
  }

  net::Conn& Conn() { return *conn_; }
  const std::shared_ptr<net::Conn>& SharedConn() { return *shared_conn_; }
  InputBuffer& Input() { return input_; }
  OutputBuffer& Output() { return output_; }

  // Hold keeps back what is appended to the output from now on, because it may still be replaced; Release lets it go,
  // DropHeld takes it away.
  void Hold() { held_from_ = output_.size(); }
  void Release() { held_from_ = kNothingHeld; }
  void DropHeld() { output_.Truncate(held_from_); }

  // Receive sends what is pending, then reads: nobody waits for a client that waits for us.
  std::expected<std::size_t, gale::Error> Receive(std::span<char> buffer) {
    if (gale::Error error = Flush()) return std::unexpected(error);
    return conn_->Read(buffer);
  }

  // Flush sends the output buffer, except what is held. An error breaks the connection for good: Broken.
  gale::Error Flush();
  // FlushWith sends the output buffer and then `pieces`, at most 3, without copying them. Nothing may be held.
  gale::Error FlushWith(std::span<const std::string_view> pieces);
  // SendFile sends the output buffer and then bytes of a file; returns fewer than `count` if the file ends. Nothing may
  // be held.
  std::expected<std::int64_t, gale::Error> SendFile(int file, std::int64_t offset, std::int64_t count);
  // SetWriteDeadline replaces the timeout, until ClearWriteDeadline. A default one is none.
  void SetWriteDeadline(std::chrono::steady_clock::time_point deadline) {
    write_deadline_ = deadline;
    conn_->SetWriteDeadline(deadline);
  }
  void ClearWriteDeadline() {
    if (!write_deadline_) return;
    write_deadline_.reset();
    conn_->SetWriteDeadline({});
  }
  bool Broken() const { return broken_; }
  // CancelOnBroken has `cancel` called when an error breaks the connection; a default one takes that back.
  void CancelOnBroken(gale::CancelFunc cancel) { cancel_on_broken_ = std::move(cancel); }
  const gale::Error& WhyBroken() const { return why_broken_; }

  // Reset prepares for another connection.
  void Reset() {
    shared_conn_ = nullptr;
    conn_ = nullptr;
    input_.Clear();
    output_.Clear();
  }

 private:
  static constexpr std::size_t kNothingHeld = static_cast<std::size_t>(-1);

  // What a client has write_timeout to take. Less would make more system calls of a large Write, more would be hard on
  // slow clients.
  static constexpr std::size_t kPortion = 256 * 1024;
  static constexpr std::size_t kMostPieces = 4;

  // StartTimeout is called before each portion.
  void StartTimeout() {
    if (write_timeout_.count() > 0 && !write_deadline_) conn_->SetWriteDeadline(CoarseNow() + write_timeout_);
  }
  gale::Error Break(const gale::Error& error);
  // Send sends the pieces, and uses up the span.
  gale::Error Send(std::span<std::string_view> pieces);

  const std::shared_ptr<net::Conn>* shared_conn_ = nullptr;
  net::Conn* conn_ = nullptr;
  std::size_t held_from_ = kNothingHeld;
  std::chrono::nanoseconds write_timeout_{};
  std::optional<std::chrono::steady_clock::time_point> write_deadline_;
  bool broken_ = false;
  gale::Error why_broken_;  // while broken_
  gale::CancelFunc cancel_on_broken_;
  InputBuffer input_;
  OutputBuffer output_;
};

}  // namespace gale::http::internal

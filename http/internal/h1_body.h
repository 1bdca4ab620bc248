// H1Body: the body of the request that a connection is answering.
//
// It reads what has been received together with the head, then from the connection, and never beyond the body's end:
// what follows is the next request. Before it waits for the client it sends what is in the output buffer, and "100
// Continue" if the client waits for that.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "gale/http/header.h"
#include "gale/http/internal/chunked_reader.h"
#include "gale/http/internal/h1_wire.h"
#include "gale/net/io.h"
#include "gale/runtime/internal/span_memory.h"

namespace gale::http::internal {

struct RequestHead;

// BodyLimits bound how long a client may take.
struct BodyLimits {
  std::chrono::nanoseconds patience{};  // the longest wait for some bytes
  // Bytes per second: all waits together may not take longer than patience and what the received bytes take at this
  // rate. 0: no such limit. Without patience there is no such limit, either.
  std::int64_t rate = 0;
};

// EarnedTime is how long so many bytes take at so many per second. It is cut off at a few years.
std::chrono::nanoseconds EarnedTime(std::int64_t bytes, std::int64_t rate);

// H1Body is used by the handler's goroutine, and by the connection before and after the handler.
class H1Body final : public Reader {
 public:
  // wire and trailer must outlive the body.
  H1Body(H1Wire& wire, Header& trailer, const ChunkOptions& options) : wire_(wire), chunked_(trailer, options) {}

  // Begin makes it the body that `head` announces; the unread bytes of the wire's input start with it. `limits` must
  // outlive it; all must be there at `end`, unless that is default.
  void Begin(const RequestHead& head, const BodyLimits& limits, std::chrono::steady_clock::time_point end);

  // Read fails with Errc::kUnexpectedEof if the client stops early, with Errc::kTimeout if it stalls, with
  // std::errc::protocol_error on a malformed chunk, and with std::errc::message_size above the limit.
  std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override;

  // SetDeadline replaces the limits, for this body. A default one means none.
  void SetDeadline(std::chrono::steady_clock::time_point deadline);
  // Abandon makes every later Read fail with `error`, and returns what was received of this body and behind it.
  std::string Abandon(gale::Error error);

  // Finished: everything up to the body's end has been read.
  bool Finished() const { return finished_; }
  // Failed: the body cannot be read to its end, so nothing more can be read from the connection.
  bool Failed() const { return failed_; }
  // Withheld: the client waits for a 100 Continue that it has not got; it may never send the body.
  bool Withheld() const { return continue_wanted_; }
  // FinalResponseBegins: there can be no 100 Continue any more.
  void FinalResponseBegins() { continue_possible_ = false; }
  // ContinueSent: the handler has sent a 100 Continue itself.
  void ContinueSent() { continue_wanted_ = false; }

  // Drain reads and drops the rest of the body, at most `most` bytes and for at most `time` in all, and returns
  // whether it came to the end.
  bool Drain(std::int64_t most, std::chrono::nanoseconds time);

  // End gives bytes that were received beyond the body's end back to the wire's input.
  void End();

 private:
  std::expected<std::size_t, gale::Error> ReadSized(std::span<char> buffer);
  std::expected<std::size_t, gale::Error> ReadChunked(std::span<char> buffer);
  std::expected<std::size_t, gale::Error> Receive(std::span<char> buffer);
  std::expected<std::size_t, gale::Error> TakePending(std::span<char> buffer);
  std::chrono::steady_clock::time_point Deadline(std::chrono::steady_clock::time_point now) const;
  gale::Error Refill();
  gale::Error Continue();
  gale::Error Fail(gale::Error error);
  gale::Error Malformed();

  std::string_view Buffered() const;
  void ConsumeBuffered(std::size_t count);

  H1Wire& wire_;
  ChunkedReader chunked_;
  bool is_chunked_ = false;
  bool finished_ = true;
  bool failed_ = false;
  bool draining_ = false;  // the read deadline is that of Drain
  bool continue_wanted_ = false;
  bool continue_possible_ = false;
  std::int64_t remaining_ = 0;  // bytes of a sized body that are still to come
  gale::Error error_;           // why it has failed: what every later Read reports
  std::string_view pending_;    // data of a chunk, received and decoded but not yet read
  const BodyLimits* limits_ = nullptr;
  std::chrono::steady_clock::time_point end_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;  // the handler's
  std::chrono::nanoseconds waited_{};                              // in all Receives
  std::int64_t received_ = 0;                                      // by them
  // Where a chunked body goes on when the input buffer is full of its pinned head.
  gale::internal::SpanBytes spill_;
  std::size_t spill_begin_ = 0, spill_end_ = 0;
};

}  // namespace gale::http::internal

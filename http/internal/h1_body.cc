#include "gale/http/internal/h1_body.h"

#include <algorithm>
#include <cstring>

#include "gale/http/internal/head_parser.h"
#include "gale/http/status.h"

namespace gale::http::internal {

namespace {
constexpr std::size_t kSpillSize = 4096;
constexpr std::size_t kLittleSpace = 512;  // receiving less than this at a time is not worth a system call
constexpr double kMostEarned = 1e17;       // nanoseconds, three years: what adds up stays far from an overflow
}  // namespace

std::chrono::nanoseconds EarnedTime(std::int64_t bytes, std::int64_t rate) {
  const double earned = static_cast<double>(bytes) * 1e9 / static_cast<double>(rate);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(earned, kMostEarned)));
}

void H1Body::Begin(const RequestHead& head, const BodyLimits& limits, std::chrono::steady_clock::time_point end) {
  is_chunked_ = head.chunked;
  remaining_ = std::max<std::int64_t>(0, head.content_length);
  pending_ = {};
  finished_ = !is_chunked_ && remaining_ == 0;
  failed_ = draining_ = false;
  continue_wanted_ = head.expect_continue;
  continue_possible_ = true;
  limits_ = &limits;
  end_ = end;
  deadline_.reset();
  waited_ = {};
  received_ = 0;
  spill_begin_ = spill_end_ = 0;
  if (is_chunked_) chunked_.Reset();
}

std::expected<std::size_t, gale::Error> H1Body::Read(std::span<char> buffer) {
  if (buffer.empty()) return 0;
  if (failed_) return std::unexpected(error_);
  if (finished_) return std::unexpected(gale::Error(Errc::kEof));
  return is_chunked_ ? ReadChunked(buffer) : ReadSized(buffer);
}

std::expected<std::size_t, gale::Error> H1Body::ReadSized(std::span<char> buffer) {
  buffer = buffer.first(std::min(buffer.size(), static_cast<std::size_t>(remaining_)));
  std::size_t count = 0;
  if (std::string_view ready = Buffered(); !ready.empty()) {
    count = std::min(buffer.size(), ready.size());
    std::memcpy(buffer.data(), ready.data(), count);
    ConsumeBuffered(count);
  } else {
    auto received = Receive(buffer);
    if (!received) return received;
    count = *received;
  }
  remaining_ -= static_cast<std::int64_t>(count);
  finished_ = remaining_ == 0;
  return count;
}

std::expected<std::size_t, gale::Error> H1Body::ReadChunked(std::span<char> buffer) {
  while (pending_.empty()) {
    if (Buffered().empty() && chunked_.DataLeft() >= buffer.size()) {
      // In the middle of a large chunk: no detour through the input buffer.
      auto received = Receive(buffer);
      if (received) chunked_.SkipData(*received);
      return received;
    }
    ChunkStep step = chunked_.Decode(Buffered());
    ConsumeBuffered(step.consumed);
    switch (step.state) {
      case ChunkState::kData: pending_ = step.data; break;
      case ChunkState::kNeedMore:
        if (gale::Error error = Refill()) return std::unexpected(std::move(error));
        break;
      case ChunkState::kDone: finished_ = true; return std::unexpected(gale::Error(Errc::kEof));
      case ChunkState::kError: return std::unexpected(Malformed());
    }
  }
  return TakePending(buffer);
}

std::expected<std::size_t, gale::Error> H1Body::TakePending(std::span<char> buffer) {
  std::size_t count = std::min(buffer.size(), pending_.size());
  std::memcpy(buffer.data(), pending_.data(), count);
  pending_.remove_prefix(count);
  return count;
}

// Refill receives more of a chunked body, all of which has been decoded so far.
gale::Error H1Body::Refill() {
  std::span<char> space = wire_.Input().FreeSpace();
  bool spill = space.size() < kLittleSpace;
  if (spill) {
    if (spill_ == nullptr) spill_ = gale::internal::AllocateSpanBytes(kSpillSize);
    space = {spill_.get(), kSpillSize};
  }
  auto received = Receive(space);
  if (!received) return received.error();
  if (spill) {
    spill_begin_ = 0;
    spill_end_ = *received;
  } else {
    wire_.Input().Received(*received);
  }
  return {};
}

gale::Error H1Body::Malformed() {
  const ParseError& error = chunked_.Error();
  auto code = error.status == kStatusRequestEntityTooLarge ? std::errc::message_size : std::errc::protocol_error;
  return Fail(gale::Error(std::make_error_code(code), "http: " + std::string(error.Text())));
}

std::string_view H1Body::Buffered() const {
  if (spill_begin_ != spill_end_) return {spill_.get() + spill_begin_, spill_end_ - spill_begin_};
  return wire_.Input().Unread();
}

void H1Body::ConsumeBuffered(std::size_t count) {
  if (spill_begin_ != spill_end_) {
    spill_begin_ += count;
  } else {
    wire_.Input().Consume(count);
  }
}

// Receive reads from the connection, after having told the client to go on if it waits for that.
std::expected<std::size_t, gale::Error> H1Body::Receive(std::span<char> buffer) {
  if (continue_wanted_ && continue_possible_) {
    if (gale::Error error = Continue()) return std::unexpected(Fail(std::move(error)));
  }
  const auto start = CoarseNow();
  if (!draining_) wire_.Conn().SetReadDeadline(deadline_ ? *deadline_ : Deadline(start));
  auto received = wire_.Receive(buffer);
  if (received) {
    waited_ += CoarseNow() - start;
    received_ += static_cast<std::int64_t>(*received);
    return received;
  }
  return std::unexpected(Fail(received.error() == Errc::kEof ? gale::Error(Errc::kUnexpectedEof) : received.error()));
}

// Deadline is until when some bytes must come.
std::chrono::steady_clock::time_point H1Body::Deadline(std::chrono::steady_clock::time_point now) const {
  if (limits_->patience.count() == 0) return end_;
  std::chrono::nanoseconds left = limits_->patience;
  if (limits_->rate > 0) {
    left = std::min(left, limits_->patience + EarnedTime(received_, limits_->rate) - waited_);
  }
  const auto deadline = now + left;
  return end_ == std::chrono::steady_clock::time_point{} ? deadline : std::min(deadline, end_);
}

gale::Error H1Body::Continue() {
  continue_wanted_ = false;
  wire_.Release();
  wire_.Output().Append("HTTP/1.1 100 Continue\r\n\r\n");
  gale::Error error = wire_.Flush();
  wire_.Hold();
  return error;
}

gale::Error H1Body::Fail(gale::Error error) {
  failed_ = true;
  error_ = error;
  return error;
}

void H1Body::SetDeadline(std::chrono::steady_clock::time_point deadline) {
  deadline_ = deadline;
  wire_.Conn().SetReadDeadline(deadline);
}

// What is left stays where it is: the handler still reads the head before it.
std::string H1Body::Abandon(gale::Error error) {
  std::string rest(pending_);
  rest.append(spill_.get() + spill_begin_, spill_end_ - spill_begin_);
  spill_begin_ = spill_end_ = 0;
  rest += wire_.Input().Unread();
  wire_.Input().Consume(wire_.Input().Unread().size());
  pending_ = {};
  (void)Fail(std::move(error));
  return rest;
}

bool H1Body::Drain(std::int64_t most, std::chrono::nanoseconds time) {
  if (failed_ || (!is_chunked_ && remaining_ > most)) return false;
  wire_.Conn().SetReadDeadline(CoarseNow() + time);
  draining_ = true;
  continue_possible_ = false;
  char scratch[4096];
  std::int64_t drained = 0;
  while (!finished_ && drained <= most) {
    auto count = Read(scratch);
    if (!count) break;
    drained += static_cast<std::int64_t>(*count);
  }
  return finished_;
}

void H1Body::End() {
  if (spill_begin_ == spill_end_) return;
  wire_.Input().Unpin();
  wire_.Input().Prepend(Buffered());
  spill_begin_ = spill_end_ = 0;
}

}  // namespace gale::http::internal

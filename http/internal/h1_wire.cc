#include "gale/http/internal/h1_wire.h"

#include <array>
#include <ctime>
#include <system_error>

#include "gale/runtime/clock.h"
#include "gale/runtime/internal/bubble.h"

namespace gale::http::internal {

std::chrono::steady_clock::time_point CoarseNow() {
  if (gale::internal::CurrentBubble() != nullptr) return gale::Clock::now();
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(now.tv_sec) +
                                               std::chrono::nanoseconds(now.tv_nsec));
}

gale::Error H1Wire::Send(std::span<std::string_view> pieces) {
  while (!pieces.empty()) {
    if (broken_) return why_broken_;
    std::size_t room = kPortion;
    std::size_t count = 0;
    while (count < pieces.size() && pieces[count].size() <= room) room -= pieces[count++].size();
    std::string_view rest;
    if (count < pieces.size()) {
      rest = pieces[count].substr(room);
      pieces[count] = pieces[count].substr(0, room);
      ++count;
    }
    if (write_timeout_.count() > 0) conn_->SetWriteDeadline(CoarseNow() + write_timeout_);
    auto written = count == 1 ? conn_->Write(pieces[0]) : conn_->Writev(pieces.first(count));
    if (!written) {
      broken_ = true;
      why_broken_ = written.error();
      cancel_on_broken_();
      return why_broken_;
    }
    pieces = pieces.subspan(rest.empty() ? count : count - 1);
    if (!rest.empty()) pieces[0] = rest;
  }
  return {};
}

gale::Error H1Wire::Flush() {
  if (held_from_ < output_.size()) {
    std::size_t count = held_from_;
    if (count == 0) return {};
    std::string_view ready = output_.View().substr(0, count);
    gale::Error error = Send({&ready, 1});
    output_.DropFront(count);
    held_from_ = 0;
    return error;
  }
  if (output_.empty()) return {};
  std::string_view ready = output_.View();
  gale::Error error = Send({&ready, 1});
  output_.Clear();
  if (held_from_ != kNothingHeld) held_from_ = 0;
  return error;
}

gale::Error H1Wire::FlushWith(std::span<const std::string_view> pieces) {
  std::array<std::string_view, kMostPieces> all;
  std::size_t count = 0;
  if (!output_.empty()) all[count++] = output_.View();
  for (std::string_view piece : pieces) all[count++] = piece;
  gale::Error error = Send(std::span(all).first(count));
  output_.Clear();
  return error;
}

}  // namespace gale::http::internal

#include "gale/http/internal/h1_wire.h"

#include <algorithm>
#include <array>
#include <ctime>

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

gale::Error H1Wire::Break(const gale::Error& error) {
  broken_ = true;
  why_broken_ = error;
  cancel_on_broken_();
  return error;
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
    StartTimeout();
    auto written = count == 1 ? conn_->Write(pieces[0]) : conn_->Writev(pieces.first(count));
    if (!written) return Break(written.error());
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

std::expected<std::int64_t, gale::Error> H1Wire::SendFile(int file, std::int64_t offset, std::int64_t count) {
  if (gale::Error error = Flush()) return std::unexpected(error);
  std::int64_t sent = 0;
  while (sent < count) {
    if (broken_) return std::unexpected(why_broken_);
    StartTimeout();
    const std::int64_t portion = std::min<std::int64_t>(count - sent, kPortion);
    auto n = conn_->SendFile(file, offset + sent, portion);
    if (!n) return std::unexpected(Break(n.error()));
    sent += *n;
    if (*n < portion) break;
  }
  return sent;
}

}  // namespace gale::http::internal

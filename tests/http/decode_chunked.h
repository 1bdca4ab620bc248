// DecodeChunked: what a ChunkedReader makes of a body that arrives in pieces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gale/http/internal/chunked_reader.h"
#include "gale/tests/http/exact_bytes.h"

namespace gale::http::testing {

// ChunkedOutcome is all that a reader says about an input, in a form that can be compared and printed.
struct ChunkedOutcome {
  int status = -1;  // 0: a body, -1: incomplete
  std::string body;
  std::size_t consumed = 0;      // of a body
  bool asked_too_early = false;  // for more, before it had used what it was given
  std::vector<std::pair<std::string, std::string>> trailer;

  friend bool operator==(const ChunkedOutcome&, const ChunkedOutcome&) = default;
};

inline void PrintTo(const ChunkedOutcome& outcome, std::ostream* out) {
  *out << outcome.status << " \"" << outcome.body << "\" " << outcome.consumed;
  if (outcome.asked_too_early) *out << " asked too early";
  for (const auto& [name, value] : outcome.trailer) *out << " [" << name << ": " << value << ']';
}

// DecodeChunked feeds the input in pieces of the given sizes, the last of which is repeated.
inline ChunkedOutcome DecodeChunked(std::string_view input, const std::vector<std::size_t>& sizes,
                                    const internal::ChunkOptions& options = {}) {
  using internal::ChunkState;
  Header trailer;
  internal::ChunkedReader reader(trailer, options);
  ChunkedOutcome outcome;
  std::size_t piece = 0;
  while (outcome.status == -1 && !input.empty()) {
    ExactBytes bytes(input.substr(0, sizes[std::min(piece++, sizes.size() - 1)]));
    std::string_view rest = bytes.All();
    input.remove_prefix(rest.size());
    internal::ChunkStep step;
    do {
      step = reader.Decode(rest);
      outcome.body += step.data;
      outcome.consumed += step.consumed;
      rest.remove_prefix(step.consumed);
    } while (step.state == ChunkState::kData);
    if (step.state == ChunkState::kDone) outcome.status = 0;
    if (step.state == ChunkState::kError) outcome.status = reader.Error().status;
    if (step.state == ChunkState::kNeedMore && !rest.empty()) outcome.asked_too_early = true;
  }
  if (outcome.status != 0) outcome.consumed = 0;
  for (auto [name, value] : trailer) outcome.trailer.emplace_back(name, value);
  return outcome;
}

}  // namespace gale::http::testing

// A chunked body: however the bytes arrive, the result is the same; and what is decoded is what a plain reading of the
// bytes gives.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "gale/http/internal/chunked_reader.h"
#include "gale/tests/fuzz/fuzz.h"
#include "gale/tests/http/exact_bytes.h"

namespace {

using gale::fuzz::Check;
using gale::http::ExactBytes;
using gale::http::Header;
using gale::http::internal::ChunkedReader;
using gale::http::internal::ChunkOptions;
using gale::http::internal::ChunkState;
using gale::http::internal::ChunkStep;

// Small, so that short inputs reach them.
constexpr ChunkOptions kOptions = {.max_body = 1000, .max_overhead = 200, .max_trailer = 200, .max_trailer_fields = 5};

struct Outcome {
  ChunkState state = ChunkState::kNeedMore;
  int status = 0;
  std::string body;
  std::string trailer;
  std::size_t consumed = 0;  // of a whole body
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Decode(std::string_view input, std::size_t first, std::size_t step_size) {
  Header trailer;
  ChunkedReader reader(trailer, kOptions);
  Outcome outcome;
  for (std::size_t piece = first; !input.empty() && outcome.state == ChunkState::kNeedMore; piece = step_size) {
    ExactBytes bytes(input.substr(0, std::max<std::size_t>(piece, 1)));
    std::string_view rest = bytes.All();
    input.remove_prefix(rest.size());
    ChunkStep step;
    do {
      step = reader.Decode(rest);
      outcome.body += step.data;
      outcome.consumed += step.consumed;
      rest.remove_prefix(step.consumed);
    } while (step.state == ChunkState::kData);
    Check(step.state != ChunkState::kNeedMore || rest.empty(), "asks for more than it has used");
    outcome.state = step.state;
  }
  if (outcome.state == ChunkState::kError) outcome.status = reader.Error().status;
  if (outcome.state != ChunkState::kDone) outcome.consumed = 0;
  for (auto [name, value] : trailer) outcome.trailer.append(name).append(": ").append(value) += '\n';
  return outcome;
}

// The body at the start of the input, read without suspicion; nothing where that is not possible.
struct Plain {
  std::string body;
  std::size_t size;
};
std::optional<Plain> ReadPlainly(std::string_view input) {
  Plain plain{};
  while (true) {
    const std::size_t line_end = input.find("\r\n", plain.size);
    if (line_end == std::string_view::npos) return std::nullopt;
    const std::string line(input.substr(plain.size, line_end - plain.size));
    const unsigned long long size = std::strtoull(line.c_str(), nullptr, 16);
    plain.size = line_end + 2;
    if (size == 0) break;
    if (size > input.size() - plain.size) return std::nullopt;
    plain.body += input.substr(plain.size, size);
    plain.size += size + 2;
  }
  // The trailer ends with the first empty line.
  if (!input.substr(plain.size).starts_with("\r\n")) {
    const std::size_t trailer_end = input.find("\r\n\r\n", plain.size);
    if (trailer_end == std::string_view::npos) return std::nullopt;
    plain.size = trailer_end + 2;
  }
  plain.size += 2;
  return plain;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gale::fuzz::Input(data, size);
  const Outcome whole = Decode(input, input.size(), 1);
  const std::size_t odd = size > 0 ? data[size - 1] : 0;
  Check(Decode(input, odd, input.size()) == whole, "in two pieces it is something else");
  Check(Decode(input, 1, 1) == whole, "byte by byte it is something else");
  Check(Decode(input, 1, 1 + odd % 20) == whole, "in pieces it is something else");

  Check(whole.body.size() <= kOptions.max_body, "a body beyond its limit");
  Check(whole.state != ChunkState::kError || whole.status >= 400, "an error without status");
  if (whole.state != ChunkState::kDone) return 0;
  const std::optional<Plain> plain = ReadPlainly(input);
  Check(plain.has_value(), "a body that nobody else would read");
  Check(plain->size == whole.consumed, "a body that ends elsewhere");
  Check(plain->body == whole.body, "a body with other content");
  return 0;
}

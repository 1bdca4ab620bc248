// A chunked body: however the bytes arrive, the result is the same; and what is decoded is what a plain reading of the
// bytes gives.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gale/tests/fuzz/fuzz.h"
#include "gale/tests/http/decode_chunked.h"

namespace {

using gale::fuzz::Check;
using gale::http::internal::ChunkOptions;
using gale::http::testing::ChunkedOutcome;

// Small, so that short inputs reach them.
constexpr ChunkOptions kOptions = {.max_body = 1000, .max_overhead = 200, .max_trailer = 200, .max_trailer_fields = 5};

ChunkedOutcome Decode(std::string_view input, const std::vector<std::size_t>& sizes) {
  ChunkedOutcome outcome = gale::http::testing::DecodeChunked(input, sizes, kOptions);
  Check(!outcome.asked_too_early, "asks for more than it has used");
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
  const std::size_t odd = size > 0 ? data[size - 1] : 0;
  const ChunkedOutcome whole = Decode(input, {size});
  Check(Decode(input, {std::max<std::size_t>(odd, 1), size}) == whole, "in two pieces it is something else");
  Check(Decode(input, {1}) == whole, "byte by byte it is something else");
  Check(Decode(input, {1, 1 + odd % 20}) == whole, "in pieces it is something else");

  Check(whole.body.size() <= kOptions.max_body, "a body beyond its limit");
  Check(whole.status <= 0 || whole.status >= 400, "an error without status");
  if (whole.status != 0) return 0;
  const std::optional<Plain> plain = ReadPlainly(input);
  Check(plain.has_value(), "a body that nobody else would read");
  Check(plain->size == whole.consumed, "a body that ends elsewhere");
  Check(plain->body == whole.body, "a body with other content");
  return 0;
}

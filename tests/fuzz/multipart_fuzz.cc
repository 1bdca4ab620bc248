// Multipart bodies: the same parts however the bytes arrive, and no more of them than were sent.
#include <algorithm>
#include <string>
#include <string_view>

#include "gale/http/multipart.h"
#include "gale/tests/fuzz/fuzz.h"
#include "gale/tests/net/piece_reader.h"

namespace {

using gale::fuzz::Check;
using gale::testing::PieceReader;

struct Parsed {
  std::string summary;
  std::size_t content = 0;
};

Parsed Parse(std::string_view boundary, std::string_view body, std::size_t piece, std::size_t read_size) {
  PieceReader reader(std::string(body), piece);
  gale::http::MultipartReader parts(reader, boundary, {.max_parts = 20});
  Parsed parsed;
  std::string buffer(read_size, '\0');
  for (;;) {
    const auto part = parts.NextPart();
    if (!part) {
      parsed.summary += part.error().Message();
      return parsed;
    }
    const std::string& file_name = (*part)->FileName();
    Check(file_name.find_first_of("/\\") == std::string::npos && file_name != "..", "a path as a file name");
    parsed.summary += (*part)->FormName() + '\0' + file_name + '\0';
    for (;;) {
      const auto count = (*part)->Read(buffer);
      if (!count) {
        parsed.summary += count.error().Message();
        break;
      }
      Check(*count > 0, "a read of nothing");
      parsed.summary.append(buffer, 0, *count);
      parsed.content += *count;
    }
  }
}

}  // namespace

// The first line is the boundary, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = gale::fuzz::Input(data, size);
  const std::string_view boundary = gale::fuzz::TakeLine(input);
  const Parsed whole = Parse(boundary, input, std::max<std::size_t>(input.size(), 1), 4096);
  Check(whole.content <= input.size(), "more than was sent");
  for (std::size_t piece : {1u, 7u}) {
    Check(Parse(boundary, input, piece, 3).summary == whole.summary, "the pieces make a difference");
  }
  return 0;
}

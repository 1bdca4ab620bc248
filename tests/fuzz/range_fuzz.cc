// The fields by which clients ask for a part of a file, or for one that they do not have: the first line of the input
// is the content's size, the rest is any of the fields.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "gale/http/internal/accept_encoding.h"
#include "gale/http/internal/byte_range.h"
#include "gale/http/internal/date.h"
#include "gale/http/internal/entity_tag.h"
#include "gale/http/internal/parse_date.h"
#include "gale/tests/fuzz/fuzz.h"

namespace {

using gale::fuzz::Check;
using gale::http::internal::ByteRange;
using gale::http::internal::TagComparison;

void CheckRange(std::string_view field, std::int64_t size) {
  const auto ranges = gale::http::internal::ParseRange(field, size);
  if (!ranges || ranges->empty()) return;
  Check(ranges->size() <= gale::http::internal::kMostRanges, "too many ranges");
  std::string written = "bytes=";
  std::int64_t left = size;
  for (const ByteRange& range : *ranges) {
    Check(range.start >= 0 && range.length > 0, "a range that is empty");
    Check(range.start < size && range.length <= size - range.start, "a range that is not in the content");
    Check(range.length <= left, "more bytes than the content has");
    left -= range.length;
    written += std::to_string(range.start) + '-' + std::to_string(range.start + range.length - 1) + ',';
  }
  Check(gale::http::internal::ParseRange(written, size) == ranges,
        "ranges that are not the same when they are written");
}

void CheckTags(std::string_view list) {
  const std::string_view tag = gale::http::internal::FirstTag(list);
  if (tag.empty()) return;
  Check(gale::http::internal::ListHasTag(list, tag, TagComparison::kWeak), "a list without its first tag");
  const bool is_strong = tag.starts_with('"');
  Check(gale::http::internal::ListHasTag(tag, tag, TagComparison::kStrong) == is_strong, "a weak tag that is strong");
}

void CheckDate(std::string_view text) {
  const auto time = gale::http::internal::ParseDate(text);
  if (!time) return;
  char written[gale::http::internal::kDateLength];
  gale::http::internal::FormatDate(time->time_since_epoch().count(), written);
  Check(gale::http::internal::ParseDate({written, sizeof written}) == time, "a date that is another one when written");
}

void CheckEncodings(std::string_view field) {
  const gale::http::internal::EncodingPreferences accepted({field});
  for (const std::string_view coding : {"gzip", "br"}) {
    const int quality = accepted.Quality(coding);
    Check(quality >= 0 && quality <= 1000, "a quality out of bounds");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = gale::fuzz::Input(data, size);
  const std::string_view line = gale::fuzz::TakeLine(input);
  std::int64_t content_size = 0;
  std::from_chars(line.data(), line.data() + line.size(), content_size);
  CheckRange(input, std::max<std::int64_t>(content_size, 0));
  CheckTags(input);
  CheckDate(input);
  CheckEncodings(input);
  return 0;
}

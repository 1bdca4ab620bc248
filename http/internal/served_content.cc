#include "gale/http/internal/served_content.h"

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "gale/http/internal/byte_range.h"
#include "gale/http/internal/date_field.h"
#include "gale/http/internal/multipart_ranges.h"
#include "gale/http/internal/preconditions.h"
#include "gale/http/internal/serve_error.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/sniff.h"
#include "gale/http/status.h"
#include "gale/http/type_by_extension.h"

namespace gale::http::internal {
namespace {

// Sets Content-Type, unless the handler has. Returns false if the content cannot be read.
bool SetContentType(ResponseWriter& w, const ServedContent& served) {
  if (w.Header().Has("Content-Type")) return true;
  std::string_view type = TypeByExtension(served.name);
  if (type.empty() && served.sniffed != nullptr) {
    std::array<char, kSniffLength> start;
    const auto count = ReadFully(*served.sniffed, start, 0);
    if (!count) return false;
    type = DetectContentType({start.data(), *count});
  }
  w.Header().Set("Content-Type", type.empty() ? "application/octet-stream" : type);
  return true;
}

// The ranges to send, of which none means the whole; or nothing, if the answer is 416, and has been given.
std::optional<std::vector<ByteRange>> WantedRanges(ResponseWriter& w, const Request& r, const Validators& validators,
                                                   std::int64_t size) {
  const std::string_view field = r.Header().Get("Range");
  // RFC 9110 section 14.2: only GET has ranges. Some clients ask for a range of everything, also of what is empty.
  if (r.Method() != "GET" || field.empty() || !RangeHolds(r, validators)) return std::vector<ByteRange>();
  auto ranges = ParseRange(field, size);
  if (ranges) return *std::move(ranges);
  const bool no_overlap = ranges.error() == RangeFault::kNoOverlap;
  if (no_overlap && size == 0) return std::vector<ByteRange>();
  w.Header().Set("Content-Range", "bytes */" + std::to_string(size));
  ServeError(w, no_overlap ? "invalid range: failed to overlap" : "invalid range", kStatusRequestedRangeNotSatisfiable);
  return std::nullopt;
}

void SendHead(ResponseWriter& w, const ServedContent& served, std::int64_t length, int status) {
  Header& header = w.Header();
  header.Set("Accept-Ranges", "bytes");
  const bool encoded_later = !header.Get("Content-Encoding").empty() && !served.is_encoded;
  if (!encoded_later || status == kStatusPartialContent) header.Set("Content-Length", std::to_string(length));
  w.WriteHeader(status);
}

// A failed write, or content that has become shorter, leaves less than was announced, so that the server closes the
// connection and the client knows.
void SendWhole(ResponseWriter& w, const Request& r, const ServedContent& served) {
  const std::int64_t size = served.content.Size();
  SendHead(w, served, size, kStatusOK);
  if (r.Method() != "HEAD" && size > 0) (void)served.content.WriteTo(w, 0, size);
}

void SendRange(ResponseWriter& w, const ServedContent& served, const ByteRange& range) {
  w.Header().Set("Content-Range", ContentRange(range, served.content.Size()));
  SendHead(w, served, range.length, kStatusPartialContent);
  (void)served.content.WriteTo(w, range.start, range.length);
}

void SendRanges(ResponseWriter& w, const ServedContent& served, const std::vector<ByteRange>& ranges) {
  const MultipartRanges parts(ranges, w.Header().Get("Content-Type"), served.content.Size());
  w.Header().Set("Content-Type", parts.ContentType());
  SendHead(w, served, parts.Length(), kStatusPartialContent);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (!w.Write(parts.Head(i))) return;
    const auto written = served.content.WriteTo(w, ranges[i].start, ranges[i].length);
    if (!written || *written < ranges[i].length) return;
  }
  (void)w.Write(parts.End());
}

}  // namespace

void Serve(ResponseWriter& w, Request& r, const ServedContent& served) {
  const DateField modified(served.modified);
  if (modified.Second()) w.Header().Set("Last-Modified", modified.Text());
  const Validators validators{.tag = w.Header().Get("Etag"), .modified = modified.Second()};
  switch (CheckPreconditions(r, validators)) {
    case Precondition::kNotModified: return ServeNotModified(w);
    case Precondition::kFailed: return w.WriteHeader(kStatusPreconditionFailed);
    case Precondition::kHolds: break;
  }
  if (!SetContentType(w, served)) return ServeFileError(w, EIO);
  const auto ranges = WantedRanges(w, r, validators, served.content.Size());
  if (!ranges) return;
  if (ranges->empty()) return SendWhole(w, r, served);
  if (ranges->size() == 1) return SendRange(w, served, ranges->front());
  SendRanges(w, served, *ranges);
}

}  // namespace gale::http::internal

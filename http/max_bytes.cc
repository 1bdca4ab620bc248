#include "gale/http/max_bytes.h"

#include <algorithm>
#include <utility>

#include "gale/http/internal/failure.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"

namespace gale::http {
namespace {

// BodyOverride gives the request another body until the end of the scope.
class BodyOverride {
 public:
  BodyOverride(Request& r, Reader& body) : request_(r), former_(r.Body()) {
    request_.SetBody(body, request_.ContentLength());
  }
  BodyOverride(const BodyOverride&) = delete;
  BodyOverride& operator=(const BodyOverride&) = delete;
  ~BodyOverride() { request_.SetBody(former_, request_.ContentLength()); }

 private:
  Request& request_;
  Reader& former_;
};

}  // namespace

MaxBytesReader::MaxBytesReader(ResponseWriter& w, Reader& reader, std::int64_t limit)
    : w_(w), reader_(reader), remaining_(std::max<std::int64_t>(limit, 0)) {}

std::expected<std::size_t, gale::Error> MaxBytesReader::Read(std::span<char> buffer) {
  if (error_) return std::unexpected(error_);
  if (buffer.empty()) return 0;
  // One byte more than allowed tells a body that just fits from one that is too large.
  const auto most = static_cast<std::size_t>(remaining_) + 1;
  auto count = reader_.Read(buffer.first(std::min(buffer.size(), most)));
  if (!count) {
    error_ = count.error();
    return count;
  }
  if (*count == most) {
    if (remaining_ == 0) return Exceeded();
    // The next Read says so.
    (void)Exceeded();
    return most - 1;
  }
  remaining_ -= static_cast<std::int64_t>(*count);
  return count;
}

std::expected<std::size_t, gale::Error> MaxBytesReader::Exceeded() {
  remaining_ = 0;
  error_ = internal::Fault(MessageErrc::kBodyTooLarge);
  w_.Header().Set("Connection", "close");
  return std::unexpected(error_);
}

MaxBytesHandler::MaxBytesHandler(HandlerRef handler, std::int64_t limit)
    : handler_(std::move(handler)), limit_(limit) {}

void MaxBytesHandler::ServeHTTP(ResponseWriter& w, Request& r) {
  MaxBytesReader body(w, r.Body(), limit_);
  const BodyOverride limited(r, body);
  handler_.ServeHTTP(w, r);
}

}  // namespace gale::http

#include "gale/http/httptest/response_recorder.h"

#include "gale/http/status.h"
#include "gale/runtime/panic.h"

namespace gale::http::httptest {

void ResponseRecorder::WriteHeader(int status) {
  if (status < 100 || status > 999) throw Panic("invalid WriteHeader code " + std::to_string(status));
  const bool is_interim = status < 200 && status != kStatusSwitchingProtocols;
  if (code_ != 0 || is_interim) return;
  code_ = status;
  sent_header_ = header_;
}

std::expected<std::size_t, gale::Error> ResponseRecorder::Write(std::string_view data) {
  if (code_ == 0) WriteHeader(kStatusOK);
  if (code_ < 200 || code_ == kStatusNoContent || code_ == kStatusNotModified) {
    return std::unexpected(gale::Error(std::make_error_code(std::errc::operation_not_permitted),
                                       "http: request method or response status code does not allow body"));
  }
  body_ += data;
  return data.size();
}

gale::Error ResponseRecorder::Flush() {
  if (code_ == 0) WriteHeader(kStatusOK);
  flushed_ = true;
  return {};
}

}  // namespace gale::http::httptest

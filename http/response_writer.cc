#include "gale/http/response_writer.h"

#include <system_error>

#include "gale/net/copy_file.h"

namespace gale::http {

namespace {

gale::Error NotSupported() { return {std::make_error_code(std::errc::not_supported), "http: feature not supported"}; }

}  // namespace

gale::Error ResponseWriter::Flush() { return Unwrap() != nullptr ? Unwrap()->Flush() : NotSupported(); }

std::expected<Hijacked, gale::Error> ResponseWriter::Hijack() {
  if (Unwrap() == nullptr) return std::unexpected(NotSupported());
  return Unwrap()->Hijack();
}

gale::Error ResponseWriter::SetReadDeadline(TimePoint deadline) {
  return Unwrap() != nullptr ? Unwrap()->SetReadDeadline(deadline) : NotSupported();
}

gale::Error ResponseWriter::SetWriteDeadline(TimePoint deadline) {
  return Unwrap() != nullptr ? Unwrap()->SetWriteDeadline(deadline) : NotSupported();
}

gale::Error ResponseWriter::EnableFullDuplex() {
  return Unwrap() != nullptr ? Unwrap()->EnableFullDuplex() : NotSupported();
}

// Not Unwrap's: whoever wraps a writer wants to see what is written.
std::expected<std::int64_t, gale::Error> ResponseWriter::SendFile(int file, std::int64_t offset, std::int64_t count) {
  return net::CopyFile(*this, file, offset, count);
}

}  // namespace gale::http

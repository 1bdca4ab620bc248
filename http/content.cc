#include "gale/http/content.h"

#include <algorithm>
#include <memory>

#include "gale/http/response_writer.h"
#include "gale/net/internal/syscalls.h"

namespace gale::http {
std::expected<std::int64_t, gale::Error> Content::WriteTo(ResponseWriter& w, std::int64_t offset, std::int64_t count) {
  constexpr std::int64_t kPiece = 32 * 1024;
  const auto size = static_cast<std::size_t>(std::min(count, kPiece));
  const auto buffer = std::make_unique_for_overwrite<char[]>(size);
  std::int64_t written = 0;
  while (written < count) {
    const auto wanted = static_cast<std::size_t>(std::min(count - written, kPiece));
    const auto n = ReadAt({buffer.get(), wanted}, offset + written);
    if (!n && n.error() == Errc::kEof) break;
    if (!n) return std::unexpected(n.error());
    if (const auto result = w.Write({buffer.get(), *n}); !result) return std::unexpected(result.error());
    written += static_cast<std::int64_t>(*n);
  }
  return written;
}

std::expected<std::size_t, gale::Error> ReadFully(Content& content, std::span<char> buffer, std::int64_t offset) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto n = content.ReadAt(buffer.subspan(filled), offset + static_cast<std::int64_t>(filled));
    if (!n && n.error() == Errc::kEof) break;
    if (!n) return n;
    filled += *n;
  }
  return filled;
}

std::expected<std::size_t, gale::Error> BytesContent::ReadAt(std::span<char> buffer, std::int64_t offset) {
  if (buffer.empty()) return 0;
  if (offset >= Size()) return std::unexpected(gale::Error(Errc::kEof));
  return bytes_.copy(buffer.data(), buffer.size(), static_cast<std::size_t>(offset));
}

std::expected<std::int64_t, gale::Error> BytesContent::WriteTo(ResponseWriter& w, std::int64_t offset,
                                                               std::int64_t count) {
  if (offset >= Size()) return 0;
  const auto written = w.Write(bytes_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(count)));
  if (!written) return std::unexpected(written.error());
  return static_cast<std::int64_t>(*written);
}

std::expected<std::size_t, gale::Error> FileContent::ReadAt(std::span<char> buffer, std::int64_t offset) {
  if (buffer.empty()) return 0;
  const ssize_t count = net::internal::ReadAt(descriptor_, buffer, offset);
  if (count < 0) return std::unexpected(gale::Error::FromErrno(static_cast<int>(-count), "read file"));
  if (count == 0) return std::unexpected(gale::Error(Errc::kEof));
  return static_cast<std::size_t>(count);
}

std::expected<std::int64_t, gale::Error> FileContent::WriteTo(ResponseWriter& w, std::int64_t offset,
                                                              std::int64_t count) {
  return w.SendFile(descriptor_, offset, count);
}

}  // namespace gale::http

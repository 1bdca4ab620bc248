#include "gale/net/io.h"

#include <algorithm>
#include <memory>

namespace gale {
namespace {

constexpr std::size_t kFirstReadSize = 512;                     // doubled each time it is full
constexpr std::size_t kCopyBufferSize = std::size_t{32} << 10;  // Go's io.Copy
// A Reader whose Read returns nothing and no error for so many times in a row is broken; Go's bufio has the same limit.
constexpr int kMaxEmptyReads = 100;

std::unexpected<Error> TooLong() { return std::unexpected(Error(std::make_error_code(std::errc::message_size))); }

// NextSize leaves room for one byte more than the limit, so that going over it is noticed.
std::size_t NextSize(std::size_t size, std::size_t limit) {
  const std::size_t next = std::max(kFirstReadSize, size * 2);
  return limit < next ? limit + 1 : next;
}

}  // namespace

std::expected<std::string, Error> ReadAll(Reader& reader, std::size_t limit) {
  std::string all;
  std::size_t used = 0;
  int empty_reads = 0;
  for (;;) {
    if (used == all.size()) all.resize(NextSize(used, limit));
    std::expected<std::size_t, Error> n = reader.Read(std::span(all).subspan(used));
    if (!n) {
      if (n.error() != Errc::kEof) return std::unexpected(std::move(n.error()));
      all.resize(used);
      return all;
    }
    if (*n == 0 && ++empty_reads == kMaxEmptyReads) return std::unexpected(Error(Errc::kNoProgress));
    if (*n > 0) empty_reads = 0;
    used += *n;
    if (used > limit) return TooLong();
  }
}

std::expected<std::size_t, Error> Copy(Writer& writer, Reader& reader) {
  // Not on the stack: a goroutine's is small, and a copy lasts long enough to pay for one allocation.
  const auto buffer = std::make_unique_for_overwrite<char[]>(kCopyBufferSize);
  std::size_t moved = 0;
  int empty_reads = 0;
  for (;;) {
    std::expected<std::size_t, Error> n = reader.Read(std::span(buffer.get(), kCopyBufferSize));
    if (!n) {
      if (n.error() != Errc::kEof) return std::unexpected(std::move(n.error()));
      return moved;
    }
    if (*n == 0) {
      if (++empty_reads == kMaxEmptyReads) return std::unexpected(Error(Errc::kNoProgress));
      continue;
    }
    empty_reads = 0;
    std::expected<std::size_t, Error> written = writer.Write(std::string_view(buffer.get(), *n));
    if (!written) return std::unexpected(std::move(written.error()));
    if (*written != *n) return std::unexpected(Error(Errc::kShortWrite));
    moved += *n;
  }
}

}  // namespace gale

// Content: bytes of a known number that can be read from anywhere, for ServeContent.
//
//   http::BytesContent logo(kLogo);
//   http::FileContent log(descriptor, size);
//
// Anything else, a blob in a database for example, derives from Content and reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "gale/runtime/error.h"

namespace gale::http {

class ResponseWriter;

// Content is used by one goroutine. In the place of Go's io.ReadSeeker; it has no position.
class Content {
 public:
  virtual ~Content() = default;

  // Size is how many bytes there are; always the same.
  virtual std::int64_t Size() const = 0;

  // ReadAt stores up to buffer.size() bytes from the offset on and returns how many: at least one, unless the buffer is
  // empty. Errc::kEof at the end, always alone.
  virtual std::expected<std::size_t, gale::Error> ReadAt(std::span<char> buffer, std::int64_t offset) = 0;

  // WriteTo writes `count` bytes from the offset on and returns how many: fewer where the content ends, although its
  // Size says otherwise. Made of ReadAt, 32 KiB at a time.
  virtual std::expected<std::int64_t, gale::Error> WriteTo(ResponseWriter& w, std::int64_t offset, std::int64_t count);
};

// ReadFully reads until the buffer is full or the content ends, and returns how many bytes.
std::expected<std::size_t, gale::Error> ReadFully(Content& content, std::span<char> buffer, std::int64_t offset);

// BytesContent is bytes in memory, which must outlive it.
class BytesContent final : public Content {
 public:
  explicit BytesContent(std::string_view bytes) : bytes_(bytes) {}
  std::int64_t Size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::expected<std::size_t, gale::Error> ReadAt(std::span<char> buffer, std::int64_t offset) override;
  std::expected<std::int64_t, gale::Error> WriteTo(ResponseWriter& w, std::int64_t offset, std::int64_t count) override;

 private:
  std::string_view bytes_;
};

// FileContent is the first `size` bytes of an open regular file, which it does not own, and whose position it does not
// touch. It writes with ResponseWriter::SendFile. The thread may wait for the disk; other goroutines go on, on another
// thread, when the runtime has noticed. (To announce each read with Blocking would cost more than most reads take.)
class FileContent final : public Content {
 public:
  FileContent(int descriptor, std::int64_t size) : descriptor_(descriptor), size_(size) {}
  std::int64_t Size() const override { return size_; }
  std::expected<std::size_t, gale::Error> ReadAt(std::span<char> buffer, std::int64_t offset) override;
  std::expected<std::int64_t, gale::Error> WriteTo(ResponseWriter& w, std::int64_t offset, std::int64_t count) override;

 private:
  const int descriptor_;
  const std::int64_t size_;
};

}  // namespace gale::http

// TempFile: a file without a name, for what does not fit into memory.
//
// It never had a name where the file system can do that (O_TMPFILE), and loses it at once elsewhere: whatever ends the
// process, nothing is left behind, and nobody else can open it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gale/runtime/error.h"

namespace gale::http::internal {

// TempFile is written by one goroutine; afterwards any number may read it at once. The calls wait for the disk, and let
// other goroutines run meanwhile.
class TempFile {
 public:
  // directory "": $TMPDIR, or /tmp. Fails with the errno of open(2).
  static std::expected<std::unique_ptr<TempFile>, gale::Error> Create(const std::string& directory);

  // Size is how many bytes have been appended.
  std::int64_t Size() const { return size_; }

  explicit TempFile(int descriptor) : descriptor_(descriptor) {}
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile();

  // Append writes all of data, or fails with the errno of write(2).
  gale::Error Append(std::string_view data);
  // ReadAt reads what stands at the offset. Errc::kEof behind the end.
  std::expected<std::size_t, gale::Error> ReadAt(std::span<char> buffer, std::int64_t offset) const;

 private:
  const int descriptor_;
  std::int64_t size_ = 0;
};

}  // namespace gale::http::internal

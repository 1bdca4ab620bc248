#include "gale/http/internal/temp_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "gale/net/internal/syscalls.h"
#include "gale/runtime/blocking.h"

namespace gale::http::internal {
namespace {

std::string Directory(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const char* from_environment = ::secure_getenv("TMPDIR");
  return from_environment != nullptr && *from_environment != '\0' ? from_environment : "/tmp";
}

// These return a negative errno where they fail. They are not inlined, since the address of errno, which compilers take
// for a constant, is another one after Blocking has moved the goroutine to another thread.
[[gnu::noinline]] int Open(const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) return descriptor;
  // What a file system or a kernel without O_TMPFILE says.
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) return -errno;
  std::string path = directory + "/gale-XXXXXX";
  const int named = ::mkostemp(path.data(), O_CLOEXEC);
  if (named < 0) return -errno;
  ::unlink(path.c_str());
  return named;
}

[[gnu::noinline]] std::int64_t WriteAll(int descriptor, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = ::write(descriptor, data.data(), data.size());
    if (count < 0 && errno != EINTR) return -errno;
    if (count > 0) data.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

gale::Error Failed(std::int64_t negative_errno, const char* what) {
  return gale::Error::FromErrno(static_cast<int>(-negative_errno), what);
}

}  // namespace

std::expected<std::unique_ptr<TempFile>, gale::Error> TempFile::Create(const std::string& directory) {
  const std::string where = Directory(directory);
  const int descriptor = Blocking([&] { return Open(where); });
  if (descriptor < 0) return std::unexpected(Failed(descriptor, "open a temporary file"));
  return std::make_unique<TempFile>(descriptor);
}

TempFile::~TempFile() { ::close(descriptor_); }

gale::Error TempFile::Append(std::string_view data) {
  const std::int64_t result = Blocking([&] { return WriteAll(descriptor_, data); });
  if (result < 0) return Failed(result, "write a temporary file");
  size_ += static_cast<std::int64_t>(data.size());
  return {};
}

std::expected<std::size_t, gale::Error> TempFile::ReadAt(std::span<char> buffer, std::int64_t offset) const {
  if (buffer.empty()) return 0;
  const ssize_t result = Blocking([&] { return net::internal::ReadAt(descriptor_, buffer, offset); });
  if (result < 0) return std::unexpected(Failed(result, "read a temporary file"));
  if (result == 0) return std::unexpected(gale::Error(Errc::kEof));
  return static_cast<std::size_t>(result);
}

}  // namespace gale::http::internal

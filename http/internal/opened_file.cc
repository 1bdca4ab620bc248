#include "gale/http/internal/opened_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace gale::http::internal {

using net::internal::UniqueFd;

namespace {

// These are not inlined, since compilers take the address of errno, which the callers' goroutine may find elsewhere
// after any wait, for a constant. They return a negative errno where they fail.
[[gnu::noinline]] int OpenPath(const char* path) {
  const int descriptor = ::open(path, kOpenFlags);
  return descriptor >= 0 ? descriptor : -errno;
}

[[gnu::noinline]] int Stat(int descriptor, struct stat* status) {
  return ::fstat(descriptor, status) == 0 ? 0 : -errno;
}

}  // namespace

std::expected<OpenedFile, int> OpenedFile::Examine(std::expected<UniqueFd, int> descriptor) {
  if (!descriptor) return std::unexpected(descriptor.error());
  struct stat status;
  if (const int result = Stat(descriptor->Get(), &status); result < 0) return std::unexpected(-result);
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return std::unexpected(ENXIO);
  OpenedFile file;
  file.descriptor = *std::move(descriptor);
  file.is_directory = S_ISDIR(status.st_mode);
  file.size = status.st_size;
  const auto time = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  file.modified =
      std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(time));
  return file;
}

std::expected<OpenedFile, int> PathOpener::Open(const std::string& name) const {
  if (name.find('\0') != std::string::npos) return std::unexpected(ENOENT);
  const int descriptor = OpenPath(name.c_str());
  if (descriptor < 0) return std::unexpected(-descriptor);
  return OpenedFile::Examine(UniqueFd(descriptor));
}

}  // namespace gale::http::internal

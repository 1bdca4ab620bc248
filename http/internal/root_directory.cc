#include "gale/http/internal/root_directory.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace gale::http::internal {

using net::internal::UniqueFd;

namespace {

// These return a negative errno where they fail; see opened_file.cc for why they are not inlined.
[[gnu::noinline]] int OpenAt(int directory, const char* name, int flags) {
  const int descriptor = ::openat(directory, name, flags | O_CLOEXEC);
  return descriptor >= 0 ? descriptor : -errno;
}

[[gnu::noinline]] int OpenBeneath(int directory, const char* name) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(kOpenFlags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile, so that the kernel cannot vouch for where ".." in a link has led.
  constexpr int kMostAttempts = 16;
  for (int i = 0; i < kMostAttempts; ++i) {
    const auto descriptor = static_cast<int>(::syscall(SYS_openat2, directory, name, &how, sizeof(how)));
    if (descriptor >= 0) return descriptor;
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return -errno;
}

// What kernels and sandboxes say that have no openat2.
bool IsMissing(int result) { return result == -ENOSYS || result == -EPERM; }

std::expected<UniqueFd, int> Owned(int result) {
  if (result < 0) return std::unexpected(-result);
  return UniqueFd(result);
}

}  // namespace

std::expected<RootDirectory, gale::Error> RootDirectory::OpenFolder(const std::string& path, Way way) {
  auto directory = Owned(OpenAt(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY));
  if (!directory) return std::unexpected(gale::Error::FromErrno(directory.error(), "open " + path));
  return RootDirectory(*std::move(directory), way);
}

std::expected<OpenedFile, int> RootDirectory::Open(const std::string& name) const {
  if (name.find('\0') != std::string::npos) return std::unexpected(ENOENT);
  if (way_ == Way::kBest) {
    const int result = OpenBeneath(directory_.Get(), name.empty() ? "." : name.c_str());
    if (!IsMissing(result)) return OpenedFile::Examine(Owned(result));
  }
  return OpenedFile::Examine(OpenBySegments(name));
}

// The descriptors on the way are O_PATH: they need no permission to read, and opening them does nothing to a device.
std::expected<UniqueFd, int> RootDirectory::OpenBySegments(std::string_view name) const {
  UniqueFd parent;
  while (true) {
    const std::size_t slash = name.find('/');
    const std::string segment(name.substr(0, slash));
    if (segment == ".." || (segment.empty() && name.starts_with('/'))) return std::unexpected(EXDEV);
    const int directory = parent.Get() < 0 ? directory_.Get() : parent.Get();
    const bool is_last = slash == std::string_view::npos;
    const int flags = is_last ? kOpenFlags | O_NOFOLLOW : O_PATH | O_DIRECTORY | O_NOFOLLOW;
    auto opened = Owned(OpenAt(directory, segment.empty() ? "." : segment.c_str(), flags));
    if (is_last || !opened) return opened;
    parent = *std::move(opened);
    name.remove_prefix(slash + 1);
  }
}

}  // namespace gale::http::internal

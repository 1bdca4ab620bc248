// RootDirectory: a folder that nothing opened through it can lead out of.
//
//   auto root = RootDirectory::OpenFolder("/srv/www");
//   auto file = root->Open("css/site.css");   // never "/etc/passwd", whatever the links in there say
//
// Checking a path and then opening it leaves time to swap a folder for a symbolic link in between. So the kernel does
// both at once: openat2 with RESOLVE_BENEATH follows links that stay inside and refuses the others, and
// RESOLVE_NO_MAGICLINKS refuses those of /proc. Where a kernel before 5.6 or a sandbox has no openat2, each segment is
// opened from the one before it with O_NOFOLLOW: as safe, but no links work at all.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "gale/http/internal/opened_file.h"
#include "gale/net/internal/unique_fd.h"
#include "gale/runtime/error.h"

namespace gale::http::internal {

// RootDirectory may be used by all threads at once.
class RootDirectory final : public FileOpener {
 public:
  // kSegments never tries openat2, and so follows no link.
  enum class Way { kBest, kSegments };

  // OpenFolder opens the folder itself, which may be a link. Fails with the errno of open(2).
  static std::expected<RootDirectory, gale::Error> OpenFolder(const std::string& path, Way way = Way::kBest);

  // Open opens what is called so in the folder: "a/b", or "" for the folder itself. Beside the usual ones its errors
  // are EXDEV for what leads out of it, and EAGAIN for what is moved about all the time.
  std::expected<OpenedFile, int> Open(const std::string& name) const override;

 private:
  RootDirectory(net::internal::UniqueFd directory, Way way) : directory_(std::move(directory)), way_(way) {}

  std::expected<net::internal::UniqueFd, int> OpenBySegments(std::string_view name) const;

  net::internal::UniqueFd directory_;
  Way way_;
};

}  // namespace gale::http::internal

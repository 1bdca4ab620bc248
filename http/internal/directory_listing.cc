#include "gale/http/internal/directory_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "gale/http/internal/escape_html.h"
#include "gale/http/url.h"
#include "gale/runtime/blocking.h"

namespace gale::http::internal {
namespace {

struct Closer {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

bool IsFolder(int directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat status;
  return ::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

// Appends the names to `names`, folders with a slash. Returns a negative errno where it fails. Not inlined, since the
// address of errno, which compilers take for a constant, is another one after Blocking.
[[gnu::noinline]] int ReadNames(int directory, std::vector<std::string>& names) {
  // A descriptor of its own: the stream closes it, and its position is not shared.
  const int own = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return -errno;
  const std::unique_ptr<DIR, Closer> stream(::fdopendir(own));
  if (stream == nullptr) {
    const int error = errno;
    ::close(own);
    return -error;
  }
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) return -errno;
    std::string name(entry->d_name);
    if (name == "." || name == "..") continue;
    if (IsFolder(own, *entry)) name += '/';
    names.push_back(std::move(name));
  }
}

}  // namespace

bool IsDotName(std::string_view name) {
  if (name.ends_with('/')) name.remove_suffix(1);
  return name.starts_with('.') && name != ".well-known";
}

std::expected<std::string, int> ListDirectory(int directory, DotFiles dot_files) {
  std::vector<std::string> names;
  if (const int result = Blocking([&] { return ReadNames(directory, names); }); result < 0) {
    return std::unexpected(-result);
  }
  if (dot_files == DotFiles::kHide) std::erase_if(names, IsDotName);
  std::sort(names.begin(), names.end());
  std::string page = "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n";
  URL link;
  for (const std::string& name : names) {
    link.SetPath(name);
    page.append("<a href=\"").append(EscapeHtml(link.String())).append("\">");
    page.append(EscapeHtml(name)).append("</a>\n");
  }
  page += "</pre>\n";
  return page;
}

}  // namespace gale::http::internal

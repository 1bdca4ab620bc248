#include "gale/http/file_server.h"

#include <cerrno>
#include <string_view>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/clean_path.h"
#include "gale/http/internal/directory_listing.h"
#include "gale/http/internal/file_response.h"
#include "gale/http/internal/root_directory.h"
#include "gale/http/internal/serve_error.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/status.h"

namespace gale::http {
namespace {

using internal::RootDirectory;

// What is one segment of the URL cannot be two of a file's name, nor can a separator of other systems' paths be part of
// it.
bool HasHiddenSeparator(const URL& url) {
  constexpr std::string_view kEscapedSlash = "%2f";
  const std::string& raw = url.RawPath();
  for (std::size_t at = raw.find('%'); at != std::string::npos; at = raw.find('%', at + 1)) {
    if (internal::EqualFold(std::string_view(raw).substr(at, kEscapedSlash.size()), kEscapedSlash)) return true;
  }
  return url.Path().find('\\') != std::string::npos;
}

// A clean path without the slashes at its ends.
std::string NameOf(std::string_view path) {
  const std::string clean = internal::CleanPath(path);
  std::string_view name = clean;
  if (name.starts_with('/')) name.remove_prefix(1);
  if (name.ends_with('/')) name.remove_suffix(1);
  return std::string(name);
}

bool HasDotName(std::string_view name) {
  while (true) {
    const std::size_t slash = name.find('/');
    if (internal::IsDotName(name.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace

FileServer::FileServer(const std::string& root, const FileServerOptions& options) : options_(options) {
  auto opened = RootDirectory::OpenFolder(
      root, options.symbolic_links ? RootDirectory::Way::kBest : RootDirectory::Way::kSegments);
  if (opened) {
    root_ = std::make_unique<RootDirectory>(*std::move(opened));
  } else {
    open_error_ = opened.error();
  }
}

FileServer::FileServer(FileServer&&) noexcept = default;
FileServer::~FileServer() = default;

void FileServer::ServeHTTP(ResponseWriter& w, Request& r) {
  if (!w.Header().Has("X-Content-Type-Options")) w.Header().Set("X-Content-Type-Options", "nosniff");
  if (r.Method() != "GET" && r.Method() != "HEAD") {
    w.Header().Set("Allow", "GET, HEAD");
    return internal::ServeError(w, "Method Not Allowed", kStatusMethodNotAllowed);
  }
  if (root_ == nullptr) return internal::ServeFileError(w, open_error_.Code().value());
  const std::string url_path = r.URL().Path().starts_with('/') ? r.URL().Path() : '/' + r.URL().Path();
  const std::string name = NameOf(url_path);
  const bool is_hidden = options_.hide_dot_files && HasDotName(name);
  if (is_hidden || HasHiddenSeparator(r.URL())) return internal::ServeFileError(w, ENOENT);
  internal::FileSettings settings;
  settings.redirects_files = true;
  settings.list_directories = options_.list_directories;
  settings.dot_files = options_.hide_dot_files ? internal::DotFiles::kHide : internal::DotFiles::kShow;
  settings.precompressed = options_.precompressed;
  settings.sniff = options_.sniff;
  internal::ServeNamedFile(w, r, url_path, *root_, name, settings);
}

}  // namespace gale::http

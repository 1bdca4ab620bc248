#include "gale/http/internal/file_response.h"

#include <cerrno>

#include "gale/http/content.h"
#include "gale/http/internal/date_field.h"
#include "gale/http/internal/precompressed.h"
#include "gale/http/internal/preconditions.h"
#include "gale/http/internal/serve_error.h"
#include "gale/http/internal/served_content.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/status.h"

namespace gale::http::internal {
namespace {

constexpr std::string_view kIndex = "index.html";

// The last segment of a path, whether or not a slash follows it. "." for no path.
std::string LastSegment(std::string_view path) {
  if (path.empty()) return ".";
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

void ServeRegularFile(ResponseWriter& w, Request& r, const FileOpener& opener, const std::string& name,
                      const OpenedFile& file, const FileSettings& settings) {
  FileContent plain(file.descriptor.Get(), file.size);
  ServedContent served{.content = plain, .name = name, .modified = file.modified, .sniffed = &plain};
  if (!settings.sniff) served.sniffed = nullptr;
  if (!settings.precompressed) return Serve(w, r, served);
  w.Header().Add("Vary", "Accept-Encoding");
  const auto encoded = OpenPrecompressed(opener, name, file, r);
  if (!encoded) return Serve(w, r, served);
  w.Header().Set("Content-Encoding", encoded->coding);
  FileContent content(encoded->file.descriptor.Get(), encoded->file.size);
  Serve(w, r, {content, served.name, encoded->file.modified, served.sniffed, /*is_encoded=*/true});
}

void ServeListing(ResponseWriter& w, Request& r, const OpenedFile& folder, const FileSettings& settings) {
  if (!settings.list_directories) return ServeFileError(w, ENOENT);
  const DateField modified(folder.modified);
  if (IsUnmodifiedSince(r, {.modified = modified.Second()})) return ServeNotModified(w);
  const auto page = ListDirectory(folder.descriptor.Get(), settings.dot_files);
  if (!page) return ServeError(w, "Error reading directory", kStatusInternalServerError);
  if (modified.Second()) w.Header().Set("Last-Modified", modified.Text());
  w.Header().Set("Content-Type", "text/html; charset=utf-8");
  (void)w.Write(*page);
}

void ServeFolder(ResponseWriter& w, Request& r, const FileOpener& opener, std::string name, const OpenedFile& folder,
                 const FileSettings& settings) {
  if (!name.empty() && !name.ends_with('/')) name += '/';
  name += kIndex;
  const auto index = opener.Open(name);
  if (index && !index->is_directory) return ServeRegularFile(w, r, opener, name, *index, settings);
  // A page that may not be read is no reason to show what else there is.
  if (!index && index.error() != ENOENT) return ServeFileError(w, index.error());
  ServeListing(w, r, folder, settings);
}

}  // namespace

void ServeNamedFile(ResponseWriter& w, Request& r, std::string_view url_path, const FileOpener& opener,
                    const std::string& name, const FileSettings& settings) {
  if (url_path.ends_with('/' + std::string(kIndex))) return RedirectLocally(w, r, "./");
  const auto file = opener.Open(name);
  if (!file) return ServeFileError(w, file.error());
  const bool has_slash = url_path.ends_with('/');
  if (file->is_directory) {
    if (!has_slash) return RedirectLocally(w, r, LastSegment(url_path) + '/');
    return ServeFolder(w, r, opener, name, *file, settings);
  }
  if (has_slash && settings.redirects_files) return RedirectLocally(w, r, "../" + LastSegment(url_path));
  ServeRegularFile(w, r, opener, name, *file, settings);
}

}  // namespace gale::http::internal

// FileServer: a folder's files, by the URL's path.
//
//   mux.Handle("/", http::FileServer("/srv/www"));
//   mux.Handle("/static/", http::StripPrefix("/static", http::FileServer("./static")));
//
// Nothing outside of the folder is ever served, whatever paths and symbolic links say: the folder is opened once, and
// the kernel keeps all that is opened in it beneath (openat2; where a sandbox forbids that, no links are followed at
// all).
//
// A folder is answered with its index.html, or with a list of what is in it. Each file and folder has one path, to
// which others are redirected: "/a/index.html" to "/a/", "/a" to "/a/", "/file.txt/" to "/file.txt".
#pragma once

#include <memory>
#include <string>

#include "gale/http/handler.h"
#include "gale/runtime/error.h"

namespace gale::http {

namespace internal {
class RootDirectory;
}

// FileServerOptions are by default what Go's FileServer does.
struct FileServerOptions {
  // Folders without an index.html are listed; otherwise they are 404.
  bool list_directories = true;

  // Names that begin with a dot are 404, and not listed: .git, .env. But not ".well-known" (RFC 8615).
  bool hide_dot_files = false;

  // Symbolic links that stay inside the folder are followed. Otherwise none is; that costs a system call per segment.
  bool symbolic_links = true;

  // Where there is a "site.css.br", "site.css.zst" or "site.css.gz" that is not older than "site.css", it is sent to
  // clients that accept that coding. All answers vary with Accept-Encoding then. Off, since only who puts files there
  // knows that they belong together, and since it costs up to three more attempts to open a file.
  bool precompressed = false;

  // The first bytes of a file tell its type where its extension does not. Otherwise it is application/octet-stream,
  // which is safer for files that users have uploaded.
  bool sniff = true;
};

// FileServer answers GET and HEAD, as ServeContent does, and others with 405. It does not wait for FIFOs, and serves no
// devices and sockets. Browsers are told to believe its types (X-Content-Type-Options: nosniff). Goroutine- and
// thread-safe. Source: Go's net/http.FileServer.
class FileServer : public Handler {
 public:
  // The folder may be a link. A relative path starts at the current folder of this moment.
  explicit FileServer(const std::string& root, const FileServerOptions& options = {});
  FileServer(FileServer&&) noexcept;
  ~FileServer() override;

  // OpenError tells why the folder could not be opened, if so. Then all answers are 404, 403, 500 or 503.
  const gale::Error& OpenError() const { return open_error_; }

  void ServeHTTP(ResponseWriter& w, Request& r) override;

 private:
  const FileServerOptions options_;
  gale::Error open_error_;
  std::unique_ptr<internal::RootDirectory> root_;  // null if there is an error
};

}  // namespace gale::http

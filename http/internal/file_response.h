// ServeNamedFile: the answer of ServeFile and FileServer, once it is known which file is meant.
#pragma once

#include <string>
#include <string_view>

#include "gale/http/internal/directory_listing.h"
#include "gale/http/internal/opened_file.h"

namespace gale::http {
class Request;
class ResponseWriter;
}  // namespace gale::http

namespace gale::http::internal {

// FileSettings is what FileServerOptions says, and by default what Go's ServeFile does.
struct FileSettings {
  bool redirects_files = false;  // from "/file.txt/" to "/file.txt"
  bool list_directories = true;
  DotFiles dot_files = DotFiles::kShow;
  bool precompressed = false;
  bool sniff = true;
};

// ServeNamedFile answers r, which asks for url_path, with the file of this name, or for a folder with its index.html or
// the list of what is in it; or redirects to the one right url_path of a file or folder.
// Source: Go's net/http.serveFile.
void ServeNamedFile(ResponseWriter& w, Request& r, std::string_view url_path, const FileOpener& opener,
                    const std::string& name, const FileSettings& settings);

}  // namespace gale::http::internal

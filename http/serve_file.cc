#include "gale/http/serve_file.h"

#include <string_view>

#include "gale/http/internal/file_response.h"
#include "gale/http/internal/serve_error.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/status.h"

namespace gale::http {
namespace {

bool HasDotDot(std::string_view path) {
  while (true) {
    const std::size_t end = path.find_first_of("/\\");
    if (path.substr(0, end) == "..") return true;
    if (end == std::string_view::npos) return false;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

void ServeFile(ResponseWriter& w, Request& r, const std::string& path) {
  const std::string& url_path = r.URL().Path();
  if (HasDotDot(url_path)) return internal::ServeError(w, "invalid URL path", kStatusBadRequest);
  internal::ServeNamedFile(w, r, url_path, internal::PathOpener(), path, {});
}

}  // namespace gale::http

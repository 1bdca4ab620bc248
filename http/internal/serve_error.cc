#include "gale/http/internal/serve_error.h"

#include <cerrno>
#include <string>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/percent.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/status.h"

namespace gale::http::internal {

void ServeError(ResponseWriter& w, std::string_view message, int status) {
  for (const std::string_view name : {"Cache-Control", "Content-Encoding", "Etag", "Last-Modified"}) {
    w.Header().Del(name);
  }
  http::Error(w, message, status);
}

void ServeFileError(ResponseWriter& w, int error) {
  switch (error) {
    case EACCES:
    case EPERM: return ServeError(w, "403 Forbidden", kStatusForbidden);
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO:  // a socket, a device or a FIFO
    case ENODEV:
    case EXDEV:  // a link that leads out of the root
      return ServeError(w, "404 page not found", kStatusNotFound);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: return ServeError(w, "503 Service Unavailable", kStatusServiceUnavailable);
    default: return ServeError(w, "500 Internal Server Error", kStatusInternalServerError);
  }
}

void ServeNotModified(ResponseWriter& w) {
  Header& header = w.Header();
  for (const std::string_view name : {"Content-Type", "Content-Length", "Content-Encoding"}) header.Del(name);
  if (!header.Get("Etag").empty()) header.Del("Last-Modified");
  w.WriteHeader(kStatusNotModified);
}

void RedirectLocally(ResponseWriter& w, const Request& r, std::string_view location) {
  // What a request line may have. A request made by hand may have more in its query, which would make Set throw.
  static constexpr ByteSet kQueryText = ByteSet().AddRange(0x21, 0x7e);
  std::string escaped;
  // A colon would make a scheme of what is before it.
  const bool has_dots = location.starts_with("./") || location.starts_with("../");
  if (!has_dots && location.find(':') != std::string_view::npos) escaped = "./";
  AppendEscaped(escaped, location, kPathBytes);
  if (!r.URL().RawQuery().empty()) {
    escaped += '?';
    AppendEscaped(escaped, r.URL().RawQuery(), kQueryText);
  }
  w.Header().Set("Location", escaped);
  w.WriteHeader(kStatusMovedPermanently);
}

}  // namespace gale::http::internal

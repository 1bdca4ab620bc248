// ServeError: what is said where a file cannot be.
#pragma once

#include <string_view>

namespace gale::http {
class Request;
class ResponseWriter;
}  // namespace gale::http

namespace gale::http::internal {

// ServeError is http::Error without the fields that were set for the file. Source: Go's net/http.serveError.
void ServeError(ResponseWriter& w, std::string_view message, int status);

// ServeFileError answers for the errno of opening a file, of which it gives nothing away: 403 where permission is
// missing, 503 where descriptors or memory are, 404 where there is no such file, or none that can be served, else 500.
void ServeFileError(ResponseWriter& w, int error);

// ServeNotModified answers 304, without the fields that do not belong there. Source: Go's net/http.writeNotModified.
void ServeNotModified(ResponseWriter& w);

// RedirectLocally answers 301 with a location relative to the request's path, so that it works under StripPrefix, too.
// It is a last segment, which may have a slash behind it, or "./" or "../" and one. The query stays.
void RedirectLocally(ResponseWriter& w, const Request& r, std::string_view location);

}  // namespace gale::http::internal

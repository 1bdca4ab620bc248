// Error, NotFound and Redirect of response_writer.h.
#include <algorithm>
#include <string>
#include <string_view>

#include "gale/http/internal/clean_path.h"
#include "gale/http/internal/escape_html.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/status.h"
#include "gale/http/url.h"

namespace gale::http {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// Bytes that a Location field must not have raw. Go encodes only the non-ASCII ones and lets its header writer
// replace line breaks; here a control character would make Header::Set throw, and a client could provoke that.
bool NeedsEscape(unsigned char c) { return c <= ' ' || c >= 0x7f; }

std::string EscapeLocation(std::string_view url) {
  std::string escaped;
  escaped.reserve(url.size());
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (!NeedsEscape(byte)) {
      escaped += c;
      continue;
    }
    escaped += '%';
    escaped += kHexDigits[byte >> 4];
    escaped += kHexDigits[byte & 15];
  }
  return escaped;
}

bool NamesSchemeOrHost(std::string_view url) {
  const auto parsed = URL::Parse(url);
  return !parsed || !parsed->Scheme().empty() || !parsed->Host().empty();
}

// The request's path up to and including its last slash, escaped: a decoded "?" or "\" would change its meaning.
std::string Directory(const Request& r) {
  std::string path = r.URL().EscapedPath();
  path.resize(path.rfind('/') + 1);
  return path;
}

// The url with a rooted, clean path: RFC 9110 section 10.2.2 leaves resolving to the client, and not all do it well.
std::string ResolveLocation(const Request& r, std::string_view url) {
  if (NamesSchemeOrHost(url)) return std::string(url);
  const std::size_t path_end = std::min(url.find_first_of("?#"), url.size());
  std::string path = url.starts_with('/') ? std::string() : Directory(r);
  path += url.substr(0, path_end);
  std::string resolved = internal::CleanPath(path);
  resolved += url.substr(path_end);
  return resolved;
}

}  // namespace

void Error(ResponseWriter& w, std::string_view message, int status) {
  Header& header = w.Header();
  header.Del("Content-Length");
  header.Set("Content-Type", "text/plain; charset=utf-8");
  header.Set("X-Content-Type-Options", "nosniff");
  w.WriteHeader(status);
  // The writer gathers; a failed write means that nobody is left to be told.
  (void)w.Write(message);
  (void)w.Write("\n");
}

void NotFound(ResponseWriter& w, Request&) { Error(w, "404 page not found", kStatusNotFound); }

void Redirect(ResponseWriter& w, Request& r, std::string_view url, int status) {
  const std::string location = ResolveLocation(r, url);
  Header& header = w.Header();
  const bool has_content_type = header.Has("Content-Type");
  header.Set("Location", EscapeLocation(location));
  const bool is_get = r.Method() == "GET";
  if (!has_content_type && (is_get || r.Method() == "HEAD")) header.Set("Content-Type", "text/html; charset=utf-8");
  w.WriteHeader(status);
  if (has_content_type || !is_get) return;
  std::string note = "<a href=\"" + internal::EscapeHtml(location) + "\">";
  note.append(StatusText(status)).append("</a>.\n\n");
  (void)w.Write(note);
}

}  // namespace gale::http

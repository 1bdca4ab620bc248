// URL: the parts of a request's target, and of an absolute URL.
//
//   auto url = http::URL::Parse("http://example.com/a%20b?x=1&y=2");
//   url->Path();             // "/a b"
//   url->Query().Get("x");   // "1"
//
// Source: Go's net/url, which differs from browsers' WHATWG URLs: "+" is a space only in queries, dots in paths
// are kept, ";" separates nothing.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "gale/http/values.h"
#include "gale/runtime/error.h"

namespace gale::http {

std::string PathEscape(std::string_view text);   // one path segment: "/" becomes %2F, a space %20
std::string QueryEscape(std::string_view text);  // a key or value of a query: a space becomes "+"
// The ways back. A "%" without two hexadecimal digits after it is an error that equals std::errc::invalid_argument.
std::expected<std::string, gale::Error> PathUnescape(std::string_view text);
std::expected<std::string, gale::Error> QueryUnescape(std::string_view text);

// URL is a parsed reference. A value: copyable. Its strings live as long as it does; reusing one object for many
// parses reuses their memory.
class URL {
 public:
  URL() = default;

  // Parse reads an absolute URL or a relative reference (scheme, authority, path, query, fragment). Its errors equal
  // std::errc::invalid_argument and read like Go's: parse "http://[::1": missing ']' in host. Escapes in the host
  // are kept as they are.
  static std::expected<URL, gale::Error> Parse(std::string_view text);

  // ParseRequestTarget reads what stands in a request line, RFC 9112 section 3.2: origin-form ("/a?b"),
  // absolute-form (http and https), authority-form (CONNECT only, "host:port") or "*" (OPTIONS only). Returns false
  // if it is none of them, has a bad percent-escape, an escaped NUL or a backslash in the path, a space, a control
  // character or a byte above 0x7e, a fragment, userinfo or a malformed host. Fills *this; on false its content is
  // unspecified. An absolute-form without a path means "/", or "*" for OPTIONS.
  bool ParseRequestTarget(std::string_view method, std::string_view target);

  const std::string& Scheme() const { return scheme_; }       // lower case, or ""
  const std::string& Opaque() const { return opaque_; }       // what follows the scheme where it is not "/": mailto:x
  const std::string& UserInfo() const { return user_info_; }  // "user:password" as received, or ""
  const std::string& Host() const { return host_; }           // host or host:port, or ""
  const std::string& Path() const { return path_; }           // percent-decoded
  const std::string& RawQuery() const { return raw_query_; }  // as received, without "?"
  const std::string& Fragment() const { return fragment_; }   // percent-decoded
  // EscapedPath is the path as it was received, or the canonical escaping of a path that was set.
  std::string EscapedPath() const;
  // RequestURI is the escaped path with the query: what a request line has.
  std::string RequestURI() const;
  std::string String() const;
  // Hostname and Port split Host: "[::1]:80" gives "::1" and "80".
  std::string_view Hostname() const;
  std::string_view Port() const;
  // Query parses RawQuery, anew at each call.
  Values Query() const { return ParseQuery(raw_query_); }

  // The setters copy and check nothing.
  void SetScheme(std::string_view scheme) { scheme_ = scheme; }
  void SetHost(std::string_view host) { host_ = host; }
  void SetPath(std::string_view path) {
    path_ = path;
    raw_path_.clear();
  }
  // SetRawPath sets how Path is escaped where that is not the canonical way. After SetPath, and to an escaping of it.
  void SetRawPath(std::string_view raw_path) { raw_path_ = raw_path; }
  void SetRawQuery(std::string_view query) { raw_query_ = query; }

  // RawPath is the path as received, where that is not the canonical escaping of Path, else "".
  const std::string& RawPath() const { return raw_path_; }

  // Clear makes it the empty URL, keeping memory for reuse.
  void Clear();

 private:
  bool SetEscapedPath(std::string_view escaped);

  std::string scheme_;
  std::string opaque_;
  std::string user_info_;
  std::string host_;
  std::string path_;
  std::string raw_path_;
  std::string raw_query_;
  std::string fragment_;
};

}  // namespace gale::http

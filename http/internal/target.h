// The request target: what stands between the method and the version, RFC 9112 section 3.2.
//
//   auto target = SplitTarget("GET", "http://example.com/a?b");
//   target->form;        // TargetForm::kAbsolute
//   target->authority;   // "example.com"
//   target->path;        // "/a"
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gale::http::internal {

enum class TargetForm : std::uint8_t {
  kOrigin,     // "/path?query"
  kAbsolute,   // "http://host/path?query"
  kAuthority,  // "host:port", CONNECT's
  kAsterisk,   // "*", OPTIONS'
};

// Target is a valid request target in pieces, all of them views of the original text, nothing decoded.
struct Target {
  TargetForm form = TargetForm::kOrigin;
  std::string_view scheme = {};     // of kAbsolute: "http" or "https", in any case
  std::string_view authority = {};  // of kAbsolute and kAuthority: host or host:port, valid
  std::string_view path = {};       // "*" for kAsterisk; may be empty for kAbsolute; empty for kAuthority
  std::string_view query = {};      // without "?"
};

// SplitTarget takes a target apart, or says that it is invalid for the method: none of the four forms, a byte that
// no URI has (a space, a control character, a byte above 0x7e), a fragment, a bad percent-escape, an escaped NUL or
// a backslash in the path, userinfo, a scheme other than http and https, a bad host or port.
std::optional<Target> SplitTarget(std::string_view method, std::string_view target);

// IsHost tells whether text is host or host ":" port, RFC 9110 section 7.2: a name of non-empty labels (one dot at
// the end may follow them), an IPv4 address or an IPv6 address in brackets; a port is empty or 0 to 65535. Userinfo
// and an empty host are not accepted. Bytes above 0x7f are for URLs in the program's own text; no peer may send them.
enum class NonAscii : bool { kRefuse, kAccept };
bool IsHost(std::string_view text, NonAscii non_ascii = NonAscii::kRefuse);

}  // namespace gale::http::internal

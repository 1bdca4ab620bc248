#include "gale/http/url.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/percent.h"
#include "gale/http/internal/quote.h"
#include "gale/http/internal/target.h"

namespace gale::http {
namespace {

using internal::AppendEscaped;
using internal::AppendUnescaped;
using internal::Plus;

// What can be wrong with a URL, in Go's words. All equal std::errc::invalid_argument.
enum class URLErrc {
  kInvalidEscape = 1,
  kInvalidControl,
  kMissingScheme,
  kColonInFirstSegment,
  kInvalidUserInfo,
  kInvalidHost,
};

class URLErrorCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "url"; }
  std::string message(int code) const override {
    switch (static_cast<URLErrc>(code)) {
      case URLErrc::kInvalidEscape: return "invalid URL escape";
      case URLErrc::kInvalidControl: return "invalid control character in URL";
      case URLErrc::kMissingScheme: return "missing protocol scheme";
      case URLErrc::kColonInFirstSegment: return "first path segment in URL cannot contain colon";
      case URLErrc::kInvalidUserInfo: return "invalid userinfo";
      case URLErrc::kInvalidHost: return "invalid host or port";
    }
    return "invalid URL";
  }
  std::error_condition default_error_condition(int) const noexcept override {
    return std::make_error_condition(std::errc::invalid_argument);
  }
};

std::unexpected<gale::Error> Failure(URLErrc code, std::string_view action, std::string_view text) {
  static const URLErrorCategory category;
  return std::unexpected(gale::Error(std::error_code(static_cast<int>(code), category),
                                     std::string(action) + ' ' + internal::Quote(text)));
}

constexpr internal::ByteSet kUserInfoBytes =
    internal::ByteSet("-._:~!$&'()*+,;=%@").AddRange('0', '9').AddRange('A', 'Z').AddRange('a', 'z');
constexpr internal::ByteSet kSchemeBytes =
    internal::ByteSet("+-.").AddRange('0', '9').AddRange('A', 'Z').AddRange('a', 'z');

// Cut splits text at the first separator; without one, the second part is empty.
std::pair<std::string_view, std::string_view> Cut(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

bool FirstSegmentHasColon(std::string_view path) { return Cut(path, '/').first.find(':') != std::string_view::npos; }

// The length of the scheme at the start of text, or npos where there is none.
std::size_t SchemeLength(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return colon;
  const bool is_scheme = internal::kLetters.Has(text[0]) && kSchemeBytes.HasAll(text.substr(0, colon));
  return is_scheme ? colon : std::string_view::npos;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void AssignLower(std::string& destination, std::string_view text) {
  destination.resize(text.size());
  std::transform(text.begin(), text.end(), destination.begin(), internal::ToLower);
}

}  // namespace

std::string PathEscape(std::string_view text) {
  std::string escaped;
  AppendEscaped(escaped, text, internal::kSegmentBytes);
  return escaped;
}

std::string QueryEscape(std::string_view text) {
  std::string escaped;
  internal::AppendQueryEscaped(escaped, text);
  return escaped;
}

std::expected<std::string, gale::Error> PathUnescape(std::string_view text) {
  std::string unescaped;
  if (!AppendUnescaped(unescaped, text, Plus::kIsPlus)) return Failure(URLErrc::kInvalidEscape, "unescape", text);
  return unescaped;
}

std::expected<std::string, gale::Error> QueryUnescape(std::string_view text) {
  std::string unescaped;
  if (!AppendUnescaped(unescaped, text, Plus::kIsSpace)) return Failure(URLErrc::kInvalidEscape, "unescape", text);
  return unescaped;
}

std::expected<URL, gale::Error> URL::Parse(std::string_view text) {
  const auto fail = [text](URLErrc code) { return Failure(code, "parse", text); };
  if (HasControl(text)) return fail(URLErrc::kInvalidControl);
  URL url;
  auto [reference, fragment] = Cut(text, '#');
  if (!AppendUnescaped(url.fragment_, fragment, Plus::kIsPlus)) return fail(URLErrc::kInvalidEscape);

  const std::size_t scheme_length = SchemeLength(reference);
  if (scheme_length == 0) return fail(URLErrc::kMissingScheme);
  if (scheme_length != std::string_view::npos) {
    AssignLower(url.scheme_, reference.substr(0, scheme_length));
    reference.remove_prefix(scheme_length + 1);
  }
  auto [path, query] = Cut(reference, '?');
  url.raw_query_ = query;
  if (!path.starts_with('/') && !url.scheme_.empty()) {
    url.opaque_ = path;
    return url;
  }
  if (!path.starts_with('/') && FirstSegmentHasColon(path)) return fail(URLErrc::kColonInFirstSegment);

  // Three slashes without a scheme are a path, as in Go.
  if (path.starts_with("//") && (!url.scheme_.empty() || !path.starts_with("///"))) {
    path.remove_prefix(2);
    std::string_view authority = path.substr(0, path.find('/'));
    path.remove_prefix(authority.size());
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
      url.user_info_ = authority.substr(0, at);
      authority.remove_prefix(at + 1);
      if (!kUserInfoBytes.HasAll(url.user_info_)) return fail(URLErrc::kInvalidUserInfo);
    }
    if (!authority.empty() && !internal::IsHost(authority, internal::NonAscii::kAccept)) {
      return fail(URLErrc::kInvalidHost);
    }
    url.host_ = authority;
  }
  if (!url.SetEscapedPath(path)) return fail(URLErrc::kInvalidEscape);
  return url;
}

bool URL::ParseRequestTarget(std::string_view method, std::string_view target) {
  // Nearly every target is a path that means itself.
  if (target.starts_with('/') && internal::kPathBytes.HasAll(target) && method != "CONNECT") {
    Clear();
    path_ = target;
    return true;
  }
  const std::optional<internal::Target> parts = internal::SplitTarget(method, target);
  if (!parts) return false;
  opaque_.clear();
  user_info_.clear();
  fragment_.clear();
  AssignLower(scheme_, parts->scheme);
  host_ = parts->authority;
  raw_query_ = parts->query;
  if (parts->form == internal::TargetForm::kAbsolute && parts->path.empty()) {
    SetPath(method == "OPTIONS" ? "*" : "/");
    return true;
  }
  return SetEscapedPath(parts->path);
}

// SetEscapedPath keeps what was received only where escaping the decoded path would not give it back.
bool URL::SetEscapedPath(std::string_view escaped) {
  path_.clear();
  raw_path_.clear();
  if (internal::kPathBytes.HasAll(escaped)) {
    path_ = escaped;
    return true;
  }
  if (!AppendUnescaped(path_, escaped, Plus::kIsPlus)) return false;
  AppendEscaped(raw_path_, path_, internal::kPathBytes);
  if (raw_path_ == escaped || escaped == "*") {
    raw_path_.clear();
  } else {
    raw_path_ = escaped;
  }
  return true;
}

std::string URL::EscapedPath() const {
  if (!raw_path_.empty() && internal::kReceivedPathBytes.HasAll(raw_path_)) return raw_path_;
  if (path_ == "*") return path_;
  std::string escaped;
  AppendEscaped(escaped, path_, internal::kPathBytes);
  return escaped;
}

std::string URL::RequestURI() const {
  std::string uri = opaque_;
  if (uri.empty()) uri = EscapedPath();
  if (uri.empty()) uri = '/';
  if (!raw_query_.empty()) uri.append("?").append(raw_query_);
  return uri;
}

std::string URL::String() const {
  std::string text;
  if (!scheme_.empty()) text.append(scheme_).append(":");
  if (!opaque_.empty()) {
    text += opaque_;
  } else {
    if (!host_.empty() || !user_info_.empty()) {
      text += "//";
      if (!user_info_.empty()) text.append(user_info_).append("@");
      text += host_;
    } else if (path_.starts_with("//")) {
      // Keeps the path from being read as an authority.
      text += scheme_.empty() ? "/." : "//";
    }
    const std::string path = EscapedPath();
    if (!host_.empty() && !path.empty() && path.front() != '/') text += '/';
    if (text.empty() && FirstSegmentHasColon(path)) text += "./";
    text += path;
  }
  if (!raw_query_.empty()) text.append("?").append(raw_query_);
  if (!fragment_.empty()) {
    text += '#';
    AppendEscaped(text, fragment_, internal::kFragmentBytes);
  }
  return text;
}

std::string_view URL::Hostname() const {
  std::string_view host = host_;
  const std::string_view port = Port();
  if (!port.empty() || host.ends_with(':')) host.remove_suffix(port.size() + 1);
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

std::string_view URL::Port() const {
  const std::size_t colon = host_.rfind(':');
  if (colon == std::string::npos) return {};
  const std::string_view port = std::string_view(host_).substr(colon + 1);
  return internal::kDigits.HasAll(port) ? port : std::string_view();
}

void URL::Clear() {
  for (std::string* part : {&scheme_, &opaque_, &user_info_, &host_, &path_, &raw_path_, &raw_query_, &fragment_}) {
    part->clear();
  }
}

}  // namespace gale::http

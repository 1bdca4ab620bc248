#include "gale/http/internal/target.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/scan.h"

namespace gale::http::internal {
namespace {

// unreserved and sub-delims, RFC 3986 section 2; the dot separates labels and is looked at by itself.
constexpr ByteSet kLabelBytes = ByteSet("-_~!$&'()*+,;=").AddRange('0', '9').AddRange('A', 'Z').AddRange('a', 'z');

// The value of the escape "%XX" at the start of text, or -1.
int EscapedByte(std::string_view text) {
  if (text.size() < 3 || HexValue(text[1]) < 0 || HexValue(text[2]) < 0) return -1;
  return HexValue(text[1]) * 16 + HexValue(text[2]);
}

bool IsPort(std::string_view port) {
  unsigned value = 0;
  for (char c : port) {
    if (!kDigits.Has(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > 65535) return false;
  }
  return true;
}

bool IsIPv6(std::string_view address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.size() >= text.size()) return false;
  std::copy(address.begin(), address.end(), text.begin());
  in6_addr parsed;
  return inet_pton(AF_INET6, text.data(), &parsed) == 1;
}

// The length of the reg-name at the start of text, RFC 3986 section 3.2.2, as labels between dots; 0 if there is none
// or it is malformed. An IPv4 address is a reg-name, too. It ends at a colon or with text.
std::size_t RegisteredNameLength(std::string_view text, NonAscii non_ascii) {
  bool in_label = false;
  std::size_t i = 0;
  for (;; ++i) {
    const std::size_t label = i;
    while (i < text.size() && kLabelBytes.Has(text[i])) ++i;
    in_label |= i != label;
    if (i == text.size() || text[i] == ':') return i;
    const char c = text[i];
    if (c == '.') {
      if (!in_label) return 0;
      in_label = false;
    } else if (c == '%') {
      // Only what could not be written plainly, as in Go.
      if (EscapedByte(text.substr(i)) < 0x80) return 0;
      i += 2;
      in_label = true;
    } else {
      if (non_ascii == NonAscii::kRefuse || static_cast<unsigned char>(c) < 0x80) return 0;
      in_label = true;
    }
  }
}

// Checks what TargetSpecial leaves open: escapes everywhere, NUL and the backslash in the path.
bool IsPathAndQuery(std::string_view path, std::string_view query) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' || (path[i] == '%' && EscapedByte(path.substr(i)) <= 0)) return false;
  }
  for (std::size_t i = 0; i < query.size(); ++i) {
    if (query[i] == '%' && EscapedByte(query.substr(i)) < 0) return false;
  }
  return true;
}

// Tells whether all bytes of the target may stand in one, and whether IsPathAndQuery must look closer.
struct ByteCheck {
  bool valid;
  bool plain;
};
ByteCheck CheckBytes(std::string_view target) {
  const Scanner scanner(target);
  const char* const end = target.data() + target.size();
  bool plain = true;
  for (const char* p = target.data();; ++p) {
    p = scanner.Find<TargetSpecial>(p);
    if (p == end) return {true, plain};
    if (*p != '%' && *p != '\\') return {false, false};
    plain = false;
  }
}

std::optional<Target> SplitAbsolute(std::string_view text) {
  Target result{.form = TargetForm::kAbsolute};
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  result.scheme = text.substr(0, colon);
  if (!EqualFold(result.scheme, "http") && !EqualFold(result.scheme, "https")) return std::nullopt;
  text.remove_prefix(colon + 3);
  const std::size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  result.authority = text.substr(0, authority_end);
  if (!IsHost(result.authority)) return std::nullopt;
  result.path = text.substr(authority_end);
  return result;
}

}  // namespace

bool IsHost(std::string_view text, NonAscii non_ascii) {
  std::size_t host_length;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos || !IsIPv6(text.substr(1, bracket - 1))) return false;
    host_length = bracket + 1;
  } else {
    host_length = RegisteredNameLength(text, non_ascii);
    if (host_length == 0) return false;
  }
  if (host_length == text.size()) return true;
  return text[host_length] == ':' && IsPort(text.substr(host_length + 1));
}

std::optional<Target> SplitTarget(std::string_view method, std::string_view target) {
  const ByteCheck check = CheckBytes(target);
  if (!check.valid || target.empty()) return std::nullopt;
  Target result;
  if (method == "CONNECT") {
    const std::size_t colon = target.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == target.size() || !IsHost(target)) return std::nullopt;
    return Target{.form = TargetForm::kAuthority, .authority = target};
  }
  if (target == "*") {
    if (method != "OPTIONS") return std::nullopt;
    return Target{.form = TargetForm::kAsterisk, .path = target};
  }
  if (target.front() == '/') {
    result.path = target;
  } else {
    const std::optional<Target> absolute = SplitAbsolute(target);
    if (!absolute) return std::nullopt;
    result = *absolute;
  }
  const std::size_t question_mark = result.path.find('?');
  if (question_mark != std::string_view::npos) {
    result.query = result.path.substr(question_mark + 1);
    result.path = result.path.substr(0, question_mark);
  }
  if (!check.plain && !IsPathAndQuery(result.path, result.query)) return std::nullopt;
  return result;
}

}  // namespace gale::http::internal

#include "gale/http/internal/media_type.h"

#include <optional>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/failure.h"

namespace gale::http::internal {
namespace {

// What a backslash may escape: RFC 2045's tspecials.
constexpr ByteSet kEscapable = ByteSet("()<>@,;:\\\"/[]?=");

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ToLower(c);
  return lower;
}

bool IsName(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return IsToken(name);
  return IsToken(name.substr(0, slash)) && IsToken(name.substr(slash + 1));
}

std::string_view TakeToken(std::string_view& rest) {
  std::size_t size = 0;
  while (size < rest.size() && kTokenBytes.Has(rest[size])) ++size;
  const std::string_view token = rest.substr(0, size);
  rest.remove_prefix(size);
  return token;
}

std::optional<std::string> TakeQuoted(std::string_view& rest) {
  std::string value;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    char c = rest[i];
    if (c == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (c == '\\' && i + 1 < rest.size() && kEscapable.Has(rest[i + 1])) c = rest[++i];
    if (!kValueBytes.Has(c)) return std::nullopt;
    value += c;
  }
  return std::nullopt;
}

std::optional<std::string> TakeValue(std::string_view& rest) {
  if (rest.starts_with('"')) return TakeQuoted(rest);
  const std::string_view token = TakeToken(rest);
  if (token.empty()) return std::nullopt;
  return std::string(token);
}

}  // namespace

const std::string* MediaType::Find(std::string_view parameter) const {
  for (const auto& [key, value] : parameters) {
    if (key == parameter) return &value;
  }
  return nullptr;
}

std::expected<MediaType, gale::Error> ParseMediaType(std::string_view text) {
  std::string_view rest = text.substr(0, text.find(';'));
  MediaType type{.name = Lower(TrimOws(rest)), .parameters = {}};
  if (type.name.empty()) return Failure(MessageErrc::kNoMediaType);
  if (!IsName(type.name)) return Failure(MessageErrc::kInvalidMediaType);
  rest = TrimOws(text.substr(rest.size()));
  while (!rest.empty()) {
    if (rest.front() != ';') return Failure(MessageErrc::kInvalidParameter);
    rest = TrimOws(rest.substr(1));
    if (rest.empty()) break;  // a semicolon at the end
    std::string key = Lower(TakeToken(rest));
    if (key.empty() || !rest.starts_with('=')) return Failure(MessageErrc::kInvalidParameter);
    rest.remove_prefix(1);
    std::optional<std::string> value = TakeValue(rest);
    if (!value) return Failure(MessageErrc::kInvalidParameter);
    if (type.Find(key) != nullptr) return Failure(MessageErrc::kDuplicateParameter);
    type.parameters.emplace_back(std::move(key), *std::move(value));
    rest = TrimOws(rest);
  }
  return type;
}

}  // namespace gale::http::internal

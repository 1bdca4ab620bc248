#include "gale/http/internal/entity_tag.h"

#include <cstddef>

#include "gale/http/internal/ascii.h"

namespace gale::http::internal {
namespace {

constexpr std::string_view kWeak = "W/";
constexpr ByteSet kTagBytes = ByteSet("!").AddRange(0x23, 0x7e).AddRange(0x80, 0xff);

std::string_view Opaque(std::string_view tag) { return tag.starts_with(kWeak) ? tag.substr(kWeak.size()) : tag; }

}  // namespace

std::string_view FirstTag(std::string_view text) {
  text = TrimOws(text);
  const std::size_t open = text.starts_with(kWeak) ? kWeak.size() : 0;
  if (open >= text.size() || text[open] != '"') return {};
  std::size_t close = open + 1;
  while (close < text.size() && kTagBytes.Has(text[close])) ++close;
  if (close == text.size() || text[close] != '"') return {};
  return text.substr(0, close + 1);
}

bool SameTag(std::string_view a, std::string_view b, TagComparison comparison) {
  if (comparison == TagComparison::kWeak) return !a.empty() && Opaque(a) == Opaque(b);
  return a.starts_with('"') && a == b;
}

bool ListHasTag(std::string_view list, std::string_view tag, TagComparison comparison) {
  while (true) {
    list = TrimOws(list);
    if (list.empty()) return false;
    if (list.front() == ',') {
      list.remove_prefix(1);
      continue;
    }
    if (list.front() == '*') return true;
    const std::string_view first = FirstTag(list);
    if (first.empty()) return false;
    if (SameTag(first, tag, comparison)) return true;
    list.remove_prefix(first.size());
  }
}

}  // namespace gale::http::internal

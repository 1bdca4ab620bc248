#include "gale/http/header.h"

#include <algorithm>
#include <cstring>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/known_names.h"
#include "gale/http/internal/quote.h"
#include "gale/http/internal/scan.h"
#include "gale/http/internal/trailer_names.h"
#include "gale/runtime/panic.h"

namespace gale::http {
namespace {

using internal::EqualFold;

// A name or value in an error message, which may be long and is not to be trusted.
std::string Quoted(std::string_view text) { return internal::Quote(text.substr(0, 100)); }

bool IsFieldValue(std::string_view value) {
  return internal::Scanner(value).Find<internal::ValueEnd>(value.data()) == value.data() + value.size();
}

void WriteCanonical(std::string_view name, char* destination) {
  bool starts_word = true;
  for (char c : name) {
    *destination++ = internal::kCased[starts_word][static_cast<unsigned char>(c)];
    starts_word = c == '-';
  }
}

// The name in its canonical spelling, for as long as the arena keeps it. Throws for what is no name.
std::string_view KeepName(internal::Arena& arena, std::string_view name) {
  if (const std::string_view known = internal::KnownName(name); !known.empty()) return known;
  const std::size_t prefix = name.starts_with(internal::kTrailerPrefix) ? internal::kTrailerPrefix.size() : 0;
  if (!internal::IsToken(name.substr(prefix))) throw Panic("http: invalid header field name " + Quoted(name));
  char* copy = arena.Allocate(name.size());
  std::memcpy(copy, name.data(), prefix);
  WriteCanonical(name.substr(prefix), copy + prefix);
  return {copy, name.size()};
}

// A field as a handler sets it, checked and kept.
HeaderField Keep(internal::Arena& arena, std::string_view name, std::string_view value) {
  const std::string_view kept_name = KeepName(arena, name);
  if (!IsFieldValue(value)) {
    throw Panic("http: invalid header field value " + Quoted(value) + " for " + Quoted(name));
  }
  return {kept_name, arena.Copy(internal::TrimOws(value))};
}

}  // namespace

Header::Header(const Header& other) { *this = other; }

Header& Header::operator=(const Header& other) {
  if (this == &other) return *this;
  Clear();
  for (auto [name, value] : other) AddView(arena_.Copy(name), arena_.Copy(value));
  return *this;
}

std::string_view Header::Get(std::string_view name) const {
  const std::size_t index = Find(name);
  return index == size_ ? std::string_view() : slots_[index].value;
}

bool Header::Has(std::string_view name) const { return Find(name) != size_; }

std::vector<std::string_view> Header::Values(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const HeaderField& field : *this) {
    if (EqualFold(field.name, name)) values.push_back(field.value);
  }
  return values;
}

void Header::Set(std::string_view name, std::string_view value) {
  const HeaderField field = Keep(arena_, name, value);
  const std::size_t index = Find(name);
  if (index == size_) return AddView(field.name, field.value);
  slots_[index] = field;
  RemoveFrom(index + 1, name);
}

void Header::Add(std::string_view name, std::string_view value) {
  const HeaderField field = Keep(arena_, name, value);
  AddView(field.name, field.value);
}

void Header::Del(std::string_view name) { RemoveFrom(0, name); }

void Header::Clear() {
  size_ = 0;
  arena_.Reset();
}

void Header::Grow() { slots_.resize(std::max<std::size_t>(16, 2 * slots_.size())); }

std::size_t Header::Find(std::string_view name) const {
  std::size_t index = 0;
  while (index < size_ && !EqualFold(slots_[index].name, name)) ++index;
  return index;
}

void Header::RemoveFrom(std::size_t index, std::string_view name) {
  const auto last = slots_.begin() + static_cast<std::ptrdiff_t>(size_);
  const auto kept_end = std::remove_if(slots_.begin() + static_cast<std::ptrdiff_t>(index), last,
                                       [name](const HeaderField& field) { return EqualFold(field.name, name); });
  size_ = static_cast<std::size_t>(kept_end - slots_.begin());
}

std::string CanonicalHeaderKey(std::string_view name) {
  std::string key(name);
  if (internal::IsToken(name)) WriteCanonical(name, key.data());
  return key;
}

}  // namespace gale::http

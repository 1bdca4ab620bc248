// Header: the fields of a request's or a response's head, in their order.
//
//   w.Header().Set("Content-Type", "application/json");
//   w.Header().Add("Set-Cookie", "a=1");
//   std::string_view agent = r.Header().Get("User-Agent");   // "" where there is none
//   for (auto [name, value] : r.Header()) ...
//
// Names compare without regard to case, as RFC 9110 section 5.1 demands. Unlike Go's map of canonical keys, the
// order of the fields and the spelling of a request's names are kept; names set by a handler are written in
// their canonical form (Content-Type).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gale/http/internal/arena.h"

namespace gale::http {

namespace internal {
struct HeaderAccess;
}

// HeaderField is one line of a head. The views belong to the Header.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// Header is an ordered multimap of fields. Not thread-safe. Views that it returns are valid until the request
// ends; changing a field does not invalidate views of its former value.
class Header {
 public:
  Header() = default;
  Header(const Header& other);
  Header& operator=(const Header& other);

  // Get is the first value of the name, or "".
  std::string_view Get(std::string_view name) const;
  // Has tells a field with an empty value from no field.
  bool Has(std::string_view name) const;
  // Values are all values of the name, in their order.
  std::vector<std::string_view> Values(std::string_view name) const;

  // Set replaces every field of the name by one; Add appends. Both copy. Both throw gale::Panic if the name is
  // not a token (RFC 9110 section 5.6.2) or the value contains CR, LF, NUL or another control character except
  // tab: user input can never split a response. Spaces and tabs around the value are trimmed.
  void Set(std::string_view name, std::string_view value);
  void Add(std::string_view name, std::string_view value);
  // Del removes every field of the name.
  void Del(std::string_view name);
  void Clear();

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const HeaderField* begin() const { return slots_.data(); }
  const HeaderField* end() const { return slots_.data() + size_; }

 private:
  friend struct internal::HeaderAccess;

  // AddView appends a field without copying or checking it.
  void AddView(std::string_view name, std::string_view value) {
    if (size_ == slots_.size()) Grow();
    slots_[size_].name = name;
    slots_[size_].value = value;
    ++size_;
  }
  void Grow();
  // Removes every field of the name at or after the index.
  void RemoveFrom(std::size_t index, std::string_view name);
  // The index of the first field of the name, or size_.
  std::size_t Find(std::string_view name) const;

  // The first size_ slots are in use. A vector of just those would write each field twice: a request has a dozen of
  // them, and adding them is much of the cost of parsing it.
  std::vector<HeaderField> slots_;
  std::size_t size_ = 0;
  internal::Arena arena_;
};

// CanonicalHeaderKey is the canonical spelling of a field name: "content-type" becomes "Content-Type". A name that
// is no token comes back unchanged. Source: Go's net/http.CanonicalHeaderKey.
std::string CanonicalHeaderKey(std::string_view name);

}  // namespace gale::http

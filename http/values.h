// Values: the pairs of a query or a form.
//
//   http::Values query = http::ParseQuery("name=Gale&tag=a&tag=b");
//   query.Get("name");   // "Gale"
//   query.All("tag");    // {"a", "b"}
//   query.Set("page", "2");
//   query.Encode();      // "name=Gale&page=2&tag=a&tag=b"
//
// Source: Go's net/url.Values. Unlike Go's map, the order of the pairs is kept.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gale/runtime/error.h"

namespace gale::http {

// Values is an ordered multimap. Keys compare byte by byte. A value: copyable. Not thread-safe. Views that it
// returns are valid until it changes.
class Values {
 public:
  // Get is the first value of the key, or "".
  std::string_view Get(std::string_view key) const;
  // Has tells a key with an empty value from no key.
  bool Has(std::string_view key) const;
  // All are all values of the key, in their order.
  std::vector<std::string_view> All(std::string_view key) const;
  // Set replaces every pair of the key by one; Add appends one; Del removes every one.
  void Set(std::string_view key, std::string_view value);
  void Add(std::string_view key, std::string_view value);
  void Del(std::string_view key);
  // Encode is the form "a=1&b=2", sorted by key, escaped.
  std::string Encode() const;

  std::size_t size() const { return pairs_.size(); }
  bool empty() const { return pairs_.empty(); }
  auto begin() const { return pairs_.begin(); }
  auto end() const { return pairs_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// ParseQuery splits a raw query. Pairs with a bad escape or a ";" are left out, as Go's URL.Query does, and so is
// what follows the 10,000th pair.
Values ParseQuery(std::string_view raw_query);

// AppendQuery adds the same pairs to values, and returns what was wrong with the first one left out:
// MessageErrc::kSemicolon, kInvalidEscape or kTooManyPairs.
gale::Error AppendQuery(Values& values, std::string_view raw_query);

}  // namespace gale::http

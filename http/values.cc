#include "gale/http/values.h"

#include <algorithm>

#include "gale/http/internal/failure.h"
#include "gale/http/internal/percent.h"

namespace gale::http {
namespace {

constexpr std::size_t kMaxPairs = 10'000;

auto HasKey(std::string_view key) {
  return [key](const std::pair<std::string, std::string>& pair) { return pair.first == key; };
}

// Takes a pair apart. MessageErrc{} is success.
MessageErrc Unescape(std::string_view pair, std::string& name, std::string& value) {
  if (pair.find(';') != std::string_view::npos) return MessageErrc::kSemicolon;
  const std::size_t equals = std::min(pair.find('='), pair.size());
  const std::string_view escaped_value = pair.substr(std::min(equals + 1, pair.size()));
  if (internal::AppendUnescaped(name, pair.substr(0, equals), internal::Plus::kIsSpace) &&
      internal::AppendUnescaped(value, escaped_value, internal::Plus::kIsSpace)) {
    return {};
  }
  return MessageErrc::kInvalidEscape;
}

}  // namespace

std::string_view Values::Get(std::string_view key) const {
  const auto found = std::find_if(pairs_.begin(), pairs_.end(), HasKey(key));
  return found == pairs_.end() ? std::string_view() : found->second;
}

bool Values::Has(std::string_view key) const { return std::any_of(pairs_.begin(), pairs_.end(), HasKey(key)); }

std::vector<std::string_view> Values::All(std::string_view key) const {
  std::vector<std::string_view> values;
  for (const auto& [name, value] : pairs_) {
    if (name == key) values.push_back(value);
  }
  return values;
}

void Values::Set(std::string_view key, std::string_view value) {
  // Copies first: both may be views of a pair that goes away.
  std::pair<std::string, std::string> pair(key, value);
  const auto first = std::find_if(pairs_.begin(), pairs_.end(), HasKey(pair.first));
  if (first == pairs_.end()) {
    pairs_.push_back(std::move(pair));
    return;
  }
  pairs_.erase(std::remove_if(first + 1, pairs_.end(), HasKey(pair.first)), pairs_.end());
  *first = std::move(pair);
}

void Values::Add(std::string_view key, std::string_view value) {
  pairs_.push_back({std::string(key), std::string(value)});
}

void Values::Del(std::string_view key) { std::erase_if(pairs_, HasKey(std::string(key))); }

std::string Values::Encode() const {
  std::vector<const std::pair<std::string, std::string>*> sorted;
  sorted.reserve(pairs_.size());
  for (const auto& pair : pairs_) sorted.push_back(&pair);
  std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->first < b->first; });
  std::string encoded;
  for (const auto* pair : sorted) {
    if (!encoded.empty()) encoded += '&';
    internal::AppendQueryEscaped(encoded, pair->first);
    encoded += '=';
    internal::AppendQueryEscaped(encoded, pair->second);
  }
  return encoded;
}

Values ParseQuery(std::string_view raw_query) {
  Values values;
  (void)AppendQuery(values, raw_query);
  return values;
}

gale::Error AppendQuery(Values& values, std::string_view raw_query) {
  gale::Error first_error;
  std::size_t count = 0;
  std::string name;
  std::string value;
  while (!raw_query.empty()) {
    const std::string_view pair = raw_query.substr(0, raw_query.find('&'));
    raw_query.remove_prefix(std::min(pair.size() + 1, raw_query.size()));
    if (pair.empty()) continue;
    if (++count > kMaxPairs) {
      if (!first_error) first_error = internal::Fault(MessageErrc::kTooManyPairs);
      break;
    }
    name.clear();
    value.clear();
    const MessageErrc error = Unescape(pair, name, value);
    if (error == MessageErrc{}) values.Add(name, value);
    if (error != MessageErrc{} && !first_error) first_error = internal::Fault(error);
  }
  return first_error;
}

}  // namespace gale::http

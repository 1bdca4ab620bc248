#include "gale/http/internal/accept_encoding.h"

#include <cstddef>

#include "gale/http/internal/ascii.h"

namespace gale::http::internal {
namespace {

// "x-gzip" is another name of gzip, RFC 9110 section 8.4.1.3.
std::string_view Canonical(std::string_view coding) { return EqualFold(coding, "x-gzip") ? "gzip" : coding; }

// A weight "0.5" in thousandths; 0 for what is malformed.
int Thousandths(std::string_view weight) {
  if (weight.empty() || weight.size() > 5 || (weight[0] != '0' && weight[0] != '1')) return 0;
  if (weight.size() > 1 && weight[1] != '.') return 0;
  int value = (weight[0] - '0') * 1000;
  int unit = 100;
  for (std::size_t i = 2; i < weight.size(); ++i, unit /= 10) {
    if (!kDigits.Has(weight[i])) return 0;
    value += (weight[i] - '0') * unit;
  }
  return value > 1000 ? 0 : value;
}

int QualityOfItem(std::string_view parameters) {
  parameters = TrimOws(parameters);
  if (parameters.empty()) return 1000;
  const bool is_weight = EqualFold(parameters.substr(0, 2), "q=");
  return is_weight ? Thousandths(parameters.substr(2)) : 0;
}

}  // namespace

std::optional<int> EncodingPreferences::Named(std::string_view coding) const {
  std::optional<int> quality;
  for (const std::string_view field : fields_) {
    ForEachListItem(field, [&](std::string_view item) {
      const std::size_t semicolon = item.find(';');
      if (quality || !EqualFold(Canonical(TrimOws(item.substr(0, semicolon))), coding)) return;
      quality = QualityOfItem(semicolon == std::string_view::npos ? "" : item.substr(semicolon + 1));
    });
  }
  return quality;
}

int EncodingPreferences::Quality(std::string_view coding) const {
  const std::optional<int> named = Named(coding);
  return named ? *named : Named("*").value_or(0);
}

}  // namespace gale::http::internal

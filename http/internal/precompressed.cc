#include "gale/http/internal/precompressed.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gale/http/internal/accept_encoding.h"
#include "gale/http/request.h"

namespace gale::http::internal {
namespace {

struct Candidate {
  std::string_view coding;
  std::string_view extension;
  int quality = 0;
};

}  // namespace

std::optional<PrecompressedFile> OpenPrecompressed(const FileOpener& opener, const std::string& name,
                                                   const OpenedFile& file, const Request& r) {
  const EncodingPreferences accepted(r.Header().Values("Accept-Encoding"));
  const int least = std::max(accepted.Identity().value_or(0), 1);
  std::array<Candidate, 3> candidates = {{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}};
  for (Candidate& candidate : candidates) candidate.quality = accepted.Quality(candidate.coding);
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.quality > b.quality; });
  for (const Candidate& candidate : candidates) {
    if (candidate.quality < least) break;
    auto encoded = opener.Open(name + std::string(candidate.extension));
    if (!encoded || encoded->is_directory || encoded->modified < file.modified) continue;
    return PrecompressedFile{candidate.coding, *std::move(encoded)};
  }
  return std::nullopt;
}

}  // namespace gale::http::internal

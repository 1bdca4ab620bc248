// EncodingPreferences: what an Accept-Encoding field says of content codings, RFC 9110 section 12.5.3.
//
//   EncodingPreferences accepted({"gzip;q=0.5, br"});
//   accepted.Quality("br");     // 1000
//   accepted.Quality("zstd");   // 0
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace gale::http::internal {

// EncodingPreferences keeps views of the fields it was made of.
class EncodingPreferences {
 public:
  // The values of all fields of the name.
  explicit EncodingPreferences(std::vector<std::string_view> fields) : fields_(std::move(fields)) {}

  // Quality is from 0, not acceptable, to 1000. What is not named has the quality of "*", if that is there, else 0.
  int Quality(std::string_view coding) const;
  // Identity is the quality of no coding, if it is named, else nothing: anything that is acceptable is better.
  std::optional<int> Identity() const { return Named("identity"); }

 private:
  std::optional<int> Named(std::string_view coding) const;

  std::vector<std::string_view> fields_;
};

}  // namespace gale::http::internal

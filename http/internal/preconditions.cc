#include "gale/http/internal/preconditions.h"

#include "gale/http/internal/entity_tag.h"
#include "gale/http/internal/parse_date.h"
#include "gale/http/request.h"

namespace gale::http::internal {
namespace {

bool IsRead(const Request& r) { return r.Method() == "GET" || r.Method() == "HEAD"; }

// AnyListHas looks through all fields of the name, which together are one list.
bool AnyListHas(const Request& r, std::string_view name, std::string_view tag, TagComparison comparison) {
  for (const std::string_view list : r.Header().Values(name)) {
    if (ListHasTag(list, tag, comparison)) return true;
  }
  return false;
}

// Expected tells whether the resource is in the state that the client wants to find.
bool Expected(const Request& r, const Validators& validators) {
  if (!r.Header().Get("If-Match").empty()) return AnyListHas(r, "If-Match", validators.tag, TagComparison::kStrong);
  const auto limit = ParseDate(r.Header().Get("If-Unmodified-Since"));
  return !limit || !validators.modified || *validators.modified <= *limit;
}

}  // namespace

Precondition CheckPreconditions(const Request& r, const Validators& validators) {
  if (!Expected(r, validators)) return Precondition::kFailed;
  if (!r.Header().Get("If-None-Match").empty()) {
    if (!AnyListHas(r, "If-None-Match", validators.tag, TagComparison::kWeak)) return Precondition::kHolds;
    return IsRead(r) ? Precondition::kNotModified : Precondition::kFailed;
  }
  return IsUnmodifiedSince(r, validators) ? Precondition::kNotModified : Precondition::kHolds;
}

bool RangeHolds(const Request& r, const Validators& validators) {
  const std::string_view field = r.Header().Get("If-Range");
  if (field.empty()) return true;
  if (const std::string_view tag = FirstTag(field); !tag.empty()) {
    return SameTag(tag, validators.tag, TagComparison::kStrong);
  }
  return validators.modified && ParseDate(field) == validators.modified;
}

bool IsUnmodifiedSince(const Request& r, const Validators& validators) {
  if (!IsRead(r) || !validators.modified) return false;
  const auto since = ParseDate(r.Header().Get("If-Modified-Since"));
  return since && *validators.modified <= *since;
}

}  // namespace gale::http::internal

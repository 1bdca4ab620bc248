// CheckPreconditions: whether a client already has what it asks for, or expects something else to be there.
//
//   switch (CheckPreconditions(r, {.tag = w.Header().Get("Etag"), .modified = modified})) ...
//
// Source: RFC 9110 section 13; Go's net/http.checkPreconditions.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace gale::http {
class Request;
}

namespace gale::http::internal {

// Validators name the state that a resource is in. Either may be missing.
struct Validators {
  std::string_view tag = {};  // an entity tag, or ""
  std::optional<std::chrono::sys_seconds> modified = {};
};

enum class Precondition {
  kHolds,
  kNotModified,  // 304: the client has it
  kFailed,       // 412: the client expected something else
};

// CheckPreconditions evaluates, in the order of section 13.2.2, If-Match or else If-Unmodified-Since, and then
// If-None-Match or else If-Modified-Since.
Precondition CheckPreconditions(const Request& r, const Validators& validators);

// RangeHolds tells whether If-Range lets the Range field count: there is none, or what the client has a part of is
// still the same.
bool RangeHolds(const Request& r, const Validators& validators);

// IsUnmodifiedSince tells whether If-Modified-Since names this time or a later one. For GET and HEAD only.
bool IsUnmodifiedSince(const Request& r, const Validators& validators);

}  // namespace gale::http::internal

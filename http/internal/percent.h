// Percent-encoding: which bytes each part of a URL may show as they are, and the way there and back.
//
//   AppendEscaped(out, "a b", kSegmentBytes);   // a%20b
//
// The sets are those of Go's net/url, where a path keeps "$&+,/:;=@" and a query keeps nothing but letters, digits
// and "-_.~".
#pragma once

#include <string>
#include <string_view>

#include "gale/http/internal/ascii.h"

namespace gale::http::internal {

inline constexpr ByteSet kQueryBytes = ByteSet("-_.~").AddRange('0', '9').AddRange('A', 'Z').AddRange('a', 'z');
inline constexpr ByteSet kSegmentBytes = ByteSet(kQueryBytes).Add("$&+=:@");
inline constexpr ByteSet kPathBytes = ByteSet(kSegmentBytes).Add("/,;");
inline constexpr ByteSet kFragmentBytes = ByteSet(kPathBytes).Add("?!()*");
// What a received path may show and still be passed on unchanged: the sub-delims and what browsers leave alone.
inline constexpr ByteSet kReceivedPathBytes = ByteSet(kPathBytes).Add("!'()*[]%");

// AppendEscaped appends text to out; a byte that is not in `plain` becomes %XX.
void AppendEscaped(std::string& out, std::string_view text, const ByteSet& plain);

// AppendQueryEscaped does so for a key or value of a query, where a space becomes "+".
void AppendQueryEscaped(std::string& out, std::string_view text);

enum class Plus : bool { kIsPlus, kIsSpace };

// AppendUnescaped appends text to out with its escapes decoded. Returns false at a bad escape; out then ends before
// it.
[[nodiscard]] bool AppendUnescaped(std::string& out, std::string_view text, Plus plus);

}  // namespace gale::http::internal

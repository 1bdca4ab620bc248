// Which fields may come after the body, RFC 9110 section 6.5.1.
#pragma once

#include <string_view>

namespace gale::http::internal {

// What a handler writes before the name of a field that is to be sent behind the body (response_writer.h). No token
// has a colon, so nothing else looks like it.
inline constexpr std::string_view kTrailerPrefix = "Trailer:";

// IsTrailerName tells whether a field may stand in a trailer section: not if it is needed to find the end of the
// message, to route it, to authenticate or condition the request, or to make sense of the content. Those would
// otherwise slip past whoever looked at the head.
bool IsTrailerName(std::string_view name);

}  // namespace gale::http::internal

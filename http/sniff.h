// DetectContentType: what kind of data this is, judged by its first bytes.
//
//   http::DetectContentType("<html><body>");   // "text/html; charset=utf-8"
//   http::DetectContentType("hello");          // "text/plain; charset=utf-8"
//
// A response whose handler set no Content-Type gets it from here.
#pragma once

#include <cstddef>
#include <string_view>

namespace gale::http {

// No more than this many bytes are looked at.
inline constexpr std::size_t kSniffLength = 512;

// DetectContentType always returns a valid media type: "application/octet-stream" if nothing fits. The view is
// valid forever. Thread-safe. Source: WHATWG MIME Sniffing, sections 6 and 7, in the selection and order that Go's
// net/http.DetectContentType has.
std::string_view DetectContentType(std::string_view data);

}  // namespace gale::http

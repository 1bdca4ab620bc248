// MessageErrc: what can be wrong with a cookie, a form or an upload.
//
//   if (gale::Error error = r.ParseForm()) {
//     return http::Error(w, error.Message(), http::StatusForBodyError(error));   // 400, 408, 413 or 507
//   }
//
// Comparing works with the code itself (error == MessageErrc::kMissingFile) and with its meaning: whatever exceeds a
// limit equals std::errc::message_size, whatever is malformed equals std::errc::invalid_argument.
#pragma once

#include <system_error>

#include "gale/runtime/error.h"

namespace gale::http {

// MessageErrc's messages are Go's words, where Go has the error.
enum class MessageErrc {
  // Limits.
  kBodyTooLarge = 1,  // "http: request body too large": a MaxBytesReader has come to its limit
  kPostTooLarge,      // "http: POST too large": a urlencoded form of more than 10 MiB
  kFormTooLarge,      // "multipart: message too large": bytes in all, in memory, or in a part's header
  kTooManyParts,      // "multipart: too many parts"
  kTooManyPairs,      // "number of URL query parameters exceeded limit"
  kTooManyCookies,    // "number of cookies exceeded limit"
  kCookieTooLarge,    // "http: cookie too large": more than browsers keep

  // Forms.
  kSemicolon,            // "invalid semicolon separator in query"
  kInvalidEscape,        // "invalid URL escape"
  kNoMediaType,          // "mime: no media type"
  kInvalidMediaType,     // "mime: invalid media type"
  kInvalidParameter,     // "mime: invalid media parameter"
  kDuplicateParameter,   // "mime: duplicate parameter name"
  kMissingFile,          // "http: no such file"
  kNotMultipart,         // "request Content-Type isn't multipart/form-data"
  kMissingBoundary,      // "no multipart boundary param in Content-Type"
  kInvalidBoundary,      // "mime: invalid boundary"
  kMalformedMultipart,   // "multipart: malformed body"
  kMalformedPartHeader,  // "multipart: malformed MIME header"
  // Misuses, which are the program's fault. They have no further meaning.
  kReadByMultipartReader,  // "http: multipart handled by MultipartReader"
  kReadByMultipartForm,    // "http: multipart handled by ParseMultipartForm"
  kMultipartReaderTwice,   // "http: MultipartReader called twice"
  kHandlerTimeout,         // "http: Handler timeout": to a handler behind a TimeoutHandler; equals std::errc::timed_out

  // What CrossOriginProtection refuses; equals std::errc::permission_denied.
  kCrossOrigin,            // "cross-origin request detected from Sec-Fetch-Site header"
  kCrossOriginOldBrowser,  // "cross-origin request detected, and/or browser is out of date: Sec-Fetch-Site is missing,
                           // and Origin does not match Host"
  // What is no origin for it.
  kOriginWithoutScheme,  // "scheme is required"
  kOriginWithoutHost,    // "host is required"
  kOriginWithMore,       // "path, query, and fragment are not allowed"

  // Cookies that were received.
  kBlankCookie,         // "http: blank cookie"
  kNoEqualsInCookie,    // "http: '=' not found in cookie"
  kInvalidCookieName,   // "http: invalid cookie name"
  kInvalidCookieValue,  // "http: invalid cookie value"
  // Cookies that were to be set.
  kCookieName,         // "http: invalid Cookie.Name"
  kCookieValue,        // "http: invalid byte in Cookie.Value"
  kCookiePath,         // "http: invalid byte in Cookie.Path"
  kCookieDomain,       // "http: invalid Cookie.Domain"
  kCookieExpires,      // "http: invalid Cookie.Expires"
  kCookiePartitioned,  // "http: partitioned cookies must be set with Secure"
  kCookieSameSite,     // "http: SameSite=None cookies must be set with Secure"
  kCookiePrefix,       // "http: the prefix of Cookie.Name demands other attributes"
};

std::error_code make_error_code(MessageErrc code) noexcept;

// StatusForBodyError is what a client deserves for an error that reading or parsing its body came to: 413 for what is
// too large, 408 for one that stalled, 507 where the disk is full, 500 for another failure of this side's, else 400.
int StatusForBodyError(const gale::Error& error);

}  // namespace gale::http

template <>
struct std::is_error_code_enum<gale::http::MessageErrc> : std::true_type {};

#include "gale/http/message_errc.h"

#include <cerrno>
#include <string>

#include "gale/http/status.h"

namespace gale::http {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "http message"; }
  std::string message(int value) const override;
  std::error_condition default_error_condition(int value) const noexcept override;
};

std::string Category::message(int value) const {
  switch (static_cast<MessageErrc>(value)) {
    case MessageErrc::kBodyTooLarge: return "http: request body too large";
    case MessageErrc::kPostTooLarge: return "http: POST too large";
    case MessageErrc::kFormTooLarge: return "multipart: message too large";
    case MessageErrc::kTooManyParts: return "multipart: too many parts";
    case MessageErrc::kTooManyPairs: return "number of URL query parameters exceeded limit";
    case MessageErrc::kTooManyCookies: return "number of cookies exceeded limit";
    case MessageErrc::kCookieTooLarge: return "http: cookie too large";
    case MessageErrc::kSemicolon: return "invalid semicolon separator in query";
    case MessageErrc::kInvalidEscape: return "invalid URL escape";
    case MessageErrc::kNoMediaType: return "mime: no media type";
    case MessageErrc::kInvalidMediaType: return "mime: invalid media type";
    case MessageErrc::kInvalidParameter: return "mime: invalid media parameter";
    case MessageErrc::kDuplicateParameter: return "mime: duplicate parameter name";
    case MessageErrc::kMissingFile: return "http: no such file";
    case MessageErrc::kNotMultipart: return "request Content-Type isn't multipart/form-data";
    case MessageErrc::kMissingBoundary: return "no multipart boundary param in Content-Type";
    case MessageErrc::kInvalidBoundary: return "mime: invalid boundary";
    case MessageErrc::kMalformedMultipart: return "multipart: malformed body";
    case MessageErrc::kMalformedPartHeader: return "multipart: malformed MIME header";
    case MessageErrc::kReadByMultipartReader: return "http: multipart handled by MultipartReader";
    case MessageErrc::kReadByMultipartForm: return "http: multipart handled by ParseMultipartForm";
    case MessageErrc::kMultipartReaderTwice: return "http: MultipartReader called twice";
    case MessageErrc::kHandlerTimeout: return "http: Handler timeout";
    case MessageErrc::kCrossOrigin: return "cross-origin request detected from Sec-Fetch-Site header";
    case MessageErrc::kCrossOriginOldBrowser:
      return "cross-origin request detected, and/or browser is out of date: Sec-Fetch-Site is missing, and Origin does "
             "not match Host";
    case MessageErrc::kOriginWithoutScheme: return "scheme is required";
    case MessageErrc::kOriginWithoutHost: return "host is required";
    case MessageErrc::kOriginWithMore: return "path, query, and fragment are not allowed";
    case MessageErrc::kBlankCookie: return "http: blank cookie";
    case MessageErrc::kNoEqualsInCookie: return "http: '=' not found in cookie";
    case MessageErrc::kInvalidCookieName: return "http: invalid cookie name";
    case MessageErrc::kInvalidCookieValue: return "http: invalid cookie value";
    case MessageErrc::kCookieName: return "http: invalid Cookie.Name";
    case MessageErrc::kCookieValue: return "http: invalid byte in Cookie.Value";
    case MessageErrc::kCookiePath: return "http: invalid byte in Cookie.Path";
    case MessageErrc::kCookieDomain: return "http: invalid Cookie.Domain";
    case MessageErrc::kCookieExpires: return "http: invalid Cookie.Expires";
    case MessageErrc::kCookiePartitioned: return "http: partitioned cookies must be set with Secure";
    case MessageErrc::kCookieSameSite: return "http: SameSite=None cookies must be set with Secure";
    case MessageErrc::kCookiePrefix: return "http: the prefix of Cookie.Name demands other attributes";
  }
  return "http message error " + std::to_string(value);
}

std::error_condition Category::default_error_condition(int value) const noexcept {
  switch (static_cast<MessageErrc>(value)) {
    case MessageErrc::kBodyTooLarge:
    case MessageErrc::kPostTooLarge:
    case MessageErrc::kFormTooLarge:
    case MessageErrc::kTooManyParts:
    case MessageErrc::kTooManyPairs:
    case MessageErrc::kTooManyCookies:
    case MessageErrc::kCookieTooLarge: return std::errc::message_size;
    case MessageErrc::kHandlerTimeout: return std::errc::timed_out;
    case MessageErrc::kCrossOrigin:
    case MessageErrc::kCrossOriginOldBrowser: return std::errc::permission_denied;
    case MessageErrc::kMissingFile:
    case MessageErrc::kReadByMultipartReader:
    case MessageErrc::kReadByMultipartForm:
    case MessageErrc::kMultipartReaderTwice: return {value, *this};
    default: return std::errc::invalid_argument;
  }
}

}  // namespace

std::error_code make_error_code(MessageErrc code) noexcept {
  static const Category category;
  return {static_cast<int>(code), category};
}

int StatusForBodyError(const gale::Error& error) {
  if (error == std::errc::message_size) return kStatusRequestEntityTooLarge;
  if (error == std::errc::timed_out) return kStatusRequestTimeout;
  if (error == std::errc::no_space_on_device || error == std::error_code(EDQUOT, std::system_category())) {
    return kStatusInsufficientStorage;
  }
  const bool is_misuse = error == MessageErrc::kReadByMultipartReader || error == MessageErrc::kReadByMultipartForm ||
                         error == MessageErrc::kMultipartReaderTwice;
  if (is_misuse || error.Code().category() == std::system_category()) return kStatusInternalServerError;
  return kStatusBadRequest;
}

}  // namespace gale::http

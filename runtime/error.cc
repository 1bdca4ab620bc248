#include "gale/runtime/error.h"

#include <cctype>
#include <cstring>

namespace gale {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "gale"; }
  std::string message(int value) const override;
  std::error_condition default_error_condition(int value) const noexcept override;
};

std::string Category::message(int value) const {
  switch (static_cast<Errc>(value)) {
    case Errc::kEof: return "EOF";
    case Errc::kUnexpectedEof: return "unexpected EOF";
    case Errc::kClosed: return "use of closed network connection";
    case Errc::kTimeout: return "i/o timeout";
    case Errc::kShortWrite: return "short write";
    case Errc::kNoProgress: return "multiple Read calls return no data or error";
    case Errc::kUnknownNetwork: return "unknown network";
    case Errc::kCanceled: return "context canceled";
    case Errc::kDeadlineExceeded: return "context deadline exceeded";
    case Errc::kInvalidAddress: return "invalid address";
    case Errc::kMissingPort: return "missing port in address";
    case Errc::kTooManyColons: return "too many colons in address";
    case Errc::kMissingBracket: return "missing ']' in address";
    case Errc::kUnexpectedOpen: return "unexpected '[' in address";
    case Errc::kUnexpectedClose: return "unexpected ']' in address";
    case Errc::kInvalidPort: return "invalid port";
    case Errc::kUnknownPort: return "unknown port";
    case Errc::kNoSuchHost: return "no such host";
    case Errc::kServerMisbehaving: return "server misbehaving";
    case Errc::kNoSuitableAddress: return "no suitable address found";
  }
  return "gale error " + std::to_string(value);
}

std::error_condition Category::default_error_condition(int value) const noexcept {
  switch (static_cast<Errc>(value)) {
    case Errc::kClosed: return std::errc::bad_file_descriptor;
    case Errc::kTimeout:
    case Errc::kDeadlineExceeded: return std::errc::timed_out;
    case Errc::kCanceled: return std::errc::operation_canceled;
    case Errc::kUnknownNetwork: return std::errc::protocol_not_supported;
    case Errc::kInvalidAddress:
    case Errc::kMissingPort:
    case Errc::kTooManyColons:
    case Errc::kMissingBracket:
    case Errc::kUnexpectedOpen:
    case Errc::kUnexpectedClose:
    case Errc::kInvalidPort:
    case Errc::kUnknownPort: return std::errc::invalid_argument;
    default: return {value, *this};
  }
}

// English whatever the locale, unlike std::system_category's, and without a lock.
std::string ErrnoDescription(int errno_value) {
#ifdef __GLIBC__
  if (const char* text = ::strerrordesc_np(errno_value)) return text;
  return "errno " + std::to_string(errno_value);
#else
  return std::system_category().message(errno_value);
#endif
}

// "Address already in use" continues a sentence, "RFS specific error" keeps its capitals.
std::string WithSmallFirstLetter(std::string text) {
  if (text.size() >= 2 && std::isupper(static_cast<unsigned char>(text[0])) &&
      !std::isupper(static_cast<unsigned char>(text[1]))) {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

std::string Cause(const std::error_code& code) {
  const bool is_errno = code.category() == std::system_category() || code.category() == std::generic_category();
  return is_errno ? WithSmallFirstLetter(ErrnoDescription(code.value())) : code.message();
}

}  // namespace

const std::error_category& ErrorCategory() noexcept {
  // Never destroyed: errors may be made and read while static destructors run.
  static const Category& category = *new Category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), ErrorCategory()}; }

std::string Error::Message() const {
  if (!code_) return "no error";
  if (context_.empty()) return Cause(code_);
  return context_ + ": " + Cause(code_);
}

}  // namespace gale

// Error: what went wrong, on what, while doing what.
//
// Every operation of Gale that can fail reports an Error: a std::error_code for programs to compare and a
// sentence for people, in Go's form "operation, object: cause":
//
//   if (gale::Error err = http::ListenAndServe(":8080", mux)) {
//     std::fprintf(stderr, "%s\n", err.Message().c_str());  // listen tcp :8080: address already in use
//     if (err.Code() == std::errc::address_in_use) ...
//   }
//
// A default-constructed Error means success and converts to false. Functions that also have a result return
// std::expected<T, Error>.
#pragma once

#include <string>
#include <system_error>
#include <utility>

namespace gale {

// Errc names the failures that are Gale's own and have no errno. Their messages are Go's words.
enum class Errc {
  kEof = 1,         // "EOF": the peer sent everything it will ever send
  kUnexpectedEof,   // "unexpected EOF": the stream ended inside a unit that was announced to be longer
  kClosed,          // "use of closed network connection": this side closed it; equals std::errc::bad_file_descriptor
  kTimeout,         // "i/o timeout": a deadline passed; equals std::errc::timed_out
  kShortWrite,      // "short write"
  kNoProgress,      // "multiple Read calls return no data or error": a Reader is broken
  kUnknownNetwork,  // "unknown network"; equals std::errc::protocol_not_supported

  // Why a Context is done.
  kCanceled,          // "context canceled"; equals std::errc::operation_canceled
  kDeadlineExceeded,  // "context deadline exceeded"; equals std::errc::timed_out

  // What an address can be wrong in. All equal std::errc::invalid_argument.
  kInvalidAddress,   // "invalid address"
  kMissingPort,      // "missing port in address"
  kTooManyColons,    // "too many colons in address"
  kMissingBracket,   // "missing ']' in address"
  kUnexpectedOpen,   // "unexpected '[' in address"
  kUnexpectedClose,  // "unexpected ']' in address"
  kInvalidPort,      // "invalid port"
  kUnknownPort,      // "unknown port": no service of this name

  kNoSuchHost,         // "no such host"
  kServerMisbehaving,  // "server misbehaving": the name could not be looked up now; trying again may help
  kNoSuitableAddress,  // "no suitable address found": the host has none of the wanted network
};

const std::error_category& ErrorCategory() noexcept;
std::error_code make_error_code(Errc code) noexcept;

// Error is a value: copyable, movable, safe to send between goroutines. Success and errors without context do
// not allocate. Comparing with a std::errc compares meanings (a timeout of Gale and ETIMEDOUT are both timed_out),
// comparing with an Errc or a std::error_code compares the code itself.
class [[nodiscard]] Error {
 public:
  Error() = default;
  Error(std::error_code code) : code_(code) {}
  Error(Errc code) : code_(make_error_code(code)) {}
  Error(std::error_code code, std::string context) : code_(code), context_(std::move(context)) {}

  // FromErrno makes the Error for a positive errno value.
  static Error FromErrno(int errno_value) { return Error(std::error_code(errno_value, std::system_category())); }
  static Error FromErrno(int errno_value, std::string context) {
    return Error(std::error_code(errno_value, std::system_category()), std::move(context));
  }

  explicit operator bool() const noexcept { return static_cast<bool>(code_); }
  const std::error_code& Code() const noexcept { return code_; }
  // Context is what was tried on what ("listen tcp :8080"), or empty.
  const std::string& Context() const noexcept { return context_; }

  // Message is "context: cause", or the cause alone where there is no context, or "no error". The cause of an
  // errno is its usual sentence in English with a small first letter, whatever the locale.
  std::string Message() const;

  friend bool operator==(const Error& error, std::error_code code) noexcept { return error.code_ == code; }
  friend bool operator==(const Error& error, std::errc condition) noexcept { return error.code_ == condition; }
  friend bool operator==(const Error& error, Errc code) noexcept { return error.code_ == make_error_code(code); }

 private:
  std::error_code code_;
  std::string context_;
};

}  // namespace gale

template <>
struct std::is_error_code_enum<gale::Errc> : std::true_type {};

// The side of Request that reads cookies, forms and credentials.
#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/base64.h"
#include "gale/http/internal/cookie_syntax.h"
#include "gale/http/internal/failure.h"
#include "gale/http/internal/media_type.h"
#include "gale/http/internal/multipart_scanner.h"
#include "gale/http/internal/parsed_form.h"
#include "gale/http/max_bytes.h"
#include "gale/http/request.h"
#include "gale/runtime/panic.h"

namespace gale::http {
namespace {

constexpr std::size_t kMaxPostBytes = 10 << 20;
constexpr std::string_view kBasic = "Basic ";

// Reads a urlencoded body. A body of another type is left alone.
gale::Error ReadPostForm(const Header& header, Reader& body, Values& values) {
  const std::string_view content_type = header.Get("Content-Type");
  if (content_type.empty()) return {};
  const auto type = internal::ParseMediaType(content_type);
  if (!type) return type.error();
  if (type->name != "application/x-www-form-urlencoded") return {};
  // Who has set a limit knows what there is to come.
  const bool is_limited = dynamic_cast<MaxBytesReader*>(&body) != nullptr;
  const auto text = ReadAll(body, is_limited ? std::numeric_limits<std::size_t>::max() : kMaxPostBytes);
  if (text) return AppendQuery(values, *text);
  if (text.error() == std::make_error_code(std::errc::message_size)) {
    return internal::Fault(MessageErrc::kPostTooLarge);
  }
  return text.error();
}

// The boundary of a multipart/form-data body.
std::expected<std::string, gale::Error> BoundaryOf(const Header& header) {
  const std::string_view content_type = header.Get("Content-Type");
  if (content_type.empty()) return internal::Failure(MessageErrc::kNotMultipart);
  const auto type = internal::ParseMediaType(content_type);
  if (!type) return std::unexpected(type.error());
  if (type->name != "multipart/form-data") return internal::Failure(MessageErrc::kNotMultipart);
  const std::string* boundary = type->Find("boundary");
  if (boundary == nullptr || boundary->empty()) return internal::Failure(MessageErrc::kMissingBoundary);
  if (!internal::IsBoundary(*boundary)) return internal::Failure(MessageErrc::kInvalidBoundary);
  return *boundary;
}

}  // namespace

namespace internal {

std::unique_ptr<ParsedForm> ParsedForm::Clone() const {
  auto copy = std::make_unique<ParsedForm>();
  copy->form_parsed = form_parsed;
  copy->form_error = form_error;
  copy->form = form;
  copy->post_form = post_form;
  copy->multipart_parsed = multipart_parsed;
  copy->multipart_error = multipart_error;
  copy->multipart_form = multipart_form;
  return copy;
}

}  // namespace internal

internal::ParsedForm& Request::FormState() {
  if (form_ == nullptr) form_ = std::make_unique<internal::ParsedForm>();
  return *form_;
}

gale::Error Request::ParseForm() {
  internal::ParsedForm& state = FormState();
  if (state.form_parsed) return state.form_error;
  state.form_parsed = true;
  if (method_ == "POST" || method_ == "PUT" || method_ == "PATCH") {
    state.form_error = ReadPostForm(header_, *body_, state.post_form);
  }
  state.form = state.post_form;
  gale::Error query_error = AppendQuery(state.form, url_.RawQuery());
  if (!state.form_error) state.form_error = std::move(query_error);
  return state.form_error;
}

const Values& Request::Form() { return FormState().form; }

const Values& Request::PostForm() { return FormState().post_form; }

std::expected<http::MultipartReader*, gale::Error> Request::MultipartReader(const MultipartOptions& options) {
  internal::ParsedForm& state = FormState();
  const auto boundary = BoundaryOf(header_);
  if (!boundary) return std::unexpected(boundary.error());
  if (state.multipart_parsed) return internal::Failure(MessageErrc::kReadByMultipartForm);
  if (state.multipart_reader != nullptr) return internal::Failure(MessageErrc::kMultipartReaderTwice);
  state.multipart_reader = std::make_unique<http::MultipartReader>(*body_, *boundary, options);
  return state.multipart_reader.get();
}

gale::Error Request::ParseMultipartForm(const MultipartOptions& options) {
  internal::ParsedForm& state = FormState();
  if (state.multipart_parsed) return state.multipart_error;
  gale::Error form_error = ParseForm();
  if (state.multipart_reader != nullptr) return internal::Fault(MessageErrc::kReadByMultipartReader);
  state.multipart_parsed = true;
  const auto boundary = BoundaryOf(header_);
  if (!boundary) return state.multipart_error = boundary.error();
  http::MultipartReader reader(*body_, *boundary, options);
  auto form = http::MultipartForm::Read(reader);
  if (!form) return state.multipart_error = form.error();
  state.multipart_form = *std::move(form);
  for (const auto& [key, value] : state.multipart_form.Value()) {
    state.form.Add(key, value);
    state.post_form.Add(key, value);
  }
  return state.multipart_error = std::move(form_error);
}

const MultipartForm& Request::MultipartForm() { return FormState().multipart_form; }

std::expected<FormFile, gale::Error> Request::FormFile(std::string_view field) {
  const gale::Error error = ParseMultipartForm();
  std::optional<http::FormFile> file = MultipartForm().File(field);
  if (file) return *std::move(file);
  return error ? std::unexpected(error) : internal::Failure(MessageErrc::kMissingFile);
}

std::string_view Request::FormValue(std::string_view key) {
  (void)ParseMultipartForm();
  return Form().Get(key);
}

std::string_view Request::PostFormValue(std::string_view key) {
  (void)ParseMultipartForm();
  return PostForm().Get(key);
}

std::vector<Cookie> Request::CookiesNamed(std::string_view name) const {
  std::vector<http::Cookie> cookies = Cookies();
  std::erase_if(cookies, [name](const http::Cookie& cookie) { return cookie.name != name; });
  return cookies;
}

void Request::AddCookie(const http::Cookie& cookie) {
  if (!internal::IsToken(cookie.name)) throw Panic(internal::Fault(MessageErrc::kCookieName).Message());
  if (!internal::kCookieValueBytes.HasAll(cookie.value)) {
    throw Panic(internal::Fault(MessageErrc::kCookieValue).Message());
  }
  std::string text(header_.Get("Cookie"));
  if (!text.empty()) text += "; ";
  text.append(cookie.name).append("=");
  internal::AppendCookieValue(text, cookie.value, cookie.quoted);
  header_.Set("Cookie", text);
}

std::optional<BasicCredentials> Request::BasicAuth() const {
  const std::string_view value = header_.Get("Authorization");
  if (value.size() < kBasic.size() || !internal::EqualFold(value.substr(0, kBasic.size()), kBasic)) return std::nullopt;
  const std::optional<std::string> decoded = internal::DecodeBase64(value.substr(kBasic.size()));
  if (!decoded) return std::nullopt;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicCredentials{.username = decoded->substr(0, colon), .password = decoded->substr(colon + 1)};
}

void Request::SetBasicAuth(std::string_view username, std::string_view password) {
  std::string credentials(username);
  credentials.append(":").append(password);
  header_.Set("Authorization", std::string(kBasic) + internal::EncodeBase64(credentials));
}

}  // namespace gale::http

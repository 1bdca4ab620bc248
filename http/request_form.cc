// The side of Request that reads forms and credentials.
#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/base64.h"
#include "gale/http/internal/failure.h"
#include "gale/http/internal/media_type.h"
#include "gale/http/internal/parsed_form.h"
#include "gale/http/max_bytes.h"
#include "gale/http/request.h"

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

}  // namespace

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

std::string_view Request::FormValue(std::string_view key) {
  (void)ParseForm();
  return Form().Get(key);
}

std::string_view Request::PostFormValue(std::string_view key) {
  (void)ParseForm();
  return PostForm().Get(key);
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

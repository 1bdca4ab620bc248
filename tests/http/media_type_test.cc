#include "gale/http/internal/media_type.h"

#include <gtest/gtest.h>

#include "gale/http/message_errc.h"

namespace gale::http::internal {
namespace {

// "name|key=value|..."
std::string Summary(std::string_view text) {
  const auto type = ParseMediaType(text);
  if (!type) return type.error().Message();
  std::string summary = type->name;
  for (const auto& [key, value] : type->parameters) summary += '|' + key + '=' + value;
  return summary;
}

TEST(MediaTypeTest, Parses) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"text/html", "text/html"},
      {" Text/HTML ", "text/html"},
      {"form-data", "form-data"},
      {"text/html; charset=UTF-8", "text/html|charset=UTF-8"},
      {"text/html;Charset=\"utf-8\" ;\tq=1", "text/html|charset=utf-8|q=1"},
      {"text/html;", "text/html"},
      {"text/html ; ", "text/html"},
      {"form-data; name=\"a\\\"b\\\\c\"", "form-data|name=a\"b\\c"},
      {"form-data; filename=\"C:\\dir\\file.txt\"", "form-data|filename=C:\\dir\\file.txt"},
      {"form-data; name=\"\"", "form-data|name="},
      {"form-data; name=\"a;b=c\"", "form-data|name=a;b=c"},
      {"form-data; name=\"\xc3\xa9\"", "form-data|name=\xc3\xa9"},
      {"form-data; filename*=UTF-8''a%20b", "form-data|filename*=UTF-8''a%20b"},
      {"", "mime: no media type"},
      {"; a=b", "mime: no media type"},
      {"text/", "mime: invalid media type"},
      {"/html", "mime: invalid media type"},
      {"a/b/c", "mime: invalid media type"},
      {"text html", "mime: invalid media type"},
      {"text/html; charset", "mime: invalid media parameter"},
      {"text/html; charset=", "mime: invalid media parameter"},
      {"text/html; =x", "mime: invalid media parameter"},
      {"text/html; a=\"b", "mime: invalid media parameter"},
      {"text/html; a=\"b\\", "mime: invalid media parameter"},
      {"text/html; a=\"b\\\"", "mime: invalid media parameter"},
      {"text/html; a=b c", "mime: invalid media parameter"},
      {"text/html; a=\"b\"c", "mime: invalid media parameter"},
      {"text/html; a=\"\n\"", "mime: invalid media parameter"},
      {"text/html;; a=b", "mime: invalid media parameter"},
      {"a/b; x=1; X=1", "mime: duplicate parameter name"},
  };
  for (const auto& [text, summary] : rows) EXPECT_EQ(Summary(text), summary) << text;
}

}  // namespace
}  // namespace gale::http::internal

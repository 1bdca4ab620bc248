// Cookies: what is written is what is read, and nothing can be smuggled into a field.
#include <string>
#include <string_view>

#include "gale/http/cookie.h"
#include "gale/http/header.h"
#include "gale/http/internal/ascii.h"
#include "gale/tests/fuzz/fuzz.h"

namespace {

using gale::fuzz::Check;
using gale::http::Cookie;

void CheckCookieField(std::string_view line) {
  const auto strict = gale::http::ParseCookie(line);
  if (!gale::http::internal::IsFieldValue(line)) return;
  gale::http::Header header;
  header.Add("Cookie", line);
  const auto lenient = gale::http::CookiesOf(header);
  for (const Cookie& cookie : lenient) {
    Check(gale::http::internal::IsToken(cookie.name), "a name that is no token");
    const auto first = gale::http::CookieNamed(header, cookie.name);
    Check(first && first->name == cookie.name, "a cookie that cannot be found");
  }
  if (!strict) return;
  Check(strict->size() == lenient.size(), "two opinions about the number of cookies");
  for (std::size_t i = 0; i < lenient.size(); ++i) {
    Check((*strict)[i].value == lenient[i].value, "two opinions about a value");
  }
}

void CheckSetCookie(std::string_view line) {
  const auto cookie = gale::http::ParseSetCookie(line);
  if (!cookie || cookie->Valid()) return;
  const std::string written = cookie->String();
  Check(gale::http::internal::IsFieldValue(written), "a cookie that is no field value");
  const auto again = gale::http::ParseSetCookie(written);
  Check(again.has_value(), "a cookie that cannot be read again");
  Check(again->unparsed.empty(), "an attribute that cannot be read again");
  Check(again->String() == written, "a cookie that is not stable");
}

// Each line of the input is one part of a cookie.
void CheckParts(std::string_view input) {
  Cookie cookie;
  cookie.name = gale::fuzz::TakeLine(input);
  cookie.value = gale::fuzz::TakeLine(input);
  cookie.path = gale::fuzz::TakeLine(input);
  cookie.domain = gale::fuzz::TakeLine(input);
  if (cookie.Valid()) return;
  const auto again = gale::http::ParseSetCookie(cookie.String());
  Check(again && again->name == cookie.name && again->value == cookie.value, "another name or value");
  Check(!again->secure && !again->http_only && !again->max_age, "an attribute that nobody has set");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gale::fuzz::Input(data, size);
  CheckCookieField(input);
  CheckSetCookie(input);
  CheckParts(input);
  return 0;
}

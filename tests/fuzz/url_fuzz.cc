// URLs, request targets, queries and escapes: writing what was read and reading it again changes nothing.
#include <string>
#include <string_view>

#include "gale/http/internal/target.h"
#include "gale/http/url.h"
#include "gale/http/values.h"
#include "gale/tests/fuzz/fuzz.h"

namespace {

using gale::fuzz::Check;
using gale::http::URL;

void CheckUrl(std::string_view text) {
  const auto url = URL::Parse(text);
  if (!url) {
    Check(url.error() == std::errc::invalid_argument, "an error of another kind");
    return;
  }
  const std::string written = url->String();
  const auto again = URL::Parse(written);
  Check(again.has_value(), "a URL that cannot be read again");
  Check(again->String() == written, "a URL that is not stable");
  // A path that would be read as a host or a scheme is written so that it is not.
  const std::string& path = url->Path();
  Check(again->Path() == path || again->Path() == "/." + path || again->Path() == "./" + path, "another path");
  Check(again->Host() == url->Host(), "another host");
  Check(again->RawQuery() == url->RawQuery(), "another query");
}

void CheckTarget(std::string_view method, std::string_view target) {
  URL url;
  const bool valid = url.ParseRequestTarget(method, target);
  Check(valid == gale::http::internal::SplitTarget(method, target).has_value(), "two opinions about a target");
  if (!valid || method == "CONNECT" || target == "*") return;
  Check(url.Path().find('\0') == std::string::npos, "NUL in a path");
  Check(url.Path() == "*" || url.Path().starts_with('/'), "a path without a slash");
  if (url.Path() == "*") return;
  URL again;
  Check(again.ParseRequestTarget(method, url.RequestURI()), "a target that cannot be sent on");
  Check(again.Path() == url.Path() && again.RawQuery() == url.RawQuery(), "a target that is sent on as another");
}

void CheckEscapes(std::string_view text) {
  const auto segment = gale::http::PathUnescape(gale::http::PathEscape(text));
  Check(segment && *segment == text, "a path segment that escaping changes");
  const auto value = gale::http::QueryUnescape(gale::http::QueryEscape(text));
  Check(value && *value == text, "a value that escaping changes");
}

void CheckQuery(std::string_view text) {
  const gale::http::Values values = gale::http::ParseQuery(text);
  const std::string written = values.Encode();
  const gale::http::Values again = gale::http::ParseQuery(written);
  Check(again.size() == values.size(), "pairs get lost");
  Check(again.Encode() == written, "a query that is not stable");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gale::fuzz::Input(data, size);
  CheckUrl(input);
  for (std::string_view method : {"GET", "OPTIONS", "CONNECT"}) CheckTarget(method, input);
  CheckEscapes(input);
  CheckQuery(input);
  return 0;
}

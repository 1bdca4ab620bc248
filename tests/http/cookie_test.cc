// Cookies: what is set, what is read back, and what is refused. Behaviour group 54.
#include "gale/http/cookie.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gale/http/httptest/response_recorder.h"
#include "gale/http/internal/cookie_date.h"
#include "gale/http/request.h"
#include "gale/runtime/panic.h"

namespace gale::http {
namespace {

using namespace std::chrono_literals;
using httptest::ResponseRecorder;

std::chrono::sys_seconds At(int year, unsigned month, unsigned day, std::chrono::seconds time = 0s) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) + time;
}

TEST(CookieTest, String) {
  const struct {
    Cookie cookie;
    std::string_view text;
  } rows[] = {
      {{.name = "a", .value = "b"}, "a=b"},
      {{.name = "a", .value = ""}, "a="},
      {{.name = "a", .value = "b c"}, "a=\"b c\""},
      {{.name = "a", .value = "b,c"}, "a=\"b,c\""},
      {{.name = "a", .value = " "}, "a=\" \""},
      {{.name = "a", .value = "b", .quoted = true}, "a=\"b\""},
      {{.name = "a", .value = "", .quoted = true}, "a=\"\""},
      {{.name = "a", .value = "b=c&d"}, "a=b=c&d"},
      {{.name = "a", .value = "b", .path = "/x y"}, "a=b; Path=/x y"},
      {{.name = "a", .value = "b", .domain = "example.com"}, "a=b; Domain=example.com"},
      {{.name = "a", .value = "b", .domain = ".example.com"}, "a=b; Domain=example.com"},
      {{.name = "a", .value = "b", .domain = "127.0.0.1"}, "a=b; Domain=127.0.0.1"},
      {{.name = "a", .value = "b", .expires = At(2015, 10, 21, 7h + 28min)},
       "a=b; Expires=Wed, 21 Oct 2015 07:28:00 GMT"},
      {{.name = "a", .value = "b", .expires = At(1601, 1, 1)}, "a=b; Expires=Mon, 01 Jan 1601 00:00:00 GMT"},
      {{.name = "a", .value = "b", .max_age = 60s}, "a=b; Max-Age=60"},
      {{.name = "a", .value = "b", .max_age = 0s}, "a=b; Max-Age=0"},
      {{.name = "a", .value = "b", .max_age = -5s}, "a=b; Max-Age=0"},
      {{.name = "a", .value = "b", .max_age = std::chrono::days(4000)}, "a=b; Max-Age=34560000"},
      {{.name = "a", .value = "b", .same_site = SameSite::kLax}, "a=b; SameSite=Lax"},
      {{.name = "a", .value = "b", .same_site = SameSite::kStrict}, "a=b; SameSite=Strict"},
      {{.name = "a", .value = "b", .secure = true, .same_site = SameSite::kNone}, "a=b; Secure; SameSite=None"},
      {{.name = "a", .value = "b", .secure = true, .partitioned = true}, "a=b; Secure; Partitioned"},
      {{.name = "__Secure-a", .value = "b", .domain = "x.y", .secure = true}, "__Secure-a=b; Domain=x.y; Secure"},
      {{.name = "__Host-a", .value = "b", .path = "/", .secure = true, .http_only = true},
       "__Host-a=b; Path=/; HttpOnly; Secure"},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(row.cookie.Valid()) << row.text << ": " << row.cookie.Valid().Message();
    EXPECT_EQ(row.cookie.String(), row.text);
    ResponseRecorder w;
    SetCookie(w, row.cookie);
    EXPECT_EQ(w.ResultHeader().Get("Set-Cookie"), row.text);
  }
}

TEST(CookieTest, WhatBrowsersWouldNotTakeIsRefused) {
  const struct {
    Cookie cookie;
    MessageErrc error;
  } rows[] = {
      {{.name = ""}, MessageErrc::kCookieName},
      {{.name = "a b"}, MessageErrc::kCookieName},
      {{.name = "a=b"}, MessageErrc::kCookieName},
      {{.name = "a\n"}, MessageErrc::kCookieName},
      {{.name = "a;"}, MessageErrc::kCookieName},
      {{.name = "\xc3\xa9"}, MessageErrc::kCookieName},
      {{.name = "a", .value = "b;c"}, MessageErrc::kCookieValue},
      {{.name = "a", .value = "b\r\nSet-Cookie: x=y"}, MessageErrc::kCookieValue},
      {{.name = "a", .value = "\"b\""}, MessageErrc::kCookieValue},
      {{.name = "a", .value = "b\\c"}, MessageErrc::kCookieValue},
      {{.name = "a", .value = std::string("b\0c", 3)}, MessageErrc::kCookieValue},
      {{.name = "a", .value = "caf\xc3\xa9"}, MessageErrc::kCookieValue},
      {{.name = "a", .path = "/;secure"}, MessageErrc::kCookiePath},
      {{.name = "a", .path = "/\r"}, MessageErrc::kCookiePath},
      {{.name = "a", .domain = "x;y"}, MessageErrc::kCookieDomain},
      {{.name = "a", .domain = "a..b"}, MessageErrc::kCookieDomain},
      {{.name = "a", .domain = "-a.b"}, MessageErrc::kCookieDomain},
      {{.name = "a", .domain = "a-.b"}, MessageErrc::kCookieDomain},
      {{.name = "a", .domain = "."}, MessageErrc::kCookieDomain},
      {{.name = "a", .domain = "::1"}, MessageErrc::kCookieDomain},
      {{.name = "a", .domain = std::string(64, 'a') + ".com"}, MessageErrc::kCookieDomain},
      {{.name = "a", .expires = At(1600, 12, 31)}, MessageErrc::kCookieExpires},
      {{.name = "a", .expires = At(10000, 1, 1)}, MessageErrc::kCookieExpires},
      {{.name = "a", .partitioned = true}, MessageErrc::kCookiePartitioned},
      {{.name = "a", .same_site = SameSite::kNone}, MessageErrc::kCookieSameSite},
      {{.name = "__Secure-a"}, MessageErrc::kCookiePrefix},
      {{.name = "__secure-a"}, MessageErrc::kCookiePrefix},
      {{.name = "__Host-a", .path = "/"}, MessageErrc::kCookiePrefix},
      {{.name = "__Host-a", .secure = true}, MessageErrc::kCookiePrefix},
      {{.name = "__Host-a", .path = "/x", .secure = true}, MessageErrc::kCookiePrefix},
      {{.name = "__Host-a", .path = "/", .domain = "a.b", .secure = true}, MessageErrc::kCookiePrefix},
      {{.name = "a", .value = std::string(4096, 'x')}, MessageErrc::kCookieTooLarge},
      {{.name = "a", .path = "/" + std::string(1024, 'x')}, MessageErrc::kCookieTooLarge},
  };
  for (const auto& row : rows) {
    EXPECT_TRUE(row.cookie.Valid() == row.error) << row.cookie.name << ' ' << gale::Error(row.error).Message();
    EXPECT_EQ(row.cookie.String(), "");
    ResponseRecorder w;
    EXPECT_THROW(SetCookie(w, row.cookie), Panic);
    EXPECT_TRUE(w.Header().empty());
  }
}

TEST(CookieTest, SeveralAreSeveralFields) {
  ResponseRecorder w;
  SetCookie(w, {.name = "a", .value = "1"});
  SetCookie(w, {.name = "b", .value = "2"});
  EXPECT_EQ(w.Header().Values("Set-Cookie"), (std::vector<std::string_view>{"a=1", "b=2"}));
}

// "name=value" or name="value" of each, with "|" between.
std::string Summary(const std::vector<Cookie>& cookies) {
  std::string text;
  for (const Cookie& cookie : cookies) {
    if (!text.empty()) text += '|';
    text += cookie.name + '=' + (cookie.quoted ? '"' + cookie.value + '"' : cookie.value);
  }
  return text;
}

TEST(CookieTest, OfARequest) {
  const struct {
    std::vector<std::string_view> fields;
    std::string_view cookies;
  } rows[] = {
      {{}, ""},
      {{""}, ""},
      {{"a=b"}, "a=b"},
      {{"a=b; c=d"}, "a=b|c=d"},
      {{"a=b", "c=d"}, "a=b|c=d"},
      {{"a=b;c=d;"}, "a=b|c=d"},
      {{" a=b ;\tc=d"}, "a=b|c=d"},
      {{"a=\"b\"; c=d"}, "a=\"b\"|c=d"},
      {{"a=\"\"; b=\""}, "a=\"\""},
      {{"a=b=c"}, "a=b=c"},
      {{"a="}, "a="},
      {{"a"}, "a="},
      {{"=b; c=d"}, "c=d"},
      {{"===;;;; ; a=b"}, "a=b"},
      {{"a b=c; d=e"}, "d=e"},
      {{"a=b\\c; d=e"}, "d=e"},
      {{"a=\xff; d=e"}, "d=e"},
      {{"a=1, b=2"}, "a=1, b=2"},
      {{"a=1; a=2"}, "a=1|a=2"},
      {{"$Version=1; a=b"}, "$Version=1|a=b"},
  };
  for (const auto& row : rows) {
    Request r;
    for (std::string_view field : row.fields) r.Header().Add("cookie", field);
    EXPECT_EQ(Summary(r.Cookies()), row.cookies);
  }
}

TEST(CookieTest, TheFirstOfANameWins) {
  Request r;
  r.Header().Add("Cookie", "a=1; b=2; a=3");
  r.Header().Add("Cookie", "a=4; A=5");
  EXPECT_EQ(r.Cookie("a")->value, "1");
  EXPECT_EQ(r.Cookie("b")->value, "2");
  EXPECT_FALSE(r.Cookie("c"));
  EXPECT_EQ(Summary(r.CookiesNamed("a")), "a=1|a=3|a=4");
  EXPECT_EQ(Summary(r.CookiesNamed("c")), "");
}

TEST(CookieTest, TooManyAreNone) {
  Request r;
  std::string line = "a=b";
  for (std::size_t i = 1; i < kMaxCookies; ++i) line += ";a=b";
  r.Header().Add("Cookie", line);
  EXPECT_EQ(r.Cookies().size(), kMaxCookies);
  EXPECT_EQ(ParseCookie(line)->size(), kMaxCookies);
  r.Header().Add("Cookie", "c=d");
  EXPECT_TRUE(r.Cookies().empty());
  EXPECT_FALSE(r.Cookie("a"));
  EXPECT_TRUE(ParseCookie(line + ";c=d").error() == MessageErrc::kTooManyCookies);
}

TEST(CookieTest, AddCookie) {
  Request r;
  r.AddCookie({.name = "a", .value = "b", .path = "/"});
  r.AddCookie({.name = "c", .value = "d e", .secure = true});
  EXPECT_EQ(r.Header().Get("Cookie"), "a=b; c=\"d e\"");
  EXPECT_EQ(r.Header().Values("Cookie").size(), 1u);
  EXPECT_EQ(Summary(r.Cookies()), "a=b|c=\"d e\"");
  EXPECT_THROW(r.AddCookie({.name = "a", .value = "b; c=d"}), Panic);
  EXPECT_THROW(r.AddCookie({.name = "a;", .value = "b"}), Panic);
}

TEST(CookieTest, ParseCookie) {
  const struct {
    std::string_view line;
    std::string_view cookies;
    MessageErrc error = {};
  } rows[] = {
      {"a=b", "a=b"},
      {"a=b; c=\"d\"", "a=b|c=\"d\""},
      {" a=b;c=d ", "a=b|c=d"},
      {"a=", "a="},
      {"a=b=c", "a=b=c"},
      {"", "", MessageErrc::kBlankCookie},
      {"  ", "", MessageErrc::kBlankCookie},
      {"a", "", MessageErrc::kNoEqualsInCookie},
      {"a=b;", "", MessageErrc::kNoEqualsInCookie},
      {";a=b", "", MessageErrc::kNoEqualsInCookie},
      {"=b", "", MessageErrc::kInvalidCookieName},
      {"a b=c", "", MessageErrc::kInvalidCookieName},
      {"a=\"b", "", MessageErrc::kInvalidCookieValue},
      {"a=b\\", "", MessageErrc::kInvalidCookieValue},
  };
  for (const auto& row : rows) {
    const auto cookies = ParseCookie(row.line);
    ASSERT_EQ(cookies.has_value(), row.error == MessageErrc{}) << row.line;
    if (cookies) {
      EXPECT_EQ(Summary(*cookies), row.cookies);
    } else {
      EXPECT_TRUE(cookies.error() == row.error) << row.line << ": " << cookies.error().Message();
    }
  }
}

TEST(CookieTest, ParseSetCookie) {
  const auto cookie = ParseSetCookie(
      "session=\"a b\"; Path=/x; domain=.example.com; Expires=Wed, 21 Oct 2015 07:28:00 GMT; MAX-AGE=60; HttpOnly; "
      "secure; SameSite=Strict; Partitioned; Priority=High; ");
  ASSERT_TRUE(cookie);
  EXPECT_EQ(cookie->name, "session");
  EXPECT_EQ(cookie->value, "a b");
  EXPECT_TRUE(cookie->quoted);
  EXPECT_EQ(cookie->path, "/x");
  EXPECT_EQ(cookie->domain, ".example.com");
  EXPECT_EQ(cookie->expires, At(2015, 10, 21, 7h + 28min));
  EXPECT_EQ(cookie->raw_expires, "Wed, 21 Oct 2015 07:28:00 GMT");
  EXPECT_EQ(cookie->max_age, 60s);
  EXPECT_TRUE(cookie->http_only && cookie->secure && cookie->partitioned);
  EXPECT_EQ(cookie->same_site, SameSite::kStrict);
  EXPECT_EQ(cookie->unparsed, std::vector<std::string>{"Priority=High"});
  EXPECT_TRUE(cookie->raw.starts_with("session="));
}

TEST(CookieTest, WrongAttributesAreKeptApart) {
  for (std::string_view attribute :
       {"Max-Age=x", "Max-Age=", "Max-Age=1x", "Max-Age=007", "Max-Age=99999999999999999999", "Expires=tomorrow",
        "Path=\"/\"", "Path=/\\", "foo", "=", "Version=1"}) {
    const auto cookie = ParseSetCookie("a=b; " + std::string(attribute) + "; Secure");
    ASSERT_TRUE(cookie) << attribute;
    EXPECT_EQ(cookie->unparsed, std::vector<std::string>{std::string(attribute)});
    EXPECT_FALSE(cookie->max_age || cookie->expires) << attribute;
    EXPECT_EQ(cookie->path, "");
    EXPECT_TRUE(cookie->secure);
  }
  EXPECT_EQ(ParseSetCookie("a=b; Max-Age=-1")->max_age, 0s);
  EXPECT_EQ(ParseSetCookie("a=b; SameSite=x")->same_site, SameSite::kUnset);
  EXPECT_TRUE(ParseSetCookie("; Secure").error() == MessageErrc::kNoEqualsInCookie);
  EXPECT_TRUE(ParseSetCookie("=b").error() == MessageErrc::kInvalidCookieName);
  EXPECT_TRUE(ParseSetCookie("").error() == MessageErrc::kBlankCookie);
  EXPECT_TRUE(ParseSetCookie("a=\"").error() == MessageErrc::kInvalidCookieValue);
}

TEST(CookieTest, WhatIsWrittenIsReadBack) {
  const Cookie cookie{.name = "a",
                      .value = "b, c",
                      .path = "/x",
                      .domain = "example.com",
                      .expires = At(2030, 2, 3, 4h),
                      .max_age = 5s,
                      .secure = true,
                      .http_only = true,
                      .same_site = SameSite::kNone,
                      .partitioned = true};
  const auto parsed = ParseSetCookie(cookie.String());
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->unparsed.empty());
  EXPECT_EQ(parsed->String(), cookie.String());
}

TEST(CookieTest, Dates) {
  const auto time = At(2015, 10, 21, 7h + 28min + 9s);
  for (std::string_view text :
       {"Wed, 21 Oct 2015 07:28:09 GMT", "Wed, 21-Oct-2015 07:28:09 GMT", "Wednesday, 21-Oct-15 07:28:09 GMT",
        "Wed Oct 21 07:28:09 2015", "21 october 2015 7:28:09", "7:28:9 21 Oct 15", "2015 Oct 21 07:28:09x"}) {
    // The first number of one or two digits is the day, so a year of four digits may stand anywhere.
    EXPECT_EQ(internal::ParseCookieDate(text), time) << text;
  }
  EXPECT_EQ(internal::ParseCookieDate("1 Jan 70 00:00:00"), At(1970, 1, 1));
  EXPECT_EQ(internal::ParseCookieDate("1 Jan 69 00:00:00"), At(2069, 1, 1));
  EXPECT_EQ(internal::ParseCookieDate("29 Feb 2024 00:00:00"), At(2024, 2, 29));
  for (std::string_view text :
       {"", "21 Oct 2015", "07:28:09 21 2015", "07:28:09 Oct 2015", "07:28:09 21 Oct", "24:00:00 21 Oct 2015",
        "07:60:00 21 Oct 2015", "07:28:60 21 Oct 2015", "07:28:00 32 Oct 2015", "07:28:00 0 Oct 2015",
        "07:28:00 29 Feb 2023", "07:28:00 21 Oct 1600", "07:28:00 21 Oct 20155", "07:28 21 Oct 2015", "\xff\xff"}) {
    EXPECT_FALSE(internal::ParseCookieDate(text)) << text;
  }
}

}  // namespace
}  // namespace gale::http

// Requests that other sites make a browser send. Behaviour group 55.
#include "gale/http/cross_origin_protection.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gale/http/httptest/new_request.h"
#include "gale/http/httptest/response_recorder.h"
#include "gale/http/message_errc.h"
#include "gale/http/request.h"
#include "gale/runtime/panic.h"

namespace gale::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

struct Sent {
  std::string_view method = "POST";
  std::string_view site = "";  // Sec-Fetch-Site
  std::string_view origin = "";
  std::string_view path = "/";
  std::string_view host = "example.com";
};

std::shared_ptr<Request> RequestFor(const Sent& sent) {
  auto r = NewRequest(sent.method, sent.path);
  r->SetHost(sent.host);
  if (!sent.site.empty()) r->Header().Set("Sec-Fetch-Site", sent.site);
  if (!sent.origin.empty()) r->Header().Set("Origin", sent.origin);
  return r;
}

// The handler's status and body.
std::string Answer(const CrossOriginProtection& protection, const Sent& sent) {
  HandlerFunc inner([](ResponseWriter& w, Request&) { (void)w.Write("served"); });
  ResponseRecorder w;
  const auto r = RequestFor(sent);
  protection.Handler(inner)->ServeHTTP(w, *r);
  EXPECT_EQ(!protection.Check(*r), w.Body() == "served");
  return std::to_string(w.Code()) + ' ' + w.Body();
}

constexpr std::string_view kServed = "200 served";
constexpr std::string_view kRefused = "403 cross-origin request detected from Sec-Fetch-Site header\n";
constexpr std::string_view kOldRefused =
    "403 cross-origin request detected, and/or browser is out of date: Sec-Fetch-Site is missing, and Origin does not "
    "match Host\n";

TEST(CrossOriginProtectionTest, SecFetchSite) {
  const CrossOriginProtection protection;
  const std::pair<Sent, std::string_view> rows[] = {
      {{.site = "same-origin"}, kServed},
      {{.site = "none"}, kServed},
      {{.site = "cross-site"}, kRefused},
      {{.site = "same-site"}, kRefused},
      {{.site = "anything"}, kRefused},
      {{}, kServed},
      {{.origin = "https://example.com"}, kServed},
      {{.origin = "https://attacker.example"}, kOldRefused},
      {{.origin = "null"}, kOldRefused},
      {{.origin = "null", .host = ""}, kOldRefused},
      {{.origin = "https://example.com:8443"}, kOldRefused},
      {{.origin = "http://example.com:80", .host = "example.com:80"}, kServed},
      {{.site = "same-origin", .origin = "https://attacker.example"}, kServed},
      {{.site = "cross-site", .origin = "https://example.com"}, kRefused},
  };
  for (const auto& [sent, answer] : rows)
    EXPECT_EQ(Answer(protection, sent), answer) << sent.site << ' ' << sent.origin;
}

TEST(CrossOriginProtectionTest, SafeMethodsPass) {
  const CrossOriginProtection protection;
  for (std::string_view method : {"GET", "HEAD", "OPTIONS"}) {
    EXPECT_EQ(Answer(protection, {.method = method, .site = "cross-site"}), kServed) << method;
  }
  for (std::string_view method : {"POST", "PUT", "PATCH", "DELETE", "get", "X"}) {
    EXPECT_EQ(Answer(protection, {.method = method, .site = "cross-site"}), kRefused) << method;
  }
}

TEST(CrossOriginProtectionTest, TrustedOrigins) {
  CrossOriginProtection protection;
  ASSERT_FALSE(protection.AddTrustedOrigin("https://trusted.example"));
  EXPECT_EQ(Answer(protection, {.origin = "https://trusted.example"}), kServed);
  EXPECT_EQ(Answer(protection, {.site = "cross-site", .origin = "https://trusted.example"}), kServed);
  EXPECT_EQ(Answer(protection, {.origin = "http://trusted.example"}), kOldRefused);
  EXPECT_EQ(Answer(protection, {.origin = "https://trusted.example:444"}), kOldRefused);
  EXPECT_EQ(Answer(protection, {.site = "cross-site", .origin = "https://other.example"}), kRefused);
}

TEST(CrossOriginProtectionTest, OriginsThatAreNone) {
  CrossOriginProtection protection;
  EXPECT_FALSE(protection.AddTrustedOrigin("http://localhost:8080"));
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"example.com", "invalid origin \"example.com\": scheme is required"},
      {"", "invalid origin \"\": scheme is required"},
      {"https://", "invalid origin \"https://\": host is required"},
      {"https://a/", "invalid origin \"https://a/\": path, query, and fragment are not allowed"},
      {"https://a/p", "invalid origin \"https://a/p\": path, query, and fragment are not allowed"},
      {"https://a?q=1", "invalid origin \"https://a?q=1\": path, query, and fragment are not allowed"},
      {"https://a#f", "invalid origin \"https://a#f\": path, query, and fragment are not allowed"},
  };
  for (const auto& [origin, message] : rows) EXPECT_EQ(protection.AddTrustedOrigin(origin).Message(), message);
  EXPECT_TRUE(protection.AddTrustedOrigin("https://[").Message().starts_with("invalid origin \"https://[\": "));
}

TEST(CrossOriginProtectionTest, BypassPatterns) {
  CrossOriginProtection protection;
  protection.AddInsecureBypassPattern("/hook/");
  protection.AddInsecureBypassPattern("PUT /only-put/{id}");
  EXPECT_EQ(Answer(protection, {.site = "cross-site", .path = "/hook/x"}), kServed);
  EXPECT_EQ(Answer(protection, {.origin = "https://attacker.example", .path = "/hook/"}), kServed);
  EXPECT_EQ(Answer(protection, {.site = "cross-site", .path = "/only-put/1"}), kRefused);
  EXPECT_EQ(Answer(protection, {.method = "PUT", .site = "cross-site", .path = "/only-put/1"}), kServed);
  EXPECT_EQ(Answer(protection, {.site = "cross-site", .path = "/"}), kRefused);
  // The mux would redirect these to the pattern: they do not match it.
  EXPECT_EQ(Answer(protection, {.site = "cross-site", .path = "/hook"}), kRefused);
  EXPECT_EQ(Answer(protection, {.site = "cross-site", .path = "/a/../hook/x"}), kRefused);
  EXPECT_THROW(protection.AddInsecureBypassPattern("/hook/"), Panic);
}

TEST(CrossOriginProtectionTest, DenyHandler) {
  CrossOriginProtection protection;
  HandlerFunc deny([](ResponseWriter& w, Request&) { Error(w, "denied", 418); });
  protection.SetDenyHandler(deny);
  EXPECT_EQ(Answer(protection, {.site = "cross-site"}), "418 denied\n");
  EXPECT_EQ(Answer(protection, {.site = "none"}), kServed);
}

TEST(CrossOriginProtectionTest, HandlersFollowLaterChangesAndOutliveIt) {
  std::shared_ptr<Handler> handler;
  HandlerFunc inner([](ResponseWriter& w, Request&) { (void)w.Write("served"); });
  {
    CrossOriginProtection protection;
    handler = protection.Handler(inner);
    ASSERT_FALSE(protection.AddTrustedOrigin("https://trusted.example"));
  }
  ResponseRecorder w;
  handler->ServeHTTP(w, *RequestFor({.origin = "https://trusted.example"}));
  EXPECT_EQ(w.Body(), "served");
}

}  // namespace
}  // namespace gale::http

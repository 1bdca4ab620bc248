#include "gale/http/status.h"

#include <gtest/gtest.h>

namespace gale::http {
namespace {

TEST(StatusTest, Texts) {
  EXPECT_EQ(StatusText(kStatusContinue), "Continue");
  EXPECT_EQ(StatusText(kStatusOK), "OK");
  EXPECT_EQ(StatusText(kStatusNonAuthoritativeInfo), "Non-Authoritative Information");
  EXPECT_EQ(StatusText(kStatusTeapot), "I'm a teapot");
  EXPECT_EQ(StatusText(kStatusRequestHeaderFieldsTooLarge), "Request Header Fields Too Large");
  EXPECT_EQ(StatusText(kStatusHTTPVersionNotSupported), "HTTP Version Not Supported");
  EXPECT_EQ(StatusText(511), "Network Authentication Required");
}

TEST(StatusTest, CodesWithoutText) {
  for (int code : {-1, 0, 99, 104, 299, 306, 419, 430, 509, 599, 999, 100'000}) EXPECT_EQ(StatusText(code), "") << code;
}

TEST(StatusTest, EveryTextIsAReasonPhrase) {
  int texts = 0;
  for (int code = 0; code < 1000; ++code) {
    for (char c : StatusText(code)) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << code;
    texts += !StatusText(code).empty();
  }
  EXPECT_EQ(texts, 62);
}

}  // namespace
}  // namespace gale::http

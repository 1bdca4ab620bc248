// What conditional requests are made of: entity tags and dates; and which codings a client accepts. Behaviour group 52.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "gale/http/internal/accept_encoding.h"
#include "gale/http/internal/date.h"
#include "gale/http/internal/entity_tag.h"
#include "gale/http/internal/parse_date.h"

namespace gale::http::internal {
namespace {

TEST(EntityTagTest, FirstTag) {
  EXPECT_EQ(FirstTag(R"(W/"etag-1")"), R"(W/"etag-1")");
  EXPECT_EQ(FirstTag(R"("etag-2")"), R"("etag-2")");
  EXPECT_EQ(FirstTag(R"("etag-1", "etag-2")"), R"("etag-1")");
  EXPECT_EQ(FirstTag(R"(  "a")"), R"("a")");
  EXPECT_EQ(FirstTag(R"("")"), R"("")");
  EXPECT_EQ(FirstTag(R"(W/"")"), R"(W/"")");
  for (const char* text :
       {"", "W", "W/", R"(w/"a")", R"(W/etag-1")", "etag-2", R"("etag-2)", R"("a b")", "\"a\x7f\""}) {
    EXPECT_EQ(FirstTag(text), "") << text;
  }
}

TEST(EntityTagTest, Comparison) {
  // RFC 9110 section 8.8.3.2.
  EXPECT_FALSE(SameTag(R"(W/"1")", R"(W/"1")", TagComparison::kStrong));
  EXPECT_TRUE(SameTag(R"(W/"1")", R"(W/"1")", TagComparison::kWeak));
  EXPECT_FALSE(SameTag(R"(W/"1")", R"(W/"2")", TagComparison::kWeak));
  EXPECT_FALSE(SameTag(R"(W/"1")", R"("1")", TagComparison::kStrong));
  EXPECT_TRUE(SameTag(R"(W/"1")", R"("1")", TagComparison::kWeak));
  EXPECT_TRUE(SameTag(R"("1")", R"("1")", TagComparison::kStrong));
  EXPECT_FALSE(SameTag("", "", TagComparison::kWeak));
}

TEST(EntityTagTest, Lists) {
  EXPECT_TRUE(ListHasTag(R"("a" , W/"b",, "c")", R"("b")", TagComparison::kWeak));
  EXPECT_FALSE(ListHasTag(R"("a" , W/"b",, "c")", R"("b")", TagComparison::kStrong));
  EXPECT_TRUE(ListHasTag(R"("a" , W/"b",, "c")", R"("c")", TagComparison::kStrong));
  EXPECT_TRUE(ListHasTag(R"("a,b","c")", R"("a,b")", TagComparison::kStrong));
  EXPECT_FALSE(ListHasTag(R"("a,b","c")", R"("b")", TagComparison::kWeak));
  EXPECT_TRUE(ListHasTag("*", "", TagComparison::kStrong));
  EXPECT_FALSE(ListHasTag(R"(a, "b")", R"("b")", TagComparison::kWeak));
  EXPECT_FALSE(ListHasTag("", R"("b")", TagComparison::kWeak));
}

std::int64_t Seconds(std::string_view text) {
  const auto time = ParseDate(text);
  return time ? time->time_since_epoch().count() : -1;
}

TEST(ParseDateTest, ThreeForms) {
  EXPECT_EQ(Seconds("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(Seconds("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
  EXPECT_EQ(Seconds("Sun Nov  6 08:49:37 1994"), 784111777);
  EXPECT_EQ(Seconds("Wed Nov 16 08:49:37 1994"), 784975777);
  EXPECT_EQ(Seconds("sun, 06 nov 1994 08:49:37 gmt"), 784111777);
  EXPECT_EQ(Seconds("Monday, 29-Feb-68 00:00:00 GMT"), 3097699200) << "2068";
  EXPECT_EQ(Seconds("Fri, 31 Dec 1999 23:59:60 GMT"), 946684799) << "a leap second";
}

TEST(ParseDateTest, Malformed) {
  for (const char* text : {"",
                           "0",
                           "Sun",
                           "Sun,",
                           "now",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun, 31 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:00 GMT",
                           "Sun, 00 Nov 1994 08:00:00 GMT",
                           "Son, 06 Nov 1994 08:49:37 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "Sun, 06 Nov 1994 -8:49:37 GMT",
                           "784111777"}) {
    EXPECT_EQ(Seconds(text), -1) << text;
  }
}

TEST(ParseDateTest, ReadsWhatFormatDateWrites) {
  for (std::int64_t seconds = 0; seconds < 253402300800; seconds += 86400 * 331 + 3671) {
    char text[kDateLength];
    FormatDate(seconds, text);
    EXPECT_EQ(Seconds({text, kDateLength}), seconds);
  }
}

int Quality(std::string_view field, std::string_view coding) { return EncodingPreferences({field}).Quality(coding); }

TEST(EncodingPreferencesTest, Qualities) {
  EXPECT_EQ(Quality("gzip, br;q=0.5", "gzip"), 1000);
  EXPECT_EQ(Quality("gzip, br;q=0.5", "br"), 500);
  EXPECT_EQ(Quality("gzip, br;q=0.5", "zstd"), 0);
  EXPECT_EQ(Quality("GZIP ; Q=0.123", "gzip"), 123);
  EXPECT_EQ(Quality("x-gzip", "gzip"), 1000);
  EXPECT_EQ(Quality("*;q=0", "gzip"), 0);
  EXPECT_EQ(Quality("*", "br"), 1000);
  EXPECT_EQ(Quality("*, br;q=0", "br"), 0);
  EXPECT_EQ(Quality("br;q=0, *", "br"), 0);
  EXPECT_EQ(Quality("", "br"), 0);
  EXPECT_EQ(Quality("gzipped", "gzip"), 0);
  for (const char* weight : {"", "2", "1.001", "0.1234", ".5", "-1", "0,5", "x", "1.0000"}) {
    EXPECT_EQ(Quality(std::string("gzip;q=") + weight, "gzip"), 0) << weight;
  }
}

TEST(EncodingPreferencesTest, SeveralFieldsAreOneList) {
  const EncodingPreferences accepted({"gzip;q=0.1", "br, identity;q=0.2"});
  EXPECT_EQ(accepted.Quality("gzip"), 100);
  EXPECT_EQ(accepted.Quality("br"), 1000);
  EXPECT_EQ(accepted.Identity(), 200);
  EXPECT_EQ(EncodingPreferences({"gzip"}).Identity(), std::nullopt);
}

}  // namespace
}  // namespace gale::http::internal

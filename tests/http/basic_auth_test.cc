#include <gtest/gtest.h>

#include "gale/http/request.h"

namespace gale::http {
namespace {

// Username and password with "|" between, or "none".
std::string Credentials(std::string_view authorization) {
  Request r;
  r.Header().Set("Authorization", authorization);
  const auto credentials = r.BasicAuth();
  return credentials ? credentials->username + '|' + credentials->password : "none";
}

TEST(BasicAuthTest, Reads) {
  EXPECT_EQ(Credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(Credentials("BASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(Credentials("basic Og=="), "|");
  EXPECT_EQ(Credentials("Basic YTpiOmM="), "a|b:c");
}

TEST(BasicAuthTest, RefusesWhatIsMalformed) {
  for (std::string_view value : {"", "Basic", "Basic ", "Basic QWxhZGRpbg==", "Basic QWxhZGRpbjpv%", "Bearer YTpi",
                                 "BasicYTpi", "Basic YTpi=", "Digest YTpi"}) {
    EXPECT_EQ(Credentials(value), "none") << value;
  }
  EXPECT_FALSE(Request().BasicAuth());
}

TEST(BasicAuthTest, SetIsReadBack) {
  Request r;
  r.SetBasicAuth("user", "pass:word \xc3\xa9");
  EXPECT_EQ(r.BasicAuth()->username, "user");
  EXPECT_EQ(r.BasicAuth()->password, "pass:word \xc3\xa9");
}

}  // namespace
}  // namespace gale::http

// Urlencoded forms and queries.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "gale/http/httptest/response_recorder.h"
#include "gale/http/max_bytes.h"
#include "gale/http/message_errc.h"
#include "gale/http/request.h"
#include "gale/tests/net/piece_reader.h"

namespace gale::http {
namespace {

using gale::testing::PieceReader;
using httptest::ResponseRecorder;

constexpr std::string_view kUrlencoded = "application/x-www-form-urlencoded";

// "a=1&b=2": the pairs in their order.
std::string Text(const Values& values) {
  std::string text;
  for (const auto& [key, value] : values) text += (text.empty() ? "" : "&") + key + '=' + value;
  return text;
}

// FormRequest is a request with a body.
class FormRequest : public Request {
 public:
  FormRequest(std::string_view method, std::string_view target, std::string body = "",
              std::string_view type = kUrlencoded, std::size_t piece = std::string::npos)
      : reader_(std::move(body), piece) {
    EXPECT_TRUE(URL().ParseRequestTarget(method, target));
    SetMethod(method);
    Header().Set("Content-Type", type);
    SetBody(reader_, -1);
  }
  std::size_t Consumed() const { return reader_.Consumed(); }

 private:
  PieceReader reader_;
};

TEST(FormTest, BodyComesBeforeQuery) {
  for (std::string_view method : {"POST", "PUT", "PATCH"}) {
    FormRequest r(method, "/?a=1&q=2", "a=3&b=x+y%21&a=4", kUrlencoded, 1);
    EXPECT_EQ(Text(r.Form()), "");
    EXPECT_FALSE(r.ParseForm());
    EXPECT_EQ(Text(r.Form()), "a=3&b=x y!&a=4&a=1&q=2");
    EXPECT_EQ(Text(r.PostForm()), "a=3&b=x y!&a=4");
    EXPECT_EQ(r.FormValue("a"), "3");
    EXPECT_EQ(r.FormValue("q"), "2");
    EXPECT_EQ(r.PostFormValue("q"), "");
    EXPECT_EQ(r.FormValue("z"), "");
    EXPECT_FALSE(r.ParseForm());
    EXPECT_EQ(Text(r.Form()), "a=3&b=x y!&a=4&a=1&q=2");
  }
}

TEST(FormTest, FormValueParsesByItself) {
  FormRequest r("POST", "/?q=1", "a=2");
  EXPECT_EQ(r.FormValue("a"), "2");
  FormRequest other("POST", "/?a=1", "a=2");
  EXPECT_EQ(other.PostFormValue("a"), "2");
}

TEST(FormTest, OtherBodiesAreLeftAlone) {
  FormRequest get("GET", "/?a=1", "a=2");
  EXPECT_EQ(get.FormValue("a"), "1");
  EXPECT_EQ(get.Consumed(), 0u);
  FormRequest json("POST", "/?a=1", "a=2", "application/json");
  EXPECT_FALSE(json.ParseForm());
  EXPECT_EQ(Text(json.Form()), "a=1");
  EXPECT_EQ(json.Consumed(), 0u);
  FormRequest untyped("POST", "/", "a=2", "");
  EXPECT_FALSE(untyped.ParseForm());
  EXPECT_TRUE(untyped.Form().empty());
  FormRequest parameters("POST", "/", "a=2", "Application/X-WWW-Form-Urlencoded; charset=utf-8");
  EXPECT_EQ(parameters.FormValue("a"), "2");
}

TEST(FormTest, WhatIsWrongIsLeftOutAndTold) {
  const struct {
    std::string_view query;
    std::string_view good;
    std::string_view message;
  } rows[] = {
      {"a=1;b=2&c=3", "c=3", "invalid semicolon separator in query"},
      {"a=1&;&c=3", "a=1&c=3", "invalid semicolon separator in query"},
      {"a=%zz&c=3", "c=3", "invalid URL escape"},
      {"a=%&c=3", "c=3", "invalid URL escape"},
      {"%x=1", "", "invalid URL escape"},
      {"a=%3b&&b&=c&d==e", "a=;&b=&=c&d==e", "no error"},
      {"a=%00%ff", std::string_view("a=\0\xff", 4), "no error"},
  };
  for (const auto& row : rows) {
    FormRequest body("POST", "/", std::string(row.query));
    EXPECT_EQ(body.ParseForm().Message(), row.message) << row.query;
    EXPECT_EQ(Text(body.PostForm()), row.good);
    EXPECT_EQ(body.ParseForm().Message(), row.message);
    FormRequest query("GET", "/");
    query.URL().SetRawQuery(row.query);
    EXPECT_EQ(query.ParseForm().Message(), row.message);
    EXPECT_EQ(Text(query.Form()), row.good);
  }
  FormRequest both("POST", "/?a;b", "c=%zz");
  EXPECT_TRUE(both.ParseForm() == MessageErrc::kInvalidEscape);
  FormRequest type("POST", "/?a=1", "", "a b");
  EXPECT_TRUE(type.ParseForm() == MessageErrc::kInvalidMediaType);
  EXPECT_EQ(type.FormValue("a"), "1");
}

TEST(FormTest, LimitOfBytes) {
  constexpr std::size_t kLimit = 10 << 20;
  FormRequest fits("POST", "/", "a=" + std::string(kLimit - 2, 'x'));
  EXPECT_FALSE(fits.ParseForm());
  EXPECT_EQ(fits.FormValue("a").size(), kLimit - 2);
  FormRequest large("POST", "/", "a=" + std::string(kLimit - 1, 'x'));
  const gale::Error error = large.ParseForm();
  EXPECT_TRUE(error == MessageErrc::kPostTooLarge);
  EXPECT_TRUE(error == std::errc::message_size);
  EXPECT_EQ(StatusForBodyError(error), 413);
  EXPECT_EQ(large.FormValue("a"), "");
}

TEST(FormTest, AMaxBytesReaderSetsTheLimit) {
  for (const auto& [limit, message] : {std::pair{11 << 20, "no error"}, {4, "http: request body too large"}}) {
    ResponseRecorder w;
    FormRequest r("POST", "/", "a=" + std::string((10 << 20) + 1, 'x'));
    MaxBytesReader limited(w, r.Body(), limit);
    r.SetBody(limited, -1);
    EXPECT_EQ(r.ParseForm().Message(), message);
    EXPECT_EQ(w.ResultHeader().Get("Connection"), limit == 4 ? "close" : "");
  }
}

TEST(FormTest, LimitOfPairs) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "a=b&";
  FormRequest fits("POST", "/", text);
  EXPECT_FALSE(fits.ParseForm());
  FormRequest many("POST", "/", text + "c=d");
  EXPECT_TRUE(many.ParseForm() == MessageErrc::kTooManyPairs);
  EXPECT_EQ(many.PostForm().size(), 10'000u);
  EXPECT_FALSE(many.PostForm().Has("c"));
}

TEST(FormTest, ABodyThatFails) {
  PieceReader body("a=b&c=d", 2, gale::Error(Errc::kTimeout));
  FormRequest r("POST", "/?q=1");
  r.SetBody(body, -1);
  const gale::Error error = r.ParseForm();
  EXPECT_TRUE(error == Errc::kTimeout);
  EXPECT_EQ(StatusForBodyError(error), 408);
  EXPECT_EQ(Text(r.Form()), "q=1");
}

TEST(FormTest, TheNextRequestHasItsOwn) {
  FormRequest r("POST", "/", "a=1");
  EXPECT_EQ(r.FormValue("a"), "1");
  r.BindViews({.method = "GET", .host = "", .request_uri = "/", .remote_addr = ""});
  EXPECT_EQ(r.FormValue("a"), "");
}

}  // namespace
}  // namespace gale::http

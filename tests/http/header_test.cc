#include "gale/http/header.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/header_access.h"
#include "gale/http/internal/known_names.h"
#include "gale/runtime/panic.h"

namespace gale::http {
namespace {

using namespace std::literals;
using Fields = std::vector<std::pair<std::string, std::string>>;

Fields FieldsOf(const Header& header) {
  Fields fields;
  for (auto [name, value] : header) fields.emplace_back(name, value);
  return fields;
}

TEST(HeaderTest, EmptyHasNothing) {
  Header header;
  EXPECT_TRUE(header.empty());
  EXPECT_EQ(header.size(), 0u);
  EXPECT_EQ(header.Get("X"), "");
  EXPECT_FALSE(header.Has("X"));
  EXPECT_TRUE(header.Values("X").empty());
  header.Del("X");
  header.Clear();
  EXPECT_EQ(header.begin(), header.end());
}

TEST(HeaderTest, NamesCompareWithoutCase) {
  Header header;
  header.Set("content-type", "text/plain");
  EXPECT_EQ(header.Get("Content-Type"), "text/plain");
  EXPECT_EQ(header.Get("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(header.Get("Content-Typ"), "");
  EXPECT_TRUE(header.Has("cONTENT-tYPE"));
}

TEST(HeaderTest, NamesOfHandlersAreCanonicalThoseOfRequestsAreKept) {
  Header header;
  header.Set("x-REQUEST-id", "1");
  internal::HeaderAccess::AddView(header, "x-REQUEST-id", "2");
  EXPECT_EQ(FieldsOf(header), (Fields{{"X-Request-Id", "1"}, {"x-REQUEST-id", "2"}}));
}

TEST(HeaderTest, AddKeepsOrder) {
  Header header;
  header.Add("A", "1");
  header.Add("B", "2");
  header.Add("a", "3");
  EXPECT_EQ(FieldsOf(header), (Fields{{"A", "1"}, {"B", "2"}, {"A", "3"}}));
  EXPECT_EQ(header.Values("A"), (std::vector<std::string_view>{"1", "3"}));
  EXPECT_EQ(header.Get("a"), "1");
}

TEST(HeaderTest, SetReplacesAllAtThePlaceOfTheFirst) {
  Header header;
  for (std::string_view name : {"A", "B", "A", "C", "A"}) header.Add(name, "old");
  header.Set("a", "new");
  EXPECT_EQ(FieldsOf(header), (Fields{{"A", "new"}, {"B", "old"}, {"C", "old"}}));
}

TEST(HeaderTest, DelRemovesAll) {
  Header header;
  for (std::string_view name : {"A", "B", "A"}) header.Add(name, "v");
  header.Del("a");
  EXPECT_EQ(FieldsOf(header), (Fields{{"B", "v"}}));
  EXPECT_FALSE(header.Has("A"));
}

TEST(HeaderTest, EmptyValueIsAField) {
  Header header;
  header.Set("X", "");
  EXPECT_TRUE(header.Has("X"));
  EXPECT_EQ(header.Get("X"), "");
}

TEST(HeaderTest, WhitespaceAroundValuesIsTrimmed) {
  Header header;
  header.Set("X", " \t a\tb \t");
  EXPECT_EQ(header.Get("X"), "a\tb");
  header.Set("X", " \t ");
  EXPECT_EQ(header.Get("X"), "");
}

// The hazard: user input in a field that ends the line and starts a field, or a response, of its own.
TEST(HeaderTest, NothingSplitsAResponse) {
  Header header;
  const std::string_view bad_values[] = {
      "a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\0b"sv, "\x01", "a\x7f", "a\r\n", "\v"};
  for (std::string_view value : bad_values) {
    EXPECT_THROW(header.Set("X", value), Panic) << value;
    EXPECT_THROW(header.Add("X", value), Panic) << value;
  }
  const std::string_view bad_names[] = {"", "a b", "a:", "a\r\n", "\xc3\xa4", "a\0"sv, "(a)", "a/b", "a\t"};
  for (std::string_view name : bad_names) {
    EXPECT_THROW(header.Set(name, "v"), Panic) << name;
    EXPECT_THROW(header.Add(name, "v"), Panic) << name;
  }
  EXPECT_TRUE(header.empty());
  header.Set("X", "caf\xc3\xa9 \x80");
  EXPECT_EQ(header.Get("x"), "caf\xc3\xa9 \x80");
}

TEST(HeaderTest, PanicNamesTheFieldWithoutControlCharacters) {
  Header header;
  try {
    header.Set("X-Name", "a\r\nb");
    FAIL();
  } catch (const Panic& panic) {
    EXPECT_EQ(panic.what(), R"(http: invalid header field value "a\r\nb" for "X-Name")"s);
  }
}

// What is not checked cannot be set by a handler.
template <typename Fields>
concept TakesUncheckedFields = requires(Fields fields) {
  fields.AddView("A", "b");
};
static_assert(!TakesUncheckedFields<Header>);

TEST(HeaderTest, CopiesAreIndependent) {
  auto original = std::make_unique<Header>();
  original->Set("A", "1");
  internal::HeaderAccess::AddView(*original, "B", "view");
  Header copy(*original);
  Header assigned;
  assigned.Set("Z", "gone");
  assigned = *original;
  assigned = *&assigned;
  original->Set("A", "2");
  original.reset();
  EXPECT_EQ(FieldsOf(copy), (Fields{{"A", "1"}, {"B", "view"}}));
  EXPECT_EQ(FieldsOf(assigned), FieldsOf(copy));
}

TEST(HeaderTest, ViewsOfFormerValuesStay) {
  Header header;
  header.Set("X", "first");
  const std::string_view first = header.Get("X");
  for (int i = 0; i < 1000; ++i) header.Set("X", std::string(50, 'x') + std::to_string(i));
  header.Set("X", first);
  EXPECT_EQ(first, "first");
  EXPECT_EQ(header.Get("X"), "first");
  header.Del("X");
  EXPECT_EQ(first, "first");
}

TEST(HeaderTest, ManyAndLargeFields) {
  Header header;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) {
      header.Add("X-" + std::to_string(i), std::string(static_cast<std::size_t>(i) * 40, 'v'));
    }
    ASSERT_EQ(header.size(), 100u);
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(header.Get("x-" + std::to_string(i)), std::string(static_cast<std::size_t>(i) * 40, 'v'));
    }
    header.Clear();
    ASSERT_TRUE(header.empty());
  }
}

TEST(HeaderTest, CanonicalHeaderKey) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"content-type", "Content-Type"},
      {"CONTENT-TYPE", "Content-Type"},
      {"a-b-c", "A-B-C"},
      {"uSER-aGENT", "User-Agent"},
      {"etag", "Etag"},
      {"-x", "-X"},
      {"x1-2y", "X1-2y"},
      {"", ""},
      {"a b", "a b"},
      {"foo\r\n", "foo\r\n"},
  };
  for (auto [name, key] : rows) EXPECT_EQ(CanonicalHeaderKey(name), key);
}

// What is taken without looking at its bytes must need no look.
TEST(KnownNamesTest, AreCanonicalAndFound) {
  for (std::string_view name : internal::kKnownNames) {
    EXPECT_EQ(CanonicalHeaderKey(name), name);
    EXPECT_TRUE(internal::IsToken(name)) << name;
    EXPECT_EQ(internal::KnownName(name), name);
    EXPECT_EQ(internal::KnownName(std::string(name) + "x"), "") << name;
    EXPECT_EQ(internal::KnownName(name.substr(1)), "") << name;
  }
  EXPECT_EQ(internal::KnownName(""), "");
  EXPECT_EQ(internal::KnownName("content-type"), "");
  EXPECT_EQ(internal::KnownName(std::string(1000, 'x')), "");
}

}  // namespace
}  // namespace gale::http

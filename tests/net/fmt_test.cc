// Rows with a value that Go has too hold what Go's fmt prints for it.

#include "gale/net/fmt.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace gale {
namespace {

using namespace std::chrono_literals;

// CountingWriter keeps what is written, and how often.
class CountingWriter : public Writer {
 public:
  std::expected<std::size_t, Error> Write(std::string_view data) override {
    ++writes;
    text += data;
    return data.size();
  }
  int writes = 0;
  std::string text;
};

class BrokenWriter : public Writer {
 public:
  std::expected<std::size_t, Error> Write(std::string_view) override {
    return std::unexpected(Error::FromErrno(EPIPE));
  }
};

struct Row {
  const char* name;
  std::string want;
  std::string got;
};

class FmtTest : public testing::TestWithParam<Row> {};

TEST_P(FmtTest, PrintsAsGo) { EXPECT_EQ(GetParam().got, GetParam().want); }

std::string NameOf(const testing::TestParamInfo<Row>& info) { return info.param.name; }

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

INSTANTIATE_TEST_SUITE_P(
    Integers, FmtTest,
    testing::Values(
        Row{"Decimal", "12345", Sprintf("%d", 12345)}, Row{"Negative", "-12345", Sprintf("%d", -12345)},
        Row{"Plus", "+12345", Sprintf("%+d", 12345)}, Row{"Space", " 5 -5", Sprintf("% d % d", 5, -5)},
        Row{"Width", "  -42", Sprintf("%5d", -42)}, Row{"WidthLeft", "-42  |", Sprintf("%-5d|", -42)},
        Row{"WidthZero", "-0042", Sprintf("%05d", -42)}, Row{"MinusBeatsZero", "42   |", Sprintf("%-05d|", 42)},
        Row{"Precision", "-00042", Sprintf("%.5d", -42)}, Row{"WidthPrecision", "  -00042", Sprintf("%8.5d", -42)},
        Row{"PrecisionBeatsZero", "  -00042", Sprintf("%08.5d", -42)},
        Row{"PrecisionZeroOfZero", "", Sprintf("%.0d", 0)}, Row{"PointOfZero", "   |", Sprintf("%3.d|", 0)},
        Row{"Hex", "ff FF", Sprintf("%x %X", 255, 255)}, Row{"NegativeHex", "-ff", Sprintf("%x", -255)},
        Row{"HexPrefix", "0xff 0XFF", Sprintf("%#x %#X", 255, 255)},
        Row{"PrefixComesOnTopOfZeros", "0x000000ff", Sprintf("%#08x", 255)},
        Row{"Octal", "777 0777 0o777", Sprintf("%o %#o %O", 511, 511, 511)},
        Row{"Binary", "101 0b101", Sprintf("%b %#b", 5, 5)}, Row{"ZeroOctal", "0 0 0o0", Sprintf("%o %#o %O", 0, 0, 0)},
        Row{"Character", "A\u00e9\U0001F600", Sprintf("%c%c%c", 65, 0xE9, 0x1F600)},
        Row{"NoCharacter", "\uFFFD\uFFFD", Sprintf("%c%c", -1, 0x110000)},
        Row{"QuotedCharacter", R"('x' '\n' '\'' '"' '\x00')", Sprintf("%q %q %q %q %q", 'x', 10, 39, 34, 0)},
        Row{"QuotedAscii", R"('\u00e9' '\U0001f600')", Sprintf("%+q %+q", 0xE9, 0x1F600)},
        Row{"Unicode", "U+0078 U+1F600 U+0078 'x'", Sprintf("%U %U %#U", 'x', 0x1F600, 'x')},
        Row{"UnicodePrecision", "U+00000078", Sprintf("%.8U", 0x78)},
        Row{"Min64", "-9223372036854775808", Sprintf("%d", std::numeric_limits<std::int64_t>::min())},
        Row{"Max64", "18446744073709551615", Sprintf("%v", std::numeric_limits<std::uint64_t>::max())},
        Row{"Min64Binary", "-1" + std::string(63, '0'), Sprintf("%b", std::numeric_limits<std::int64_t>::min())},
        Row{"Small", "-1 255 -1 65535",
            Sprintf("%d %d %d %d", static_cast<signed char>(-1), static_cast<unsigned char>(255),
                    static_cast<short>(-1), static_cast<unsigned short>(65535))},
        Row{"SharpUnsigned", "0xff 255", Sprintf("%#v %#v", 255U, 255)}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Floats, FmtTest,
    testing::Values(
        Row{"Default", "1.5 100000 1e+06 1e-05 0.0001", Sprintf("%v %v %v %v %v", 1.5, 1e5, 1e6, 1e-5, 1e-4)},
        Row{"Shortest", "0.1 0.3333333333333333 123456", Sprintf("%v %v %v", 0.1, 1.0 / 3, 123456.0)},
        Row{"ShortestFloat", "0.1 0.33333334", Sprintf("%v %v", 0.1F, 1.0F / 3)},
        Row{"Large", "1e+21 1.7976931348623157e+308", Sprintf("%v %v", 1e21, 1.7976931348623157e308)},
        Row{"Denormal", "5e-324", Sprintf("%v", 5e-324)}, Row{"Zero", "0 -0", Sprintf("%v %v", 0.0, -0.0)},
        Row{"Fixed", "3.141593 3.14 3 1000000.000000", Sprintf("%f %.2f %.f %F", 3.14159265, 3.14159265, 3.14, 1e6)},
        Row{"Exponent", "1.500000e+00 1.50E+10", Sprintf("%e %.2E", 1.5, 1.5e10)},
        Row{"General", "1e+10 1.23e+04 12345", Sprintf("%g %.3g %.6g", 1e10, 12345.0, 12345.0)},
        Row{"GeneralUpper", "1E+10", Sprintf("%G", 1e10)},
        Row{"RoundsHalfToEven", "2 4 0.12 0.38", Sprintf("%.0f %.0f %.2f %.2f", 2.5, 3.5, 0.125, 0.375)},
        Row{"Width", "    1.50|-1.50   |", Sprintf("%8.2f|%-8.2f|", 1.5, -1.5)},
        Row{"ZeroPadding", "-0001.50 +0001.50", Sprintf("%08.2f %+08.2f", -1.5, 1.5)},
        Row{"Signs", "+1.5  1.5 -1.5", Sprintf("%+g % g %+g", 1.5, 1.5, -1.5)},
        Row{"PlusOfValueAsksForNames", "1.5", Sprintf("%+v", 1.5)},
        Row{"SharpKeepsZeros", "1.50000 1.50000e+10 1.e+00", Sprintf("%#g %#g %#.0e", 1.5, 1.5e10, 1.0)},
        Row{"Infinite", "+Inf -Inf NaN +NaN", Sprintf("%v %v %v %+f", kInf, -kInf, kNaN, kNaN)},
        Row{"InfiniteIsNotZeroPadded", "  +Inf   NaN", Sprintf("%06v%06f", kInf, kNaN)},
        Row{"Hex", "0x1.8p+00 -0X1.8P+00 0x0p+00", Sprintf("%x %X %x", 1.5, -1.5, 0.0)},
        Row{"HexRounded", "0x1p+01 0x1.8p+00", Sprintf("%.0x %.1x", 1.5, 1.5)},
        Row{"Binary", "6755399441055744p-52", Sprintf("%b", 1.5)},
        Row{"HugePrecision", "0." + std::string(1000, '0'), Sprintf("%.1000f", 0.0)},
        Row{"HugeValue", std::string("1") + std::string(22, '0') + ".000000", Sprintf("%f", 1e22)}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Strings, FmtTest,
    testing::Values(Row{"Kinds", "a b c d", Sprintf("%s %s %v %v", "a", std::string("b"), std::string_view("c"), "d")},
                    Row{"Width", "  abc|abc  |", Sprintf("%5s|%-5s|", "abc", "abc")},
                    Row{"WidthCountsRunes", "  h\u00e9|", Sprintf("%4s|", "h\u00e9")},
                    Row{"ZerosToo", "00abc", Sprintf("%05s", "abc")},
                    Row{"Precision", "ab h\u00e9", Sprintf("%.2s %.2s", "abc", "h\u00e9llo")},
                    Row{"Quoted", R"("a\tb\n\"\\\x00\x7f")", Sprintf("%q", std::string_view("a\tb\n\"\\\0\x7f", 8))},
                    Row{"QuotedUnicode", "\"\u65e5\u672c\" \"\\u65e5\\u672c\"",
                        Sprintf("%q %+q", "\u65e5\u672c", "\u65e5\u672c")},
                    Row{"QuotedInvalid", R"("\xff\xc3")", Sprintf("%q", "\xff\xc3")},
                    Row{"QuotedInvisible", R"("\u00a0\u2028\ufeff")", Sprintf("%q", "\u00a0\u2028\ufeff")},
                    Row{"Raw", "`a\"b` \"`\"", Sprintf("%#q %#q", "a\"b", "`")},
                    Row{"Hex", "68690a 68690A", Sprintf("%x %X", "hi\n", "hi\n")},
                    Row{"HexSpaces", "68 69 0x6869 0x68 0x69", Sprintf("% x %#x %# x", "hi", "hi", "hi")},
                    Row{"HexWidth", "  6869|", Sprintf("%6x|", "hi")}, Row{"Sharp", R"("hi")", Sprintf("%#v", "hi")},
                    Row{"Empty", "||", Sprintf("|%s%v|", "", std::string())},
                    Row{"NullPointer", "<nil>", Sprintf("%v", static_cast<const char*>(nullptr))},
                    Row{"Buffer", "ab", Sprintf("%s", std::array<char, 8>{'a', 'b'}.data())}),
    NameOf);

class Celsius {
 public:
  explicit Celsius(int degrees) : degrees_(degrees) {}
  std::string String() const { return std::to_string(degrees_) + "C"; }

 private:
  int degrees_;
};

enum class Color { kRed = 3 };

INSTANTIATE_TEST_SUITE_P(
    Others, FmtTest,
    testing::Values(
        Row{"Bool", "true false true  |", Sprintf("%t %v %-6t|", true, false, true)},
        Row{"Char", "x x x 120 78 'x'", Sprintf("%v %s %c %d %x %q", 'x', 'x', 'x', 'x', 'x', 'x')},
        Row{"CharByte", "\xe9 233", Sprintf("%c %d", '\xe9', '\xe9')},
        Row{"Rune", "\u00e9 233", Sprintf("%v %d", U'\u00e9', U'\u00e9')}, Row{"Enum", "3", Sprintf("%v", Color::kRed)},
        Row{"Nil", "<nil>", Sprintf("%v", nullptr)},
        Row{"NullPointer", "<nil> 0x0", Sprintf("%v %p", static_cast<int*>(nullptr), static_cast<int*>(nullptr))},
        Row{"Pointer", "0xff 0xff ff",
            Sprintf("%v %p %#p", reinterpret_cast<int*>(255), reinterpret_cast<int*>(255),
                    reinterpret_cast<int*>(255))},
        Row{"Duration", "1.5s", Sprintf("%v", 1500ms)},
        Row{"Durations", "0s 1ns 1.5\u00b5s 100ms 1m30s 1h0m0s -1.5ms",
            Sprintf("%v %v %v %v %v %v %v", 0s, 1ns, 1500ns, 100ms, 90s, 1h, -1500us)},
        Row{"LongestDuration", "-2562047h47m16.854775808s",
            Sprintf("%v", std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::min()))},
        Row{"DurationNumber", "1500000000", Sprintf("%d", 1500ms)},
        Row{"DurationWidth", "  1.5s|", Sprintf("%6v|", 1500ms)},
        Row{"Error", "listen tcp :80: permission denied", Sprintf("%v", Error::FromErrno(EACCES, "listen tcp :80"))},
        Row{"ErrorQuoted", R"("EOF")", Sprintf("%q", Error(Errc::kEof))},
        Row{"ErrorCode", "i/o timeout EOF", Sprintf("%v %s", make_error_code(Errc::kTimeout), Errc::kEof)},
        Row{"Errno", "address already in use", Sprintf("%v", std::make_error_code(std::errc::address_in_use))},
        Row{"NoError", "<nil> %!s(<nil>)", Sprintf("%v %s", Error(), Error())},
        Row{"Stringer", "21C '21C'", Sprintf("%v '%s'", Celsius(21), Celsius(21))},
        Row{"List", "[1 2 3] [01 02]", Sprintf("%v %02d", std::vector<int>{1, 2, 3}, std::array<int, 2>{1, 2})},
        Row{"ListOfStrings", R"([a b] ["a" "b"])",
            Sprintf("%v %q", std::vector<std::string>{"a", "b"}, std::vector<std::string>{"a", "b"})},
        Row{"Bytes", "[104 105] hi 6869",
            Sprintf("%v %s %x", std::vector<unsigned char>{'h', 'i'}, std::vector<unsigned char>{'h', 'i'},
                    std::vector<std::byte>{std::byte{'h'}, std::byte{'i'}})},
        Row{"EmptyList", "[]", Sprintf("%v", std::vector<int>())},
        Row{"TypeNames", "int string float64 bool error", Sprintf("%T %T %T %T %T", 1, "", 1.0, true, Error())},
        Row{"Percent", "100%", Sprintf("%d%%", 100)}, Row{"PercentIgnoresWidth", "%", Sprintf("%-5%")}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Mistakes, FmtTest,
    testing::Values(Row{"WrongType", "%!d(string=hi)", Sprintf("%d", "hi")},
                    Row{"WrongVerb", "%!z(int=1)", Sprintf("%z", 1)},
                    Row{"WrongForInt", "%!s(int=1) %!t(int=1) %!f(int=1)", Sprintf("%s %t %f", 1, 1, 1)},
                    Row{"WrongForFloat", "%!d(float64=1.5)", Sprintf("%d", 1.5)},
                    Row{"WrongForBool", "%!d(bool=true)", Sprintf("%d", true)},
                    Row{"WrongForNil", "%!d(<nil>)", Sprintf("%d", nullptr)},
                    Row{"WrongForError", "%!d(error=EOF)", Sprintf("%d", Error(Errc::kEof))},
                    Row{"WrongForPointer", "%!s(pointer=0x10)", Sprintf("%s", reinterpret_cast<int*>(16))},
                    Row{"WrongForDuration", "%!z(duration=5)", Sprintf("%z", 5ns)},
                    Row{"PointerVerb", "%!p(int=5)", Sprintf("%p", 5)},
                    Row{"UnicodeVerb", "%!\u00e9(int=1)", Sprintf("%\u00e9", 1)},
                    Row{"Missing", "%!s(MISSING)", Sprintf("%s")},
                    Row{"SecondMissing", "1 %!d(MISSING)", Sprintf("%d %d", 1)},
                    Row{"Extra", "hi%!(EXTRA int=1, string=x)", Sprintf("hi", 1, "x")},
                    Row{"ExtraNil", "%!(EXTRA <nil>)", Sprintf("", nullptr)}, Row{"NoVerb", "%!(NOVERB)", Sprintf("%")},
                    Row{"NoVerbAfterFlags", "%!(NOVERB)", Sprintf("%-+5")},
                    Row{"HugeWidth", "%!(NOVERB)%!(EXTRA int=1)", Sprintf("%99999999d", 1)}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Stars, FmtTest,
    testing::Values(
        Row{"Width", "   42|", Sprintf("%*d|", 5, 42)}, Row{"NegativeWidth", "42   |", Sprintf("%*d|", -5, 42)},
        Row{"Precision", "3.14", Sprintf("%.*f", 2, 3.14159)}, Row{"Both", "  3.1", Sprintf("%*.*f", 5, 1, 3.14159)},
        Row{"BadWidth", "%!(BADWIDTH)42", Sprintf("%*d", "x", 42)},
        Row{"HugeWidth", "%!(BADWIDTH)42", Sprintf("%*d", 10000000, 42)},
        Row{"BadPrecision", "%!(BADPREC)42", Sprintf("%.*d", -1, 42)},
        Row{"MissingValue", "%!d(MISSING)", Sprintf("%*d", 5)}, Row{"Index", "2 1", Sprintf("%[2]d %[1]d", 1, 2)},
        Row{"IndexAgain", "1 1", Sprintf("%d %[1]d", 1)},
        Row{"IndexedStar", " 12.00", Sprintf("%[3]*.[2]*[1]f", 12.0, 2, 6)},
        Row{"IndexedOneOnly", "2", Sprintf("%[2]d", 1, 2)}, Row{"BadIndex", "%!d(BADINDEX)", Sprintf("%[5]d", 1)},
        Row{"NotAnIndex", "%!d(BADINDEX)", Sprintf("%[x]d", 1)},
        Row{"UnclosedIndex", "%!d(BADINDEX)%!(NOVERB)", Sprintf("%[d", 1) + Sprintf("%")},
        Row{"IndexThenWidth", "%!d(BADINDEX)", Sprintf("%[1]2d", 1)}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Print, FmtTest,
    testing::Values(Row{"StringsTouch", "ab", Sprint("a", "b")}, Row{"NumbersDoNot", "1 2", Sprint(1, 2)},
                    Row{"NextToString", "a1b2 3", Sprint("a", 1, "b", 2, 3)}, Row{"Nothing", "", Sprint()},
                    Row{"NilIsNoString", "<nil> <nil>", Sprint(nullptr, nullptr)},
                    Row{"Line", "a b 1 2\n", Sprintln("a", "b", 1, 2)}, Row{"EmptyLine", "\n", Sprintln()},
                    Row{"NoDirectives", "%d\n", Sprintln("%d")}),
    NameOf);

TEST(FprintTest, WritesOnceAndReturnsTheSize) {
  CountingWriter writer;
  EXPECT_EQ(Fprintf(writer, "%s is %d years and %.1f%% %v\n", "Ann", 30, 99.5, true).value(), 31U);
  EXPECT_EQ(writer.text, "Ann is 30 years and 99.5% true\n");
  EXPECT_EQ(writer.writes, 1);
  EXPECT_EQ(Fprint(writer, 1, 2).value(), 3U);
  EXPECT_EQ(Fprintln(writer, "x").value(), 2U);
  EXPECT_EQ(writer.writes, 3);
}

TEST(FprintTest, LongTextsAreWrittenOnceToo) {
  CountingWriter writer;
  const std::string large(100'000, 'x');
  EXPECT_EQ(Fprintln(writer, large, large).value(), 200'002U);
  EXPECT_EQ(writer.text, large + " " + large + "\n");
  EXPECT_EQ(writer.writes, 1);
}

TEST(FprintTest, PaddingMovesTextThatHasMovedToTheHeap) {
  const std::string text(400, 'x');
  EXPECT_EQ(Sprintf("%s%1000s|", text, text), text + std::string(600, ' ') + text + "|");
  EXPECT_EQ(Sprintf("%s%-1000s|", text, text), text + text + std::string(600, ' ') + "|");
}

TEST(FprintTest, ReturnsTheWritersError) {
  BrokenWriter writer;
  EXPECT_EQ(Fprintln(writer, "x").error(), std::errc::broken_pipe);
  EXPECT_EQ(Fprintf(writer, "x").error(), std::errc::broken_pipe);
  EXPECT_EQ(Fprint(writer, "x").error(), std::errc::broken_pipe);
}

TEST(FprintTest, EveryFormatEndsInText) {
  // Whatever stands after a percent sign, nothing is read beyond the format or the operands.
  const std::string_view alphabet = "%+-# 0123456789.*[]vdsxqfgpczT\xff\xc3";
  for (const char a : alphabet) {
    for (const char b : alphabet) {
      for (const char c : alphabet) {
        const std::array<char, 4> format = {'%', a, b, c};
        EXPECT_FALSE(Sprintf(std::string_view(format.data(), format.size()), 1, "two", 3.0).empty());
      }
    }
  }
}

}  // namespace
}  // namespace gale

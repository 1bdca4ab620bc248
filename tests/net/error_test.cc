#include "gale/runtime/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <clocale>
#include <string>
#include <system_error>

namespace gale {
namespace {

TEST(ErrorTest, SuccessIsFalse) {
  EXPECT_FALSE(Error());
  EXPECT_EQ(Error().Message(), "no error");
  EXPECT_TRUE(Error(Errc::kEof));
}

TEST(ErrorTest, MessageIsContextAndCause) {
  EXPECT_EQ(Error(Errc::kEof).Message(), "EOF");
  EXPECT_EQ(Error::FromErrno(EADDRINUSE, "listen tcp :8080").Message(), "listen tcp :8080: address already in use");
  EXPECT_EQ(Error(make_error_code(Errc::kTimeout), "dial tcp 10.0.0.1:80").Message(),
            "dial tcp 10.0.0.1:80: i/o timeout");
  EXPECT_EQ(Error::FromErrno(ENOENT, "x").Context(), "x");
}

struct ErrnoRow {
  const char* name;
  int value;
  const char* message;
};

class ErrnoMessageTest : public testing::TestWithParam<ErrnoRow> {};

TEST_P(ErrnoMessageTest, IsLowerCase) {
  EXPECT_EQ(Error::FromErrno(GetParam().value).Message(), GetParam().message);
  EXPECT_EQ(Error(std::error_code(GetParam().value, std::generic_category())).Message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(Table, ErrnoMessageTest,
                         testing::Values(ErrnoRow{"InUse", EADDRINUSE, "address already in use"},
                                         ErrnoRow{"Refused", ECONNREFUSED, "connection refused"},
                                         ErrnoRow{"Reset", ECONNRESET, "connection reset by peer"},
                                         ErrnoRow{"Pipe", EPIPE, "broken pipe"},
                                         ErrnoRow{"Files", EMFILE, "too many open files"},
                                         ErrnoRow{"Abbreviation", EREMOTEIO, "remote I/O error"},
                                         ErrnoRow{"KeepsCapitals", EDOTDOT, "RFS specific error"},
                                         ErrnoRow{"Unknown", 4000, "errno 4000"}),
                         [](const auto& row) { return row.param.name; });

struct ConditionRow {
  const char* name;
  Errc code;
  std::errc condition;
};

class ErrorConditionTest : public testing::TestWithParam<ConditionRow> {};

TEST_P(ErrorConditionTest, EqualsTheStandardsCondition) {
  const Error error(GetParam().code);
  EXPECT_TRUE(error == GetParam().condition);
  EXPECT_TRUE(error.Code() == GetParam().condition);
  EXPECT_TRUE(error == GetParam().code);
  EXPECT_FALSE(error == std::errc::address_in_use);
  EXPECT_FALSE(error == Errc::kEof);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ErrorConditionTest,
    testing::Values(ConditionRow{"Timeout", Errc::kTimeout, std::errc::timed_out},
                    ConditionRow{"Closed", Errc::kClosed, std::errc::bad_file_descriptor},
                    ConditionRow{"UnknownNetwork", Errc::kUnknownNetwork, std::errc::protocol_not_supported},
                    ConditionRow{"InvalidAddress", Errc::kInvalidAddress, std::errc::invalid_argument},
                    ConditionRow{"MissingPort", Errc::kMissingPort, std::errc::invalid_argument},
                    ConditionRow{"InvalidPort", Errc::kInvalidPort, std::errc::invalid_argument}),
    [](const auto& row) { return row.param.name; });

TEST(ErrorTest, ErrnoEqualsItsCondition) {
  EXPECT_TRUE(Error::FromErrno(EADDRINUSE) == std::errc::address_in_use);
  EXPECT_TRUE(Error::FromErrno(ETIMEDOUT) == std::errc::timed_out);
  EXPECT_FALSE(Error::FromErrno(ETIMEDOUT) == Errc::kTimeout);
  EXPECT_FALSE(Error() == std::errc::timed_out);
}

TEST(ErrorTest, EveryCodeHasAMessage) {
  for (int value = 1; value <= static_cast<int>(Errc::kNoSuitableAddress); ++value) {
    const std::string message = ErrorCategory().message(value);
    EXPECT_FALSE(message.starts_with("gale error")) << value;
  }
  EXPECT_EQ(ErrorCategory().message(9999), "gale error 9999");
  EXPECT_STREQ(ErrorCategory().name(), "gale");
}

TEST(ErrorTest, MessagesOfOtherCategoriesAreTheirOwn) {
  EXPECT_EQ(Error(std::make_error_code(std::io_errc::stream), "x").Message(),
            "x: " + std::make_error_code(std::io_errc::stream).message());
}

}  // namespace
}  // namespace gale

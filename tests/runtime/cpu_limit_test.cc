#include "gale/runtime/internal/cpu_limit.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gale/runtime/go.h"

namespace gale::internal {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;  // path below the root, content

// FakeRoot is a temporary folder that stands for "/".
class FakeRoot {
 public:
  explicit FakeRoot(const Files& files) {
    std::string pattern = testing::TempDir() + "/gale_cpu_limit_XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
    for (const auto& [name, content] : files) {
      std::filesystem::path file = path_ + name;
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file) << content;
    }
  }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;
  ~FakeRoot() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct CgroupCase {
  const char* name;
  Files files;
  std::optional<double> limit;
};

class CgroupCpuLimitTest : public testing::TestWithParam<CgroupCase> {};

TEST_P(CgroupCpuLimitTest, IsTheTightestQuota) {
  FakeRoot root(GetParam().files);
  std::optional<double> limit = CgroupCpuLimit(root.path());
  ASSERT_EQ(limit.has_value(), GetParam().limit.has_value()) << limit.value_or(-1);
  if (limit) {
    EXPECT_DOUBLE_EQ(*limit, *GetParam().limit);
  }
}

const std::string kGroups = "/proc/self/cgroup";
const std::string kV2 = "/sys/fs/cgroup";
const std::string kV1 = "/sys/fs/cgroup/cpu";

std::vector<CgroupCase> CgroupCases() {
  return {
      {"NoFiles", {}, std::nullopt},
      {"NoCgroups", {{kGroups, ""}}, std::nullopt},
      {"V2Root", {{kGroups, "0::/\n"}, {kV2 + "/cpu.max", "150000 100000\n"}}, 1.5},
      {"V2RootWithoutFile", {{kGroups, "0::/\n"}}, std::nullopt},
      {"V2Max", {{kGroups, "0::/a\n"}, {kV2 + "/a/cpu.max", "max 100000\n"}}, std::nullopt},
      {"V2Group", {{kGroups, "0::/a\n"}, {kV2 + "/a/cpu.max", "50000 100000\n"}}, 0.5},
      {"V2OddPeriod", {{kGroups, "0::/a\n"}, {kV2 + "/a/cpu.max", "30000 10000\n"}}, 3.0},
      {"V2ParentIsTighter",
       {{kGroups, "0::/a/b/c\n"},
        {kV2 + "/a/b/c/cpu.max", "400000 100000\n"},
        {kV2 + "/a/b/cpu.max", "max 100000\n"},
        {kV2 + "/a/cpu.max", "200000 100000\n"}},
       2.0},
      {"V2ChildIsTighter",
       {{kGroups, "0::/a/b\n"}, {kV2 + "/a/b/cpu.max", "100000 100000\n"}, {kV2 + "/a/cpu.max", "900000 100000\n"}},
       1.0},
      {"V2GroupHiddenInAContainer", {{kGroups, "0::/kube/pod/x\n"}, {kV2 + "/cpu.max", "250000 100000\n"}}, 2.5},
      {"V2SiblingDoesNotCount", {{kGroups, "0::/a\n"}, {kV2 + "/b/cpu.max", "100000 100000\n"}}, std::nullopt},
      {"V2LongerNameDoesNotCount", {{kGroups, "0::/ab\n"}, {kV2 + "/a/cpu.max", "100000 100000\n"}}, std::nullopt},
      {"V2ColonInName", {{kGroups, "0::/a:b\n"}, {kV2 + "/a:b/cpu.max", "100000 100000\n"}}, 1.0},
      {"V2SpaceInName", {{kGroups, "0::/a b\n"}, {kV2 + "/a b/cpu.max", "100000 100000\n"}}, 1.0},
      {"V2NoLineEnd", {{kGroups, "0::/a"}, {kV2 + "/a/cpu.max", "100000 100000"}}, 1.0},
      {"V2Garbage", {{kGroups, "0::/a\n"}, {kV2 + "/a/cpu.max", "lots of CPU\n"}}, std::nullopt},
      {"V2Empty", {{kGroups, "0::/a\n"}, {kV2 + "/a/cpu.max", ""}}, std::nullopt},
      {"V2QuotaOnly", {{kGroups, "0::/a\n"}, {kV2 + "/a/cpu.max", "100000\n"}}, std::nullopt},
      {"V2ZeroPeriod", {{kGroups, "0::/a\n"}, {kV2 + "/a/cpu.max", "100000 0\n"}}, std::nullopt},
      {"V2Negative", {{kGroups, "0::/a\n"}, {kV2 + "/a/cpu.max", "-1 100000\n"}}, std::nullopt},
      {"V2GarbageBelowALimit",
       {{kGroups, "0::/a/b\n"}, {kV2 + "/a/b/cpu.max", "?\n"}, {kV2 + "/a/cpu.max", "300000 100000\n"}},
       3.0},
      {"V1Group",
       {{kGroups, "4:cpu,cpuacct:/a\n"},
        {kV1 + "/a/cpu.cfs_quota_us", "250000\n"},
        {kV1 + "/a/cpu.cfs_period_us", "100000\n"}},
       2.5},
      {"V1ControllerAlone",
       {{kGroups, "4:cpu:/a\n"}, {kV1 + "/a/cpu.cfs_quota_us", "50000\n"}, {kV1 + "/a/cpu.cfs_period_us", "50000\n"}},
       1.0},
      {"V1ControllerLast",
       {{kGroups, "4:cpuacct,cpu:/\n"},
        {kV1 + "/cpu.cfs_quota_us", "50000\n"},
        {kV1 + "/cpu.cfs_period_us", "50000\n"}},
       1.0},
      {"V1OtherControllersOnly",
       {{kGroups, "3:cpuset:/a\n2:cpuacct:/a\n1:name=systemd:/a\n"},
        {kV1 + "/a/cpu.cfs_quota_us", "50000\n"},
        {kV1 + "/a/cpu.cfs_period_us", "50000\n"}},
       std::nullopt},
      {"V1NoQuota",
       {{kGroups, "4:cpu:/a\n"}, {kV1 + "/a/cpu.cfs_quota_us", "-1\n"}, {kV1 + "/a/cpu.cfs_period_us", "100000\n"}},
       std::nullopt},
      {"V1ParentIsTighter",
       {{kGroups, "4:cpu:/a/b\n"},
        {kV1 + "/a/b/cpu.cfs_quota_us", "-1\n"},
        {kV1 + "/a/b/cpu.cfs_period_us", "100000\n"},
        {kV1 + "/a/cpu.cfs_quota_us", "100000\n"},
        {kV1 + "/a/cpu.cfs_period_us", "100000\n"}},
       1.0},
      {"V1PeriodMissing", {{kGroups, "4:cpu:/a\n"}, {kV1 + "/a/cpu.cfs_quota_us", "50000\n"}}, std::nullopt},
      {"V1Garbage",
       {{kGroups, "4:cpu:/a\n"}, {kV1 + "/a/cpu.cfs_quota_us", "many\n"}, {kV1 + "/a/cpu.cfs_period_us", "few\n"}},
       std::nullopt},
      {"V1NotANumber",
       {{kGroups, "4:cpu:/a\n"}, {kV1 + "/a/cpu.cfs_quota_us", "nan\n"}, {kV1 + "/a/cpu.cfs_period_us", "100000\n"}},
       std::nullopt},
      {"V1Infinite",
       {{kGroups, "4:cpu:/a\n"}, {kV1 + "/a/cpu.cfs_quota_us", "inf\n"}, {kV1 + "/a/cpu.cfs_period_us", "100000\n"}},
       std::nullopt},
      {"HybridTakesTheTighter",
       {{kGroups, "4:cpu,cpuacct:/a\n0::/a\n"},
        {kV1 + "/a/cpu.cfs_quota_us", "300000\n"},
        {kV1 + "/a/cpu.cfs_period_us", "100000\n"},
        {kV2 + "/a/cpu.max", "200000 100000\n"}},
       2.0},
      {"GarbageLines", {{kGroups, "\n:\nnonsense\n:::\n4\n0::/a\n"}, {kV2 + "/a/cpu.max", "200000 100000\n"}}, 2.0},
      {"RelativeGroup", {{kGroups, "0::a\n"}, {kV2 + "/cpu.max", "200000 100000\n"}}, 2.0},
  };
}

INSTANTIATE_TEST_SUITE_P(Trees, CgroupCpuLimitTest, testing::ValuesIn(CgroupCases()),
                         [](const auto& row) { return row.param.name; });

TEST(CgroupCpuLimitTest, TheRealRootGivesAPositiveLimitOrNone) {
  std::optional<double> limit = CgroupCpuLimit();
  EXPECT_TRUE(!limit || (*limit > 0 && std::isfinite(*limit)));
}

// WithMaxProcs sets GALE_MAXPROCS for as long as it lives; null removes it.
class WithMaxProcs {
 public:
  explicit WithMaxProcs(const char* value) {
    if (const char* former = std::getenv("GALE_MAXPROCS")) former_ = former;
    Set(value);
  }
  WithMaxProcs(const WithMaxProcs&) = delete;
  WithMaxProcs& operator=(const WithMaxProcs&) = delete;
  ~WithMaxProcs() { Set(former_ ? former_->c_str() : nullptr); }

 private:
  static void Set(const char* value) {
    if (value == nullptr) {
      unsetenv("GALE_MAXPROCS");
    } else {
      setenv("GALE_MAXPROCS", value, 1);
    }
  }

  std::optional<std::string> former_;
};

TEST(DefaultPCountTest, GoodSettingsAreTaken) {
  for (auto [text, count] : {std::pair{"1", 1}, {"2", 2}, {"8", 8}, {"1023", 1023}, {"1024", 1024}, {"008", 8}}) {
    WithMaxProcs setting(text);
    EXPECT_EQ(DefaultPCount(), count) << text;
  }
}

TEST(DefaultPCountTest, WithoutASettingTheMachineDecides) {
  WithMaxProcs setting(nullptr);
  int count = DefaultPCount();
  EXPECT_GE(count, 1);
  EXPECT_LE(count, kMostPs);
  std::optional<double> limit = CgroupCpuLimit();
  if (limit) {
    EXPECT_LE(count, std::max(1.0, std::ceil(*limit)));
  }
  WithMaxProcs empty("");
  EXPECT_EQ(DefaultPCount(), count) << "an empty setting is none";
}

TEST(DefaultPCountTest, FollowsTheAffinityMask) {
  WithMaxProcs setting(nullptr);
  cpu_set_t former, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(former), &former), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &former)) {
      CPU_SET(cpu, &one);
      break;
    }
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  int count = DefaultPCount();
  sched_setaffinity(0, sizeof(former), &former);
  EXPECT_EQ(count, 1);
}

struct BadSetting {
  const char* name;
  const char* value;
};

class DefaultPCountDeathTest : public testing::TestWithParam<BadSetting> {};

TEST_P(DefaultPCountDeathTest, BadSettingIsNamed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::string value = GetParam().value;
  auto count = [&] {
    WithMaxProcs setting(value.c_str());
    std::printf("%d\n", DefaultPCount());
  };
  std::string quoted = value[0] == '+' ? "\\" + value : value;
  EXPECT_DEATH(count(), "GALE_MAXPROCS=" + quoted + ": want a number from 1 to 1024");
}

INSTANTIATE_TEST_SUITE_P(Settings, DefaultPCountDeathTest,
                         testing::Values(BadSetting{"Zero", "0"}, BadSetting{"Negative", "-1"},
                                         BadSetting{"TooMany", "1025"}, BadSetting{"Overflow", "99999999999999999999"},
                                         BadSetting{"Wraps", "4294967297"}, BadSetting{"Word", "all"},
                                         BadSetting{"Trailing", "4x"}, BadSetting{"SpaceBefore", " 4"},
                                         BadSetting{"SpaceAfter", "4 "}, BadSetting{"Plus", "+4"},
                                         BadSetting{"Fraction", "2.5"}, BadSetting{"Hex", "0x4"},
                                         BadSetting{"Space", " "}),
                         [](const auto& row) { return row.param.name; });

// The setting reaches the runtime: with a bad one it does not start.
TEST(RuntimeStartDeathTest, BadSettingStopsTheProcessAtTheFirstUse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto start = [] {
    setenv("GALE_MAXPROCS", "many", 1);
    gale::Run([] {});
  };
  EXPECT_DEATH(start(), "GALE_MAXPROCS=many");
}

TEST(RuntimeStartDeathTest, GoodSettingIsTheNumberOfPs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto start = [] {
    setenv("GALE_MAXPROCS", "5", 1);
    int count = 0;
    gale::Run([&] { count = GOMAXPROCS(); });
    std::_Exit(count);
  };
  EXPECT_EXIT(start(), testing::ExitedWithCode(5), "");
}

TEST(RuntimeStartDeathTest, TheProgramsOwnSettingWins) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto start = [] {
    setenv("GALE_MAXPROCS", "5", 1);
    GOMAXPROCS(3);
    int count = 0;
    gale::Run([&] { count = GOMAXPROCS(); });
    std::_Exit(count);
  };
  EXPECT_EXIT(start(), testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace gale::internal

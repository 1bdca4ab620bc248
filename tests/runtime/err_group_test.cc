#include "gale/runtime/err_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <utility>

#include "gale/runtime/chan.h"
#include "gale/runtime/context.h"
#include "gale/runtime/go.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

class ErrGroupTest : public CallerTest {};

INSTANTIATE_TEST_SUITE_P(Callers, ErrGroupTest, ::testing::Values(true, false), CallerName);

TEST_P(ErrGroupTest, WaitsForAllAndSucceeds) {
  OnCaller([] {
    ErrGroup group;
    std::atomic<int> done{0};
    for (int i = 0; i < 50; ++i) {
      group.Go([&, number = std::make_unique<int>(1)] { done += *number; });
      group.Go([&]() -> Error {
        ++done;
        return {};
      });
    }
    EXPECT_FALSE(group.Wait());
    EXPECT_EQ(done, 100);
    EXPECT_TRUE(group.Context().Done() == nullptr);
  });
}

TEST_P(ErrGroupTest, ReturnsTheFirstErrorAndCancelsTheOthersWithIt) {
  OnCaller([] {
    ErrGroup group(Background());
    for (int i = 0; i < 5; ++i) {
      group.Go([&]() -> Error {
        group.Context().Done().Recv();
        EXPECT_EQ(Cause(group.Context()).Message(), "first: EOF");
        return Error(Errc::kEof, "late");
      });
    }
    group.Go([]() -> Error { return Error(Errc::kEof, "first"); });
    EXPECT_EQ(group.Wait().Message(), "first: EOF");
    EXPECT_EQ(group.Context().Err(), Errc::kCanceled);
  });
}

TEST_P(ErrGroupTest, ItsContextIsDoneAfterWaitAndWithItsParent) {
  OnCaller([] {
    auto [parent, cancel] = WithCancel(Background());
    ErrGroup first(parent);
    EXPECT_FALSE(first.Wait());
    EXPECT_EQ(first.Context().Err(), Errc::kCanceled);
    EXPECT_FALSE(parent.Err());
    ErrGroup second(parent);
    second.Go([&]() -> Error {
      second.Context().Done().Recv();
      return second.Context().Err();
    });
    cancel();
    EXPECT_EQ(second.Wait(), Errc::kCanceled);
  });
}

TEST_P(ErrGroupTest, AnExceptionCancelsTheOthersAndIsThrownByWait) {
  OnCaller([] {
    ErrGroup group(Background());
    group.Go([&]() -> Error {
      group.Context().Done().Recv();
      return Error(Errc::kEof, "late");
    });
    group.Go([] { throw std::runtime_error("thrown"); });
    try {
      (void)group.Wait();
      ADD_FAILURE() << "threw nothing";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "thrown");
    }
    EXPECT_EQ(group.Wait().Message(), "late: EOF");
  });
}

TEST_P(ErrGroupTest, AnExceptionIsThrownEvenIfAnErrorCameFirst) {
  OnCaller([] {
    ErrGroup group(Background());
    group.Go([]() -> Error { return Errc::kEof; });
    group.Go([&] {
      group.Context().Done().Recv();
      throw 7;
    });
    EXPECT_THROW((void)group.Wait(), int);
  });
}

TEST_P(ErrGroupTest, GoexitIsNoFailure) {
  OnCaller([] {
    ErrGroup group(Background());
    group.Go([] { Goexit(); });
    EXPECT_FALSE(group.Wait());
  });
}

TEST_P(ErrGroupTest, LimitHoldsBackGoAndRefusesTryGo) {
  OnCaller([] {
    ErrGroup group;
    group.SetLimit(3);
    std::atomic<int> running{0};
    for (int i = 0; i < 60; ++i) {
      group.Go([&] {
        EXPECT_LE(++running, 3);
        Gosched();
        --running;
      });
    }
    EXPECT_FALSE(group.Wait());

    group.SetLimit(1);
    Chan<int> go_on(0);
    EXPECT_TRUE(group.TryGo([go_on] { go_on.Recv(); }));
    EXPECT_FALSE(group.TryGo([] {}));
    EXPECT_EQ(PanicOf([&] { group.SetLimit(2); }),
              "errgroup: modify limit while 1 goroutines in the group are still active");
    go_on.Send(1);
    EXPECT_FALSE(group.Wait());
    group.SetLimit(0);
    EXPECT_FALSE(group.TryGo([] {}));
    group.SetLimit(-1);
    EXPECT_TRUE(group.TryGo([] {}));
    EXPECT_FALSE(group.Wait());
  });
}

TEST_P(ErrGroupTest, AThrowingCopyLeavesItsPlaceFree) {
  OnCaller([] {
    struct ThrowsWhenCopied {
      ThrowsWhenCopied() = default;
      ThrowsWhenCopied(const ThrowsWhenCopied&) { throw std::runtime_error("copy"); }
      void operator()() const {}
    } function;
    ErrGroup group;
    group.SetLimit(1);
    EXPECT_THROW(group.Go(function), std::runtime_error);
    EXPECT_TRUE(group.TryGo([] {}));
    EXPECT_FALSE(group.Wait());
  });
}

// What the functions refer to lives on until they have ended, although nobody has waited.
TEST_P(ErrGroupTest, ItsDestructorCancelsAndWaits) {
  OnCaller([] {
    std::atomic<int> ended{0};
    try {
      ErrGroup group(Background());
      for (int i = 0; i < 5; ++i) {
        group.Go([&] {
          group.Context().Done().Recv();
          Gosched();
          ++ended;
        });
      }
      throw 1;
    } catch (int) {
      EXPECT_EQ(ended, 5);
    }
  });
}

}  // namespace
}  // namespace gale

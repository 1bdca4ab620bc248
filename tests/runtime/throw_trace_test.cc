// The stack of a throw, where it is caught far away.

#include "gale/runtime/internal/throw_trace.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "gale/runtime/go.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale::internal {

// Not in an anonymous namespace: their names are looked for.
[[gnu::noinline]] void ThrowTraceInner(int depth) {
  if (depth == 0) throw std::runtime_error("oops");
  ThrowTraceInner(depth - 1);
  asm volatile("");  // no jump in place of the call
}
[[gnu::noinline]] void ThrowTraceOuter(int depth) {
  const std::string local(100, 'x');  // something to be destroyed
  ThrowTraceInner(depth);
  asm volatile("" : : "r"(local.data()));
}
[[gnu::noinline]] void ThrowTraceAgain() {
  try {
    ThrowTraceInner(3);
  } catch (...) {
    throw;
  }
}

namespace {

// What the function's exception leaves; called on a goroutine.
std::string TextOf(void (*function)()) {
  std::string text;
  gale::Run([&] {
    ThrowTrace trace;
    try {
      trace.Call(function);
    } catch (const std::exception&) {
      text = trace.Text() + "caught";
      return;
    }
    text = trace.Text();
  });
  return text;
}

std::size_t CountOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(ThrowTraceTest, HasTheFunctionsFromTheThrowOn) {
  const std::string text = TextOf([] { ThrowTraceOuter(2); });
  EXPECT_TRUE(text.starts_with("goroutine ")) << text;
  EXPECT_NE(text.find(" [running]:\ngale::internal::ThrowTraceInner(int)"), text.npos) << text;
  EXPECT_EQ(CountOf(text, "ThrowTraceInner(int)"), 3u) << text;
  EXPECT_EQ(CountOf(text, "ThrowTraceOuter(int)"), 1u) << text;
  EXPECT_TRUE(text.ends_with("caught"));
}

TEST(ThrowTraceTest, OfADeepStackHasTheInnermostAndTheOutermost) {
  const std::string text = TextOf([] { ThrowTraceOuter(500); });
  EXPECT_NE(text.find(" frames elided...\n"), text.npos);
  EXPECT_EQ(CountOf(text, "ThrowTraceOuter(int)"), 1u);
  EXPECT_LT(CountOf(text, "ThrowTraceInner(int)"), 101u);
}

TEST(ThrowTraceTest, IsEmptyWhereNothingIsThrownOrItIsCaughtBelow) {
  EXPECT_EQ(TextOf([] {}), "");
  EXPECT_EQ(TextOf([] {
              try {
                ThrowTraceOuter(2);
              } catch (const std::runtime_error&) {
              }
            }),
            "");
}

TEST(ThrowTraceTest, OfWhatIsThrownAgainBeginsThere) {
  const std::string text = TextOf(&ThrowTraceAgain);
  EXPECT_NE(text.find(" [running]:\ngale::internal::ThrowTraceAgain()"), text.npos) << text;
  EXPECT_EQ(text.find("ThrowTraceInner"), text.npos) << text;
}

TEST(ThrowTraceTest, CallsNest) {
  const std::string text = TextOf([] {
    ThrowTrace inner;
    try {
      inner.Call([] { ThrowTraceOuter(0); });
    } catch (const std::exception&) {
      EXPECT_EQ(CountOf(inner.Text(), "ThrowTraceInner(int)"), 1u);
    }
  });
  EXPECT_EQ(text, "");
}

TEST(ThrowTraceTest, SurvivesAParkBetweenThrowAndCatch) {
  const std::string text = TextOf([] {
    struct Parks {
      ~Parks() { Sleep(std::chrono::milliseconds(1)); }
    } parks;
    ThrowTraceOuter(1);
  });
  EXPECT_EQ(CountOf(text, "ThrowTraceInner(int)"), 2u) << text;
}

TEST(ThrowTraceTest, GoexitPassesThrough) {
  WaitGroup group;
  bool unwound = false;
  group.Go([&] {
    struct Check {
      bool& flag;
      ThrowTrace trace;
      ~Check() { flag = trace.Text().empty(); }
    } check{unwound, {}};
    check.trace.Call([] { gale::Goexit(); });
  });
  group.Wait();
  EXPECT_TRUE(unwound);
}

}  // namespace
}  // namespace gale::internal

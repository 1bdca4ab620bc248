// LeakCheck: finds goroutines that a test has started and left behind.
//
//   TEST(Server, StopsItsGoroutines) {
//     gale::testing::LeakCheck leaks;
//     { Server server; server.Use(); }
//     EXPECT_EQ(leaks.Find(), "");
//   }
//
// A goroutine that nobody will ever wake costs its stack for as long as the process lives, and holds what it holds.
// Go's runtime keeps those, too; what finds them in Go is the goleak package, whose source this follows in spirit only.
//
// For all tests of a program at once, with GoogleTest:
//
//   class NoLeaks : public ::testing::EmptyTestEventListener {
//     void OnTestStart(const ::testing::TestInfo&) override { leaks_.emplace(); }
//     void OnTestEnd(const ::testing::TestInfo&) override {
//       if (std::string leaked = leaks_->Find(); !leaked.empty()) ADD_FAILURE() << leaked;
//     }
//     std::optional<gale::testing::LeakCheck> leaks_;
//   };
//   ::testing::UnitTest::GetInstance()->listeners().Append(new NoLeaks);   // in main
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gale::testing {

// LeakCheck knows the goroutines that existed when it was made. From goroutines and threads, one at a time; not in a
// bubble of Synctest, which has its own report.
class LeakCheck {
 public:
  LeakCheck();

  // Ignore leaves out goroutines whose text in the dump contains `text`: a function's name, or a wait reason.
  void Ignore(std::string text);

  // Find returns the dump of all goroutines that were started since and still exist, headed by their number, or an
  // empty text if there are none. It waits up to `grace` for them to end: a goroutine that has sent its result may
  // still be about to return. The caller's own goroutine does not count.
  std::string Find(std::chrono::nanoseconds grace = std::chrono::seconds(1)) const;

 private:
  bool IsNew(std::uint64_t id) const;
  bool IsIgnored(const std::string& text) const;
  bool AnyLeaked() const;
  std::string Report() const;

  std::vector<std::uint64_t> before_;  // sorted
  std::vector<std::string> ignored_;
};

}  // namespace gale::testing

#include "gale/tests/model/check.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace gale::model {

namespace {

std::uint64_t Number(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

Outcome Find(const Scenario& scenario, const Effort& effort) {
  Exhaustive all({.preemptions = effort.preemptions, .old_values = effort.old_values});
  Outcome outcome = Explore(all, scenario);
  std::uint64_t runs = Number("GALE_MODEL_RUNS", effort.random_runs);
  if (!outcome.failure.empty() || runs == 0) return outcome;
  std::uint64_t executions = outcome.executions;
  Random some(Number("GALE_MODEL_SEED", 1), runs);
  outcome = Explore(some, scenario);
  outcome.executions += executions;
  return outcome;
}

std::string Describe(const Outcome& outcome) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  constexpr std::size_t kMostLog = 30'000;
  std::size_t skipped = outcome.log.size() < kMostLog ? 0 : outcome.log.find('\n', outcome.log.size() - kMostLog) + 1;
  std::string text = outcome.failure + (skipped != 0 ? "\n...\n" : "\n") + outcome.log.substr(skipped);
  text += "after " + std::to_string(outcome.executions) +
          " executions; to repeat: GALE_MODEL_REPLAY=" + outcome.schedule +
          " runtime_model_test --gtest_filter=" + test->test_suite_name() + "." + test->name();
  return text;
}

// Replays instead of exploring, if that was asked for.
bool Replayed(const Scenario& scenario) {
  const char* schedule = std::getenv("GALE_MODEL_REPLAY");
  if (schedule == nullptr) return false;
  Outcome outcome = WithLog(ParseSchedule(schedule), scenario);
  std::fputs(outcome.log.c_str(), stdout);
  if (!outcome.failure.empty()) ADD_FAILURE() << outcome.failure;
  return true;
}

}  // namespace

void Check(const Scenario& scenario, const Effort& effort) {
  if (Replayed(scenario)) return;
  if (const char* words = std::getenv("GALE_MODEL_FINDS")) return CheckFinds(words, scenario, effort);
  Outcome outcome = Find(scenario, effort);
  if (!outcome.failure.empty()) ADD_FAILURE() << Describe(outcome);
  testing::Test::RecordProperty("executions", std::to_string(outcome.executions));
  std::printf("             %llu executions\n", static_cast<unsigned long long>(outcome.executions));
}

void CheckFinds(const std::string& words, const Scenario& scenario, const Effort& effort) {
  if (Replayed(scenario)) return;
  Outcome outcome = Find(scenario, effort);
  std::printf("             %llu executions, schedule %s: %s\n", static_cast<unsigned long long>(outcome.executions),
              outcome.schedule.c_str(), outcome.failure.c_str());
  if (outcome.failure.empty()) {
    ADD_FAILURE() << "not found in " << outcome.executions << " executions: " << words;
  } else if (outcome.failure.find(words) == std::string::npos) {
    ADD_FAILURE() << "expected: " << words << "\nfound: " << Describe(outcome);
  }
}

void CheckFinds(const std::string& words, const Place& broken, const Scenario& scenario, const Effort& effort) {
  Weaken(broken);
  CheckFinds(words, scenario, effort);
  if (TimesWeakened() == 0) ADD_FAILURE() << "no such operation: " << broken.file << ": " << broken.line;
  WeakenNothing();
}

}  // namespace gale::model

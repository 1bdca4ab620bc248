// Schedule: the decisions of one execution, and the order in which executions are explored.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace gale::model {

// Decision is a place where an execution could have gone on in `count` ways.
struct Decision {
  std::uint8_t count = 0;
  std::uint8_t allowed = 0;  // those within the bounds: the first ones
  std::uint8_t chosen = 0;   // 0: what would happen undisturbed
};

using Schedule = std::vector<Decision>;

// "0x57,1,0x3,2": the choices, equal neighbours counted. The zeros at the end are left out.
std::string ToString(const Schedule& schedule);
Schedule ParseSchedule(std::string_view text);

// Bounds limit an exhaustive exploration: how often an execution may leave the undisturbed course.
struct Bounds {
  int preemptions = 2;  // switches away from a thread that could go on
  int old_values = 1;   // loads that return another value than the newest
};

// Explorer strategies. Begin starts an execution; Next prepares another one and returns whether there is any.
class Strategy {
 public:
  virtual ~Strategy() = default;
  virtual void Begin() = 0;
  // Thread chooses among `count` threads; 0 is the default. `preempts`: 0 would let the current thread go on.
  virtual int Thread(const std::vector<int>& threads, bool preempts) = 0;
  // Value chooses among `count` values to load.
  virtual int Value(int count) = 0;
  virtual bool Next() = 0;
  const Schedule& Taken() const { return schedule_; }

 protected:
  Schedule schedule_;
};

// Exhaustive tries all executions within the bounds, depth first.
class Exhaustive final : public Strategy {
 public:
  explicit Exhaustive(const Bounds& bounds) : bounds_(bounds) {}
  void Begin() override;
  int Thread(const std::vector<int>& threads, bool preempts) override;
  int Value(int count) override;
  bool Next() override;

 private:
  int Take(int count, int* budget);
  Bounds bounds_;
  Bounds left_;
  std::size_t position_ = 0;
};

// Random tries `runs` executions. Every other one walks at random; the others run threads by priority and change
// priorities at a few random places (probabilistic concurrency testing).
class Random final : public Strategy {
 public:
  Random(std::uint64_t seed, std::uint64_t runs) : random_(seed), runs_(runs) {}
  void Begin() override;
  int Thread(const std::vector<int>& threads, bool preempts) override;
  int Value(int count) override;
  bool Next() override;

 private:
  std::size_t Below(std::size_t bound) { return random_() % bound; }
  int Record(std::size_t count, std::size_t chosen);

  std::mt19937_64 random_;
  std::uint64_t runs_;
  std::uint64_t run_ = 0;
  std::size_t decisions_ = 0;
  std::size_t longest_ = 100;
  std::vector<std::size_t> changes_;
  std::vector<int> priority_;  // by thread
  int lowest_ = 0;
};

// Given replays one schedule.
class Given final : public Strategy {
 public:
  explicit Given(Schedule schedule) : given_(std::move(schedule)) {}
  void Begin() override;
  int Thread(const std::vector<int>& threads, bool) override { return Take(static_cast<int>(threads.size())); }
  int Value(int count) override { return Take(count); }
  bool Next() override { return false; }

 private:
  int Take(int count);
  Schedule given_;
};

}  // namespace gale::model

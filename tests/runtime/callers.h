// What plain threads may do as well as goroutines is tested from both.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gale/runtime/go.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {

// CallerTest: what its tests do in OnCaller, they do on the main goroutine of Run (true) and on a plain thread.
class CallerTest : public ::testing::TestWithParam<bool> {
 protected:
  void OnCaller(const std::function<void()>& body) {
    if (GetParam()) {
      gale::Run(body);
    } else {
      body();
    }
  }
};

inline std::string CallerName(const ::testing::TestParamInfo<bool>& caller) {
  return caller.param ? "Goroutine" : "Thread";
}

// PanicOf returns the text of the Panic that function() throws, or "no panic".
inline std::string PanicOf(const std::function<void()>& function) {
  try {
    function();
  } catch (const Panic& panic) {
    return panic.what();
  }
  return "no panic";
}

// GoUntilParked starts a goroutine, counted by the group, and returns once it waits for that reason: where what it
// waits for has a queue, it is in it.
inline void GoUntilParked(WaitGroup& group, WaitReason reason, std::function<void()> function) {
  auto published = std::make_shared<std::atomic<internal::G*>>(nullptr);
  group.Go([published, function = std::move(function)] {
    published->store(internal::CurrentG());
    function();
  });
  internal::G* g = nullptr;
  do {
    Sleep(std::chrono::microseconds(50));
    g = published->load();
  } while (g == nullptr || g->status.load() != internal::GStatus::kWaiting || g->wait_reason.load() != reason);
}

// Mix runs functions on goroutines and on plain threads, and waits for all of them in the end.
class Mix {
 public:
  ~Mix() { Join(); }

  // Each number i from 0 to count - 1 gets its call of function(i): every `per_thread`-th on a thread of its own.
  void Start(int count, int per_thread, std::function<void(int)> function) {
    for (int i = 0; i < count; ++i) {
      if (i % per_thread == 0) {
        threads_.emplace_back([function, i] { function(i); });
      } else {
        goroutines_.Go([function, i] { function(i); });
      }
    }
  }

  void Join() {
    goroutines_.Wait();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  WaitGroup goroutines_;
  std::vector<std::thread> threads_;
};

}  // namespace gale

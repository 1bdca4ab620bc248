// Hazard: fork in a running runtime. The child has one of the threads, a copy of all memory, and the parent's epoll
// instances. It must be able to exec and to end; it must not run on as if nothing had happened; and the parent must not
// notice it.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "gale/runtime/blocking.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/start_timer.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

constexpr int kForks = internal::kThreadSanitizer ? 5 : 20;

// Some who run, some who park: at each fork the runtime is in the midst of something.
class Bustle {
 public:
  Bustle() {
    for (int i = 0; i < 4; ++i) {
      group_.Go([this] {
        while (!stop_) {
          Chan<int> chan(0);
          Go([chan] { chan.Send(1); });
          chan.Recv();
          Sleep(20us);
        }
      });
    }
  }
  ~Bustle() {
    stop_ = true;
    group_.Wait();
  }

 private:
  std::atomic<bool> stop_{false};
  WaitGroup group_;
};

// Fork runs the function in a child and returns how the child ended. It must not return there.
int StatusOf(const std::function<void()>& in_child) {
  pid_t child = fork();
  if (child == 0) {
    in_child();
    _exit(99);
  }
  int status = -1;
  EXPECT_EQ(Blocking([&] { return waitpid(child, &status, 0); }), child);
  return status;
}

void ExecAndEnd() {
  for (int i = 0; i < kForks; ++i) {
    int status = StatusOf([] { execl("/bin/sh", "sh", "-c", "exit 7", nullptr); });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
    status = StatusOf([] { _exit(8); });
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 8) << status;
  }
}

TEST(ForkHazardTest, AChildOfAGoroutineCanExecAndEnd) {
  gale::Run([] {
    Bustle bustle;
    ExecAndEnd();
  });
}

TEST(ForkHazardTest, AChildOfAPlainThreadCanExecAndEnd) {
  Bustle bustle;
  ExecAndEnd();
}

TEST(ForkHazardTest, TheStandardLibrarysCommandsWork) {
  gale::Run([] {
    Bustle bustle;
    for (int i = 0; i < kForks; ++i) {
      EXPECT_EQ(WEXITSTATUS(Blocking([] { return std::system("exit 5"); })), 5);
    }
  });
}

// The child keeps the open files of descriptors that the parent has closed, and lets something happen on them.
TEST(ForkHazardTest, WhatAChildDoesToInheritedFilesIsNotTakenForNewOnes) {
  gale::Run([] {
    for (int i = 0; i < 5; ++i) {
      int inherited[2], gate[2];
      ASSERT_EQ(pipe2(inherited, O_NONBLOCK | O_CLOEXEC), 0);
      ASSERT_EQ(pipe2(gate, O_CLOEXEC), 0);
      internal::PollDesc* former = *internal::PollDesc::Open(inherited[0]);
      pid_t child = fork();
      if (child == 0) {
        char byte = 'x';
        if (read(gate[0], &byte, 1) == 1 && write(inherited[1], &byte, 1) == 1) {
          for (;;) pause();
        }
        _exit(1);
      }
      former->Evict();
      former->Close();
      close(inherited[0]);
      close(inherited[1]);

      int fresh[2];
      ASSERT_EQ(pipe2(fresh, O_NONBLOCK | O_CLOEXEC), 0);
      internal::PollDesc* desc = *internal::PollDesc::Open(fresh[0]);
      desc->SetDeadline(internal::PollMode::kRead, internal::CurrentNanos() + 30'000'000);
      EXPECT_EQ(write(gate[1], "x", 1), 1);
      EXPECT_EQ(desc->Wait(internal::PollMode::kRead), internal::PollResult::kTimeout);
      desc->Evict();
      desc->Close();
      for (int fd : {fresh[0], fresh[1], gate[0], gate[1]}) close(fd);
      kill(child, SIGKILL);
      Blocking([&] { waitpid(child, nullptr, 0); });
    }
  });
}

// A P that never had a thread would get one in the child, and with it run goroutines there.
TEST(ForkHazardTest, NoGoroutineRunsInTheChild) {
  if (internal::kThreadSanitizer) GTEST_SKIP() << "TSan has its own opinion of what a forked child may do";
  gale::Run([] {
    for (int i = 0; i < kForks; ++i) {
      int status = StatusOf([] {
        Go([] { _exit(9); });
        usleep(5'000);
        _exit(8);
      });
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 8) << status;
    }
  });
}

// Registrations is how many descriptors the epoll instances of this process have, as the kernel counts.
int Registrations() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(entry.path());
    for (std::string line; std::getline(info, line);) count += line.starts_with("tfd:") ? 1 : 0;
  }
  return count;
}

TEST(ForkHazardTest, RegistrationsEndThoughAChildHasTheFile) {
  gale::Run([] {
    (void)internal::Scheduler::Get();
    const int before = Registrations();
    for (const bool forks : {false, true}) {
      int ends[2];
      ASSERT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
      internal::PollDesc* desc = *internal::PollDesc::Open(ends[0]);
      EXPECT_EQ(Registrations(), before + 1);
      pid_t child = forks ? fork() : -1;
      if (child == 0) {
        for (;;) pause();
      }
      desc->Evict();
      desc->Close();
      for (int fd : ends) close(fd);
      EXPECT_EQ(Registrations(), before) << forks;
      if (!forks) continue;
      kill(child, SIGKILL);
      Blocking([&] { waitpid(child, nullptr, 0); });
    }
  });
}

class ForkHazardDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    if (internal::kThreadSanitizer) GTEST_SKIP() << "TSan has its own opinion of what a forked child may do";
  }
};

constexpr char kMessage[] = "fatal error: the runtime's threads are not in a child made by fork";

// Ends the process with 0 if the child was ended by the message's abort.
[[noreturn]] void ExitIfAborted(const std::function<void()>& in_child) {
  int status = StatusOf(in_child);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) std::_Exit(0);
  std::fprintf(stderr, "the child's status is %#x\n", static_cast<unsigned>(status));
  std::_Exit(1);
}

TEST_F(ForkHazardDeathTest, AGoroutineThatParksInTheChildEndsItWithAMessage) {
  auto park = [](void (*function)()) {
    gale::Run([=] {
      Bustle bustle;
      Sleep(1ms);
      ExitIfAborted(function);
    });
  };
  EXPECT_EXIT(park([] { Sleep(1ms); }), testing::ExitedWithCode(0), kMessage);
  EXPECT_EXIT(park([] { Chan<int>(0).Recv(); }), testing::ExitedWithCode(0), kMessage);
  EXPECT_EXIT(park([] { Gosched(); }), testing::ExitedWithCode(0), kMessage);
}

TEST_F(ForkHazardDeathTest, AThreadThatWaitsInTheChildEndsItWithAMessage) {
  auto wait = [](void (*function)()) {
    Bustle bustle;
    Sleep(1ms);
    ExitIfAborted(function);
  };
  EXPECT_EXIT(wait([] { Chan<int>(0).Recv(); }), testing::ExitedWithCode(0), kMessage);
  EXPECT_EXIT(wait([] { gale::Run([] {}); }), testing::ExitedWithCode(0), kMessage);
}

}  // namespace
}  // namespace gale

#include "gale/runtime/internal/runtime_threads.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

namespace {

struct Threads {
  SpinLock lock;
  std::vector<pid_t> owned;
};

Threads& TheThreads() {
  static auto* threads = new Threads;
  return *threads;
}

struct Start {
  const char* name;
  void* (*main)(void*);
  void* argument;
};

void* ThreadMain(void* start_argument) {
  Start start = *static_cast<Start*>(start_argument);
  delete static_cast<Start*>(start_argument);
  pthread_setname_np(pthread_self(), start.name);
  OwnRuntimeThread();
  return start.main(start.argument);
}

// ThreadCount is the kernel's own count, or -1.
int ThreadCount() {
  std::FILE* file = std::fopen("/proc/self/status", "re");
  if (file == nullptr) return -1;
  int count = -1;
  char line[256];
  while (count < 0 && std::fgets(line, sizeof(line), file) != nullptr) std::sscanf(line, "Threads: %d", &count);
  std::fclose(file);
  return count;
}

std::vector<pid_t> AllThreads() {
  std::vector<pid_t> threads;
  DIR* directory = opendir("/proc/self/task");
  if (directory == nullptr) return threads;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') threads.push_back(std::atoi(entry->d_name));
  }
  closedir(directory);
  return threads;
}

}  // namespace

void StartRuntimeThread(const char* name, void* (*main)(void*), void* argument) {
  pthread_t thread;
  int error = pthread_create(&thread, nullptr, &ThreadMain, new Start{name, main, argument});
  if (error != 0) Fatal("cannot start the %s thread: %s", name, std::strerror(error));
  pthread_detach(thread);
}

void OwnRuntimeThread() {
  Threads& threads = TheThreads();
  std::lock_guard guard(threads.lock);
  threads.owned.push_back(gettid());
}

void DisownRuntimeThread() {
  Threads& threads = TheThreads();
  std::lock_guard guard(threads.lock);
  std::erase(threads.owned, gettid());
}

int RuntimeThreadCount() {
  Threads& threads = TheThreads();
  std::lock_guard guard(threads.lock);
  return static_cast<int>(threads.owned.size());
}

int ForeignThreads() {
  // A thread that starts another one and ends while the directory is read might hide both: the kernel's count, which
  // is taken at once, must agree.
  std::vector<pid_t> all = AllThreads();
  if (all.empty() || ThreadCount() != static_cast<int>(all.size())) return -1;
  Threads& threads = TheThreads();
  std::lock_guard guard(threads.lock);
  return static_cast<int>(std::count_if(all.begin(), all.end(), [&](pid_t thread) {
    return std::find(threads.owned.begin(), threads.owned.end(), thread) == threads.owned.end();
  }));
}

}  // namespace gale::internal

// Fork: what is left of the runtime in a child that fork() has made.
//
// The child has one thread, a copy of that which called fork(); the other Ms, sysmon and the scavenger are not there.
// It shares the epoll instances with its parent: would it poll, it would take the parent's events away. So it may do
// what does not wait, and then exec or _exit; where it would wait, it ends with a message.
//
//   if (pid_t child = fork(); child == 0) { execl("/bin/true", "true", nullptr); _exit(127); }
//
// Costs nothing where nobody forks: the child's M is told to stop, which sends its goroutine's next park through
// RunLoop's end; the checks are there, where a thread goes to sleep, where Run begins, and where a lock is taken: a
// thread of the parent may have held it at the fork.
#pragma once

#include <atomic>

namespace gale::internal {

inline bool in_forked_child = false;  // written before the child has a second thread

// MayHaveForked: a child may hold open files of this process that this process has closed since. Set before the fork;
// relaxed, because fork() orders what it copies by itself. Children that only exec (posix_spawn, vfork) do not set it.
inline std::atomic<bool> may_have_forked{false};

// InstallForkHandler is called once, before the first M starts.
void InstallForkHandler();

// EndForkedChild ends the process with the message.
[[noreturn]] void EndForkedChild();

inline void CheckNotForked() {
  if (in_forked_child) [[unlikely]]
    EndForkedChild();
}

}  // namespace gale::internal

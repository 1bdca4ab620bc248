// World: what surrounds the runtime in the model: stacks for goroutines, a poller, threads, and no sysmon, whose
// second looks would hide lost wake-ups.
//
//   void Scenario() {
//     StartRuntime(2);
//     auto mutex = std::make_shared<gale::Mutex>();
//     for (int i = 0; i < 2; ++i) gale::Go([=] { std::lock_guard guard(*mutex); });
//     ExpectAllEnd();
//   }
//
// The scheduler, its Ms, parking and switching are the runtime's own sources. An M is a thread of the model.
#pragma once

#include <functional>
#include <string>

#include "gale/runtime/internal/poll_desc.h"

namespace gale::model {

// StartRuntime makes a scheduler with `ps` Ps, of which none has an M yet.
void StartRuntime(int ps);

// ExpectAllEnd lets everything run until nobody can go on, and fails unless all goroutines have ended and nobody but
// idle Ms sleeps: anything else is a lost wake-up.
void ExpectAllEnd();

// Report makes the kernel report events for a descriptor that was opened with PollDesc::Open: the poller of its P
// wakes, if it sleeps.
void Report(int fd, internal::PollEvents events);

}  // namespace gale::model

// The system calls of the runtime's lock-free parts, as the model has them. See real_code.h.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <ctime>

namespace gale::model {

// SystemCall knows futex (wait and wake) and membarrier.
long SystemCall(long number, ...);
int SchedYield();
int NanoSleep(const timespec* duration, timespec* left);
int ClockGetTime(int clock, timespec* now);
// Cycles advances with every call, so that code that waits for a number of cycles comes to an end.
std::uint64_t Cycles();

int CreateThread(pthread_t* thread, const pthread_attr_t* attributes, void* (*main)(void*), void* argument);
inline int DetachThread(pthread_t) { return 0; }
inline int NameThread(pthread_t, const char*) { return 0; }
inline int GetThreadAttributes(pthread_t, pthread_attr_t*) { return -1; }

}  // namespace gale::model

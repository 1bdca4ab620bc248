// The system calls of the runtime's lock-free parts, as the model has them. See real_code.h.
#pragma once

#include <ctime>

#include <cstdint>

namespace gale::model {

// SystemCall knows futex (wait and wake) and membarrier.
long SystemCall(long number, ...);
int SchedYield();
int NanoSleep(const timespec* duration, timespec* left);
int ClockGetTime(int clock, timespec* now);
// Cycles advances with every call, so that code that waits for a number of cycles comes to an end.
std::uint64_t Cycles();

}  // namespace gale::model

// WaitReason: why a goroutine is parked. Every park names one; a reason is used in one place only, so that a
// goroutine's state tells where it waits. The texts are Go's where Go has the same wait.
#pragma once

#include <cstdint>

namespace gale {

enum class WaitReason : std::uint8_t {
  kNone,
  kChanReceive,
  kChanReceiveNil,
  kChanSend,
  kChanSendNil,
  kSelect,
  kSelectNoCases,
  kSleep,
  kIoWait,
  kMutexLock,
  kRWMutexLock,
  kRWMutexRLock,
  kCondWait,
  kSemaphoreAcquire,
  kWaitGroupWait,
  // Of goroutines in a bubble (testing/synctest.h). Durable: only a goroutine of the bubble, or its clock, ends the
  // wait.
  kChanReceiveDurable,
  kChanSendDurable,
  kSelectDurable,
  kWaitGroupWaitDurable,
  kSemaphoreAcquireDurable,
  kSynctestRun,
  kSynctestWait,
  kSynctestTurn,
  // Of net's descriptors.
  kFdMutex,
  kFreeMemory,
};

// WaitReasonText is the reason as a goroutine dump prints it: "chan receive", "IO wait".
constexpr const char* WaitReasonText(WaitReason reason) {
  switch (reason) {
    case WaitReason::kNone: return "";
    case WaitReason::kChanReceive: return "chan receive";
    case WaitReason::kChanReceiveNil: return "chan receive (nil chan)";
    case WaitReason::kChanSend: return "chan send";
    case WaitReason::kChanSendNil: return "chan send (nil chan)";
    case WaitReason::kSelect: return "select";
    case WaitReason::kSelectNoCases: return "select (no cases)";
    case WaitReason::kSleep: return "sleep";
    case WaitReason::kIoWait: return "IO wait";
    case WaitReason::kMutexLock: return "sync.Mutex.Lock";
    case WaitReason::kRWMutexLock: return "sync.RWMutex.Lock";
    case WaitReason::kRWMutexRLock: return "sync.RWMutex.RLock";
    case WaitReason::kCondWait: return "sync.Cond.Wait";
    case WaitReason::kSemaphoreAcquire: return "semaphore acquire";
    case WaitReason::kWaitGroupWait: return "sync.WaitGroup.Wait";
    case WaitReason::kChanReceiveDurable: return "chan receive (durable)";
    case WaitReason::kChanSendDurable: return "chan send (durable)";
    case WaitReason::kSelectDurable: return "select (durable)";
    case WaitReason::kWaitGroupWaitDurable: return "sync.WaitGroup.Wait (durable)";
    case WaitReason::kSemaphoreAcquireDurable: return "semaphore acquire (durable)";
    case WaitReason::kSynctestRun: return "synctest.Run";
    case WaitReason::kSynctestWait: return "synctest.Wait";
    case WaitReason::kSynctestTurn: return "synctest turn";
    case WaitReason::kFdMutex: return "semacquire";
    case WaitReason::kFreeMemory: return "free OS memory";
  }
  return "unknown";
}

}  // namespace gale

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
  kSleep,
  kIoWait,
  kMutexLock,
  kWaitGroupWait,
  kFdMutex,
};

// WaitReasonText is the reason as a goroutine dump prints it: "chan receive", "IO wait".
constexpr const char* WaitReasonText(WaitReason reason) {
  switch (reason) {
    case WaitReason::kNone: return "";
    case WaitReason::kChanReceive: return "chan receive";
    case WaitReason::kChanReceiveNil: return "chan receive (nil chan)";
    case WaitReason::kChanSend: return "chan send";
    case WaitReason::kChanSendNil: return "chan send (nil chan)";
    case WaitReason::kSleep: return "sleep";
    case WaitReason::kIoWait: return "IO wait";
    case WaitReason::kMutexLock: return "sync.Mutex.Lock";
    case WaitReason::kWaitGroupWait: return "sync.WaitGroup.Wait";
    case WaitReason::kFdMutex: return "semacquire";
  }
  return "unknown";
}

}  // namespace gale

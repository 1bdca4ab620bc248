// The epoll backend: one epoll per P. A descriptor is added once, for both directions, edge-triggered, so that no
// further epoll_ctl is needed while it lives. An eventfd, edge-triggered and never read, is the doorbell.

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/fork.h"
#include "gale/runtime/internal/netpoll.h"
#include "gale/runtime/internal/poll_desc.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

namespace gale::internal {

namespace {

// An event's 64 bits: the PollDesc's address, which fits in 48 and is a multiple of 64, and its tag on top.
constexpr int kTagShift = 48;
constexpr std::uint64_t kDoorbell = 0;

class EpollNetpoll final : public Netpoll {
 public:
  EpollNetpoll() : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), doorbell_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (epoll_fd_ < 0) Fatal("netpoll: epoll_create1: %s", std::strerror(errno));
    if (doorbell_fd_ < 0) Fatal("netpoll: eventfd: %s", std::strerror(errno));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.u64 = kDoorbell;
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, doorbell_fd_, &event) != 0) {
      Fatal("netpoll: epoll_ctl of the doorbell: %s", std::strerror(errno));
    }
  }

  ~EpollNetpoll() override {
    close(doorbell_fd_);
    close(epoll_fd_);
  }

  int Add(int fd, PollDesc* desc, std::uint16_t tag) override {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = reinterpret_cast<std::uint64_t>(desc) | std::uint64_t{tag} << kTagShift;
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) return errno;
    descriptors_.fetch_add(1, std::memory_order_relaxed);
    return 0;
  }

  void Remove(int fd) override {
    // close() ends the registration, unless somebody else has the open file: a child made by fork. Should one have been
    // made in a way that went unnoticed, its doings are events with an old tag.
    if (may_have_forked.load(std::memory_order_relaxed)) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
    descriptors_.fetch_sub(1, std::memory_order_relaxed);
  }

  bool Poll(std::int64_t timeout_ns, GList& ready) override {
    bool rung = false;
    constexpr int kBatch = 128;
    epoll_event events[kBatch];
    int count = Wait(events, kBatch, timeout_ns);
    for (int i = 0; i < count; ++i) {
      std::uint64_t data = events[i].data.u64;
      if (data == kDoorbell) {
        rung = true;
        continue;
      }
      auto* desc = reinterpret_cast<PollDesc*>(data & ((std::uint64_t{1} << kTagShift) - 1));
      desc->HandleEvents(Translate(events[i].events), static_cast<std::uint16_t>(data >> kTagShift), ready);
    }
    return rung;
  }

  void Wake() override {
    std::uint64_t one = 1;
    // EAGAIN, at 2^64 - 1 wake-ups, would still leave an edge.
    [[maybe_unused]] ssize_t written = write(doorbell_fd_, &one, sizeof(one));
  }

 private:
  static PollEvents Translate(std::uint32_t events) {
    PollEvents result;
    result.readable = (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    result.writable = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    result.peer_closed = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    return result;
  }

  int Wait(epoll_event* events, int size, std::int64_t timeout_ns) {
    if (timeout_ns <= 0) return epoll_wait(epoll_fd_, events, size, timeout_ns < 0 ? -1 : 0);
    if (has_pwait2_.load(std::memory_order_relaxed)) {
      timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
      long count = syscall(SYS_epoll_pwait2, epoll_fd_, events, size, &timeout, nullptr, 0);
      if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
      has_pwait2_.store(false, std::memory_order_relaxed);
    }
    // Before Linux 5.11, or forbidden by a sandbox: whole milliseconds, rounded up.
    constexpr std::int64_t kLongest = 1'000'000'000;
    std::int64_t milliseconds = (timeout_ns + 999'999) / 1'000'000;
    return epoll_wait(epoll_fd_, events, size, static_cast<int>(milliseconds < kLongest ? milliseconds : kLongest));
  }

  const int epoll_fd_;
  const int doorbell_fd_;
  static inline std::atomic<bool> has_pwait2_{true};
};

}  // namespace

std::unique_ptr<Netpoll> MakeEpollNetpoll() { return std::make_unique<EpollNetpoll>(); }

}  // namespace gale::internal

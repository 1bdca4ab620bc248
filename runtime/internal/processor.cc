#include "gale/runtime/internal/processor.h"

#include "gale/runtime/internal/netpoll.h"

namespace gale::internal {

P::P(int number)
    : id(number),
      deadlines(MonotonicNanos()),
      netpoll(MakeEpollNetpoll()),
      random(0x9E3779B97F4A7C15ull * static_cast<std::uint64_t>(number + 1)) {}

P::~P() = default;

}  // namespace gale::internal

// StopSignals: SIGTERM and SIGINT as values on a channel.
#pragma once

#include "gale/runtime/chan.h"

namespace gale::http::internal {

// StopSignals handles the signals while one exists, and restores the former handlers behind the last. Each gets all
// signals that come, at most 4 that nobody has received. The handler writes to a socket, from which a goroutine reads
// that lives as long as the process.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  const Chan<int>& Signals() const { return signals_; }

 private:
  Chan<int> signals_{4};
};

}  // namespace gale::http::internal

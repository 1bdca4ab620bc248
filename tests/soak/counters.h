// Counters: what the soak's server counts about itself, for the watcher to read.
#pragma once

#include <atomic>
#include <cstdint>

namespace gale::soak {

// Counters are numbers on their own: nothing is read that another thread wrote before it counted, so all is relaxed.
struct Counters {
  std::atomic<std::int64_t> connections{0};  // accepted and not closed; a hijacked one counts as closed
  std::atomic<std::int64_t> hijacked{0};     // taken over by a handler and not yet closed by it
  std::atomic<std::int64_t> handlers{0};     // that run at this moment
  std::atomic<std::int64_t> accepted{0};     // connections since the start
  std::atomic<std::int64_t> requests{0};     // calls of handlers since the start
  std::atomic<std::int64_t> given_up{0};     // handlers that were told that their client has gone away
};

// Gauge counts an object for as long as it lives.
class Gauge {
 public:
  explicit Gauge(std::atomic<std::int64_t>& value) : value_(&value) { value.fetch_add(1, std::memory_order_relaxed); }
  Gauge(const Gauge& other) : Gauge(*other.value_) {}
  Gauge& operator=(const Gauge&) = delete;
  ~Gauge() { value_->fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t>* value_;
};

}  // namespace gale::soak

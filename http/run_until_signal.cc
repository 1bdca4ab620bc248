#include "gale/http/run_until_signal.h"

#include <utility>
#include <variant>

#include "gale/http/internal/stop_signals.h"
#include "gale/runtime/context.h"
#include "gale/runtime/err_group.h"
#include "gale/runtime/go.h"
#include "gale/runtime/select.h"

namespace gale::http {
namespace {

// ServeAll returns the first error, behind which it stops the rest.
gale::Error ServeAll(Server& server, const std::vector<std::shared_ptr<net::Listener>>& listeners) {
  if (listeners.empty()) return server.ListenAndServe();
  ErrGroup group;
  for (const auto& listener : listeners) {
    group.Go([&server, listener] {
      gale::Error error = server.Serve(listener);
      if (error.Code() != ErrServerClosed()) server.Close();
      return error;
    });
  }
  return group.Wait();
}

// Task is something on a goroutine of its own, and its result.
class Task {
 public:
  template <typename Function>
  explicit Task(Function function) {
    Go([this, function = std::move(function)] {
      result_ = function();
      ended_.Close();
    });
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  const Chan<std::monostate>& Ended() const { return ended_; }
  // Result waits for the end.
  const gale::Error& Result() const {
    (void)ended_.Recv();
    return result_;
  }

 private:
  gale::Error result_;
  Chan<std::monostate> ended_{0};
};

// EndsBeforeSignal waits for one or the other.
bool EndsBeforeSignal(const Task& task, const Chan<int>& signals) {
  bool ended = false;
  Select(OnRecv(task.Ended(), [&](auto) { ended = true; }), OnRecv(signals, [](auto) {}));
  return ended;
}

// Drain returns Shutdown's error, which is Errc::kCanceled if a signal came before its end.
gale::Error Drain(Server& server, const Chan<int>& signals, std::chrono::nanoseconds timeout) {
  auto [context, cancel] = timeout.count() > 0 ? WithTimeout(Background(), timeout) : WithCancel(Background());
  const Task shutdown([&server, context = context] { return server.Shutdown(context); });
  if (!EndsBeforeSignal(shutdown, signals)) cancel();
  gale::Error error = shutdown.Result();
  cancel();
  if (error) server.Close();
  return error;
}

}  // namespace

gale::Error RunUntilSignal(Server& server, const RunOptions& options) {
  const internal::StopSignals signals;
  const Task serving([&server, &options] { return ServeAll(server, options.listeners); });
  if (EndsBeforeSignal(serving, signals.Signals())) return serving.Result();
  gale::Error error = Drain(server, signals.Signals(), options.drain_timeout);
  (void)serving.Result();
  return error;
}

}  // namespace gale::http

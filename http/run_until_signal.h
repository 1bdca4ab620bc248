// RunUntilSignal: a server that ends in good order when the process is told to.
//
//   int main() {
//     http::Server server({.addr = ":8080", .handler = &mux});
//     if (auto err = http::RunUntilSignal(server)) {
//       std::fprintf(stderr, "%s\n", err.Message().c_str());
//       return 1;
//     }
//   }
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "gale/http/server.h"
#include "gale/net/listener.h"
#include "gale/runtime/error.h"

namespace gale::http {

// RunOptions of RunUntilSignal.
struct RunOptions {
  // Where to serve. None: where the server's options say (ListenAndServe).
  std::vector<std::shared_ptr<net::Listener>> listeners = {};
  // How long requests may go on after the first signal; then they are cut off. 25 s: Kubernetes kills the process after
  // 30 s, Docker after 10 s unless told otherwise. 0: without end.
  std::chrono::nanoseconds drain_timeout = std::chrono::seconds(25);
};

// RunUntilSignal serves until SIGTERM or SIGINT comes, then calls Shutdown, and returns when all requests have been
// answered. A second signal closes everything at once. Returns no error after that; context.DeadlineExceeded
// (Errc::kDeadlineExceeded) if drain_timeout has cut requests off; Errc::kCanceled if a second signal has; else why the
// server could not serve.
//
// It handles the two signals while it runs, for the whole process, and restores what was there before. Several servers
// may be run at the same time, by one call each: the signals are for all of them.
gale::Error RunUntilSignal(Server& server, const RunOptions& options = {});

}  // namespace gale::http

// Socket activation: listeners that systemd has opened for the service, and keeps while it restarts.
//
//   auto listeners = gale::net::ListenersFromSystemd();
//   if (!listeners) return listeners.error();
//   http::RunUntilSignal(server, {.listeners = *listeners});     // none were passed: where the options say
#pragma once

#include <expected>
#include <memory>
#include <vector>

#include "gale/net/listener.h"
#include "gale/runtime/error.h"

namespace gale::net {

// ListenersFromSystemd takes over the sockets that LISTEN_FDS and LISTEN_PID announce, in systemd's order, and removes
// those variables, so that a second call and children find nothing. None if they are not for this process. Fails if one
// of them is not a listening TCP or Unix stream socket; all are closed then. Closing a listener does not remove the
// file of a Unix socket: it is systemd's. Not while another thread uses the environment. Source: sd_listen_fds(3).
std::expected<std::vector<std::shared_ptr<Listener>>, Error> ListenersFromSystemd();

}  // namespace gale::net

// ConnState: where a connection of a server is in its life.
//
//   options.conn_state = [](const std::shared_ptr<gale::net::Conn>& conn, http::ConnState state) {
//     log(conn->RemoteAddr().String() + " " + std::string(http::ConnStateText(state)));
//   };
//
//   kStateNew -> kStateActive <-> kStateIdle, and at last kStateClosed or kStateHijacked.
#pragma once

#include <cstdint>
#include <string_view>

namespace gale::http {

// ConnState: source: Go's net/http.ConnState.
enum class ConnState : std::uint8_t {
  kStateNew,       // accepted; nothing has come yet
  kStateActive,    // bytes of one or several requests have come, which are not all answered
  kStateIdle,      // waits for its next request
  kStateHijacked,  // taken over by a handler, no concern of the server any more
  kStateClosed,
};

inline constexpr ConnState kStateNew = ConnState::kStateNew;
inline constexpr ConnState kStateActive = ConnState::kStateActive;
inline constexpr ConnState kStateIdle = ConnState::kStateIdle;
inline constexpr ConnState kStateHijacked = ConnState::kStateHijacked;
inline constexpr ConnState kStateClosed = ConnState::kStateClosed;

// ConnStateText is "new", "active", "idle", "hijacked" or "closed".
constexpr std::string_view ConnStateText(ConnState state) {
  switch (state) {
    case ConnState::kStateNew: return "new";
    case ConnState::kStateActive: return "active";
    case ConnState::kStateIdle: return "idle";
    case ConnState::kStateHijacked: return "hijacked";
    case ConnState::kStateClosed: return "closed";
  }
  return "";
}

}  // namespace gale::http

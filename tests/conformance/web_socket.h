// A WebSocket that says back what it is told: what "/ws" of the wire cases' server speaks behind the handshake.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/base64.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/status.h"
#include "gale/net/conn.h"

namespace gale::http::testing {

// RFC 3174.
inline std::string Sha1(std::string text) {
  std::array<std::uint32_t, 5> sum = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const std::uint64_t bits = text.size() * 8;
  text += '\x80';
  text.append((120 - text.size() % 64) % 64, '\0');
  for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(bits >> shift);
  for (std::size_t block = 0; block < text.size(); block += 64) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 64; ++i) w[i / 4] = w[i / 4] << 8 | static_cast<unsigned char>(text[block + i]);
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = sum;
    for (std::size_t i = 0; i < 80; ++i) {
      const auto [f, k] = i < 20   ? std::pair{(b & c) | (~b & d), 0x5a827999u}
                          : i < 40 ? std::pair{b ^ c ^ d, 0x6ed9eba1u}
                          : i < 60 ? std::pair{(b & c) | (b & d) | (c & d), 0x8f1bbcdcu}
                                   : std::pair{b ^ c ^ d, 0xca62c1d6u};
      e = std::exchange(
          d, std::exchange(c, std::rotl(std::exchange(b, std::exchange(a, std::rotl(a, 5) + f + e + k + w[i])), 30)));
    }
    sum = {sum[0] + a, sum[1] + b, sum[2] + c, sum[3] + d, sum[4] + e};
  }
  std::string bytes;
  for (std::uint32_t word : sum) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift);
  }
  return bytes;
}

// Sec-WebSocket-Accept for a Sec-WebSocket-Key, RFC 6455 section 4.2.2.
inline std::string WebSocketAccept(std::string_view key) {
  return internal::EncodeBase64(Sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

// EchoWebSocket answers each frame until one closes or is wrong, RFC 6455 section 5. Frames of more than 64 KiB are.
class EchoWebSocket {
 public:
  explicit EchoWebSocket(Hijacked hijacked)
      : conn_(std::move(hijacked.conn)), received_(std::move(hijacked.received)) {}

  void Serve() {
    while (EchoFrame()) {
    }
    (void)conn_->Close();
  }

 private:
  bool EchoFrame() {
    const auto head = Take(2);
    if (!head) return false;
    const auto first = static_cast<unsigned char>((*head)[0]);
    const auto second = static_cast<unsigned char>((*head)[1]);
    const unsigned opcode = first & 15u;
    const bool is_control = opcode >= 8;
    const bool is_known = opcode <= 2 || (is_control && opcode <= 10);
    std::size_t size = second & 127u;
    // No extension, masked, and neither fragments nor length of a control frame.
    if ((first & 0x70u) != 0 || second < 128 || !is_known || (is_control && (first < 128 || size > 125)))
      return Fail(2);
    if (size == 127) return Fail(9);
    if (size == 126) {
      const auto length = Take(2);
      if (!length) return false;
      size = static_cast<std::size_t>(static_cast<unsigned char>((*length)[0]) << 8 |
                                      static_cast<unsigned char>((*length)[1]));
      if (size < 126) return Fail(2);
    }
    const auto mask = Take(4);
    auto payload = Take(size);
    if (!mask || !payload) return false;
    for (std::size_t i = 0; i < size; ++i) (*payload)[i] = static_cast<char>((*payload)[i] ^ (*mask)[i % 4]);
    if (opcode == 10) return true;
    return Send(opcode == 9 ? 0x8a : first, *payload) && opcode != 8;
  }

  // Fail closes with the status 1000 + code.
  bool Fail(int code) {
    const int status = 1000 + code;
    (void)Send(0x88, {static_cast<char>(status >> 8), static_cast<char>(status)});
    return false;
  }

  bool Send(unsigned char first, const std::string& payload) {
    std::string frame(1, static_cast<char>(first));
    if (payload.size() < 126) {
      frame += static_cast<char>(payload.size());
    } else {
      frame.append({126, static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size())});
    }
    return conn_->Write(frame + payload).has_value();
  }

  std::optional<std::string> Take(std::size_t size) {
    std::array<char, 4096> buffer;
    while (received_.size() < size) {
      const auto count = conn_->Read(buffer);
      if (!count) return std::nullopt;
      received_.append(buffer.data(), *count);
    }
    std::string taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
  }

  std::shared_ptr<net::Conn> conn_;
  std::string received_;
};

// IsWebSocketHandshake: RFC 6455 section 4.2.1, but for the version.
inline bool IsWebSocketHandshake(const Request& r) {
  bool upgrades = false;
  for (std::string_view value : r.Header().Values("Connection")) {
    internal::ForEachListItem(value, [&](std::string_view item) { upgrades |= internal::EqualFold(item, "upgrade"); });
  }
  const auto key = internal::DecodeBase64(r.Header().Get("Sec-WebSocket-Key"));
  return r.Method() == "GET" && r.ProtoAtLeast(1, 1) && upgrades &&
         internal::EqualFold(r.Header().Get("Upgrade"), "websocket") && r.ContentLength() == 0 && key &&
         key->size() == 16;
}

inline void ServeWebSocket(ResponseWriter& w, Request& r) {
  const bool is_current = r.Header().Get("Sec-WebSocket-Version") == "13";
  if (is_current && !IsWebSocketHandshake(r)) return Error(w, "no handshake", kStatusBadRequest);
  w.Header().Set("Connection", "Upgrade");
  w.Header().Set("Upgrade", "websocket");
  if (!is_current) {
    w.Header().Set("Sec-WebSocket-Version", "13");
    return Error(w, StatusText(kStatusUpgradeRequired), kStatusUpgradeRequired);
  }
  w.Header().Set("Sec-WebSocket-Accept", WebSocketAccept(r.Header().Get("Sec-WebSocket-Key")));
  w.WriteHeader(kStatusSwitchingProtocols);
  if (auto hijacked = w.Hijack()) EchoWebSocket(*std::move(hijacked)).Serve();
}

}  // namespace gale::http::testing

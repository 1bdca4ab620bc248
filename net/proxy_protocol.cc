#include "gale/net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gale/net/internal/proxied_conn.h"

namespace gale::net {
namespace {

constexpr std::string_view kSignature2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kMostLine1 = 107;
constexpr std::size_t kLeastLine1 = 15;  // "PROXY UNKNOWN\r\n"

// Addresses are none where the header names none.
struct Addresses {
  Addr source;
  Addr destination;
};
using Parsed = std::expected<std::optional<Addresses>, Error>;

std::unexpected<Error> Malformed(const char* what) {
  return std::unexpected(Error(std::make_error_code(std::errc::protocol_error), std::string("proxy header: ") + what));
}

Error ReadFull(Conn& conn, std::span<char> buffer) {
  while (!buffer.empty()) {
    auto count = conn.Read(buffer);
    if (!count) return count.error() == Errc::kEof ? Error(Errc::kUnexpectedEof) : count.error();
    buffer = buffer.subspan(*count);
  }
  return {};
}

std::string_view TakeWord(std::string_view& text) {
  const std::size_t space = text.find(' ');
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(space == text.npos ? text.size() : space + 1);
  return word;
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_padded = text.size() > 1 && text.starts_with('0');
  if (error != std::errc() || end != text.data() + text.size() || is_padded) return std::nullopt;
  return port;
}

// "PROXY TCP4 192.0.2.1 192.0.2.2 5000 80", without the end of the line.
Parsed ParseLine(std::string_view line) {
  (void)TakeWord(line);
  const std::string_view family = TakeWord(line);
  if (family == "UNKNOWN") return std::nullopt;
  if (family != "TCP4" && family != "TCP6") return Malformed("unknown family");
  const std::string_view source = TakeWord(line), destination = TakeWord(line);
  const auto source_port = ParsePort(TakeWord(line)), destination_port = ParsePort(line);
  if (!source_port || !destination_port) return Malformed("bad port");
  const auto from = Addr::ParseIp(source, *source_port), to = Addr::ParseIp(destination, *destination_port);
  const bool has_colons = family == "TCP6";
  for (std::string_view text : {source, destination}) {
    if ((text.find(':') != text.npos) != has_colons || text.find('%') != text.npos) return Malformed("bad address");
  }
  if (!from || !to) return Malformed("bad address");
  return Addresses{*from, *to};
}

// Version 1: a line. Its length is not known before, and nothing beyond it may be read: so by as many bytes as are
// certain to belong to it.
Parsed ReadVersion1(Conn& conn, std::string_view start) {
  std::string line(start);
  while (!line.ends_with("\r\n")) {
    std::size_t more = line.size() < kLeastLine1 ? kLeastLine1 - line.size() : line.ends_with('\r') ? 1 : 2;
    const std::size_t size = line.size();
    more = std::min(more, kMostLine1 - size);
    if (more == 0) return Malformed("line too long");
    line.resize(size + more);
    if (Error error = ReadFull(conn, std::span(line).subspan(size))) return std::unexpected(error);
  }
  if (!line.starts_with("PROXY ")) return Malformed("bad start");
  const std::string_view text(line.data(), line.size() - 2);
  if (text.find_first_of("\r\n") != text.npos) return Malformed("bad end of line");
  return ParseLine(text);
}

std::uint16_t BigEndian(const char* bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]));
}

template <std::size_t kSize>
std::array<std::uint8_t, kSize> Bytes(const char* from) {
  std::array<std::uint8_t, kSize> bytes;
  std::memcpy(bytes.data(), from, kSize);
  return bytes;
}

// Version 2: 12 bytes of signature (read already), version and command, family, length, addresses, and more that does
// not matter here.
Parsed ReadVersion2(Conn& conn) {
  std::array<char, 4> head;
  if (Error error = ReadFull(conn, head)) return std::unexpected(error);
  const auto version = static_cast<unsigned char>(head[0]) >> 4, command = static_cast<unsigned char>(head[0]) & 15;
  if (version != 2 || command > 1) return Malformed("unknown version or command");
  const std::size_t size = BigEndian(&head[2]);
  if (size + kSignature2.size() + head.size() > kMostProxyHeader) return Malformed("too long");
  std::string rest(size, '\0');
  if (Error error = ReadFull(conn, rest)) return std::unexpected(error);
  if (command == 0) return std::nullopt;
  const char* at = rest.data();
  switch (head[1]) {
    case 0x11:
      if (size < 12) return Malformed("too short");
      return Addresses{Addr::Ipv4(Bytes<4>(at), BigEndian(at + 8)), Addr::Ipv4(Bytes<4>(at + 4), BigEndian(at + 10))};
    case 0x21:
      if (size < 36) return Malformed("too short");
      return Addresses{Addr::Ipv6(Bytes<16>(at), BigEndian(at + 32)),
                       Addr::Ipv6(Bytes<16>(at + 16), BigEndian(at + 34))};
    default: return std::nullopt;  // Unix sockets, datagrams and what is not specified
  }
}

Parsed ReadHeader(Conn& conn) {
  std::array<char, kSignature2.size()> start;
  if (Error error = ReadFull(conn, std::span(start).first(6))) return std::unexpected(error);
  const std::string_view first(start.data(), 6);
  if (first == "PROXY ") return ReadVersion1(conn, first);
  if (!kSignature2.starts_with(first)) return Malformed("there is none");
  if (Error error = ReadFull(conn, std::span(start).subspan(6))) return std::unexpected(error);
  if (std::string_view(start.data(), start.size()) != kSignature2) return Malformed("there is none");
  return ReadVersion2(conn);
}

}  // namespace

std::expected<std::shared_ptr<Conn>, Error> ReadProxyHeader(std::shared_ptr<Conn> conn, Conn::TimePoint deadline) {
  conn->SetReadDeadline(deadline);
  Parsed parsed = ReadHeader(*conn);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  conn->SetReadDeadline({});
  if (!*parsed) return conn;
  return std::make_shared<internal::ProxiedConn>(std::move(conn), (*parsed)->destination, (*parsed)->source);
}

}  // namespace gale::net

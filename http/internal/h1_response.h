// H1Response: the ResponseWriter of HTTP/1.
//
// Life of a response: the handler fills Header; WriteHeader (or the first Write) renders the status line and the
// handler's fields into the output buffer, which freezes them; the body gathers in a small buffer. If the handler
// ends before that is full, the response gets its Content-Length; otherwise the head is completed without one, and the
// body goes on in chunks (HTTP/1.1) or up to the end of the connection (HTTP/1.0). Until the head is completed
// ("committed") nothing has left, and the response can be replaced, by a 500 for example.
// Source: Go's net/http response and chunkWriter.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "gale/http/header.h"
#include "gale/http/internal/h1_body.h"
#include "gale/http/internal/h1_wire.h"
#include "gale/http/response_writer.h"

namespace gale::http::internal {

class ListedConnection;
struct RequestHead;

// H1Response is used by one goroutine.
class H1Response final : public ResponseWriter {
 public:
  H1Response(H1Wire& wire, H1Body& body, const std::function<void(std::string_view)>& log)
      : wire_(wire), body_(body), log_(log) {}

  // Begin starts the response to `head`, on `connection`; both must outlive it. keep_alive: whether the server would go
  // on, unless the connection's list says otherwise by then.
  void Begin(const RequestHead& head, bool keep_alive, ListedConnection& connection);

  http::Header& Header() override { return header_; }
  void WriteHeader(int status) override;
  std::expected<std::size_t, gale::Error> Write(std::string_view data) override;
  gale::Error Flush() override;
  std::expected<Hijacked, gale::Error> Hijack() override;
  gale::Error SetReadDeadline(TimePoint deadline) override;
  gale::Error SetWriteDeadline(TimePoint deadline) override;
  gale::Error EnableFullDuplex() override { return Usable(); }
  std::expected<std::int64_t, gale::Error> SendFile(int file, std::int64_t offset, std::int64_t count) override;

  // Finish completes the response after the handler has returned; what it still writes then is refused. It may send.
  void Finish();
  // Abort ends the response after the handler has thrown: with a 500 if nothing has been committed, else by breaking
  // off, so that the client sees that something is missing. The connection must be closed.
  void Abort();
  // BreakOff ends it without a 500. Returns whether nothing has been committed.
  bool BreakOff();

  // KeepAlive: the connection can take another request after this response.
  bool KeepAlive() const { return keep_alive_; }
  bool Committed() const { return committed_; }
  // IsHijacked: the connection is no concern of the server any more.
  bool IsHijacked() const { return life_ == Life::kHijacked; }

 private:
  enum class Life : std::uint8_t { kEnded, kRunning, kHijacked };
  static constexpr std::size_t kSmallBody = 2048;   // up to this size a body gets its Content-Length
  static constexpr std::size_t kDirect = 8 * 1024;  // from this size on a piece is sent without copying it

  gale::Error Usable() const { return life_ == Life::kRunning ? gale::Error() : Unusable(); }
  gale::Error Unusable() const;
  gale::Error AdmitBody(std::int64_t size);
  void Complete();
  void SendInterim(int status);
  void RenderFields();
  void DeclareLength(std::string_view text);
  void DeclareCodings(std::string_view codings);
  void RenderField(const HeaderField& field) { RenderField(field.name, field.value); }
  void RenderField(std::string_view name, std::string_view value);
  void RenderTrailers();
  void Commit(bool final, std::string_view start);
  void DecideFraming(bool final);
  void DecideConnection();
  void SendBody(std::string_view data);
  void SendChunk(std::string_view data);
  std::string_view Buffered() const { return {buffer_.data(), buffered_}; }
  void Buffer(std::string_view data);
  void FlushBuffered();
  bool BodyAllowed() const;

  H1Wire& wire_;
  H1Body& body_;
  const std::function<void(std::string_view)>& log_;

  http::Header header_;
  const RequestHead* head_ = nullptr;
  ListedConnection* connection_ = nullptr;
  Life life_ = Life::kEnded;
  bool is_head_ = false;  // answers a HEAD request: no body
  bool keep_alive_ = false;
  bool committed_ = false;
  bool chunked_ = false;
  bool has_date_ = false;
  bool has_type_ = false;
  bool has_encoding_ = false;  // so the bytes do not tell the type
  bool wants_close_ = false;   // the handler set Connection: close
  bool identity_ = false;      // the handler set Transfer-Encoding: identity
  bool no_length_ = false;     // the handler wants no Content-Length
  bool has_trailers_ = false;
  std::string trailer_names_;   // the fields "Trailer", as a list
  int status_ = 0;              // 0: not written yet
  std::int64_t declared_ = -1;  // the handler's Content-Length
  std::int64_t written_ = 0;    // bytes of body that the handler wrote
  std::size_t buffered_ = 0;
  std::array<char, kSmallBody> buffer_;
};

}  // namespace gale::http::internal

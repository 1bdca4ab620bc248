#include "gale/http/internal/h1_response.h"

#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/connection_list.h"
#include "gale/http/internal/date.h"
#include "gale/http/internal/error_reply.h"
#include "gale/http/internal/head_parser.h"
#include "gale/http/internal/status_line.h"
#include "gale/http/internal/trailer_names.h"
#include "gale/http/sniff.h"
#include "gale/http/status.h"
#include "gale/runtime/panic.h"

namespace gale::http::internal {

namespace {

constexpr std::int64_t kMostDrained = 256 * 1024;
constexpr std::chrono::seconds kDrainTime{1};

void AppendNumber(OutputBuffer& out, std::uint64_t number, int base) {
  constexpr std::size_t kMostDigits = 20;
  char* begin = out.Room(kMostDigits);
  auto result = std::to_chars(begin, begin + kMostDigits, number, base);
  out.Advance(static_cast<std::size_t>(result.ptr - begin));
}

bool ParseLength(std::string_view text, std::int64_t& length) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  return error == std::errc{} && end == text.data() + text.size() && length >= 0 && text[0] != '-';
}

std::string_view TakeFront(std::string_view& text, std::size_t size) {
  std::string_view front = text.substr(0, size);
  text.remove_prefix(front.size());
  return front;
}

bool IsTrailerField(const HeaderField& field) {
  return field.name.size() > kTrailerPrefix.size() && field.name[kTrailerPrefix.size() - 1] == ':';
}

// A 1xx response has the handler's fields, except those that are about the body to come or not to be sent.
bool BelongsInInterim(const HeaderField& field) {
  const bool is_suppressed =
      field.value.empty() && (EqualFold(field.name, "Date") || EqualFold(field.name, "Content-Type"));
  return !is_suppressed && !IsTrailerField(field) && !EqualFold(field.name, "Content-Length") &&
         !EqualFold(field.name, "Transfer-Encoding");
}

gale::Error WriteError(std::errc code, const char* what) { return gale::Error(std::make_error_code(code), what); }

}  // namespace

void H1Response::Begin(const RequestHead& head, bool keep_alive, ListedConnection& connection) {
  header_.Clear();
  connection_ = &connection;
  life_ = Life::kRunning;
  head_ = &head;
  is_head_ = head.method == "HEAD";
  keep_alive_ = keep_alive;
  committed_ = chunked_ = has_date_ = has_type_ = has_encoding_ = wants_close_ = identity_ = no_length_ =
      has_trailers_ = false;
  status_ = 0;
  declared_ = -1;
  written_ = 0;
  buffered_ = 0;
  trailer_names_.clear();
  wire_.ClearWriteDeadline();
  wire_.Hold();
}

gale::Error H1Response::Unusable() const {
  const bool is_hijacked = life_ == Life::kHijacked;
  const char* what = is_hijacked ? "http: connection has been hijacked" : "http: the handler has returned";
  if (!is_hijacked) log_("http: a response was used after its handler had returned");
  return WriteError(std::errc::operation_not_permitted, what);
}

bool H1Response::BodyAllowed() const {
  return status_ >= 200 && status_ != kStatusNoContent && status_ != kStatusNotModified &&
         status_ != kStatusResetContent;
}

void H1Response::WriteHeader(int status) {
  if (life_ != Life::kRunning) {
    log_("http: WriteHeader(" + std::to_string(status) + "): " + Unusable().Message());
    return;
  }
  if (status < 100 || status > 999) throw Panic("invalid WriteHeader code " + std::to_string(status));
  if (status_ != 0) {
    log_("http: superfluous WriteHeader(" + std::to_string(status) + ") after " + std::to_string(status_));
    return;
  }
  if (status < 200 && status != kStatusSwitchingProtocols) return SendInterim(status);
  status_ = status;
  // What is rendered now cannot be preceded by a 100 Continue any more.
  body_.FinalResponseBegins();
  AppendStatusLine(wire_.Output(), head_->minor_version, status);
  RenderFields();
}

// SendInterim sends a 1xx response at once; the final one is still to come. HTTP/1.0 knows none.
void H1Response::SendInterim(int status) {
  if (head_->minor_version == 0) return;
  wire_.Release();
  AppendStatusLine(wire_.Output(), head_->minor_version, status);
  for (const HeaderField& field : header_) {
    if (BelongsInInterim(field)) RenderField(field);
  }
  wire_.Output().Append("\r\n");
  if (wire_.Flush()) keep_alive_ = false;
  wire_.Hold();
  if (status == kStatusContinue) body_.ContinueSent();
}

// RenderFields renders the handler's fields, except those that say how the message is framed: those are rendered,
// if at all, when that is known.
void H1Response::RenderFields() {
  for (const HeaderField& field : header_) {
    if (IsTrailerField(field)) continue;
    switch (field.name.size()) {
      case 4:
        if (TokenEquals(field.name, "date")) {
          has_date_ = true;
          if (field.value.empty()) continue;
        }
        break;
      case 7:
        if (TokenEquals(field.name, "trailer")) {
          has_trailers_ = true;
          trailer_names_.append(trailer_names_.empty() ? "" : ",").append(field.value);
        }
        break;
      case 10:
        if (TokenEquals(field.name, "connection")) {
          ForEachListItem(field.value, [this](std::string_view option) { wants_close_ |= EqualFold(option, "close"); });
          if (EqualFold(field.value, "close") || EqualFold(field.value, "keep-alive")) continue;
        }
        break;
      case 12:
        if (TokenEquals(field.name, "content-type")) {
          has_type_ = true;
          if (field.value.empty() || status_ == kStatusNotModified) continue;
        }
        break;
      case 14:
        if (TokenEquals(field.name, "content-length")) {
          DeclareLength(field.value);
          continue;
        }
        break;
      case 16:
        if (TokenEquals(field.name, "content-encoding")) has_encoding_ |= !field.value.empty();
        break;
      case 17:
        if (TokenEquals(field.name, "transfer-encoding")) {
          DeclareCodings(field.value);
          continue;
        }
        break;
      default: break;
    }
    RenderField(field);
  }
  if (no_length_ && declared_ >= 0) {
    declared_ = -1;
    log_("http: WriteHeader called with both Transfer-Encoding and a Content-Length");
  }
}

void H1Response::DeclareLength(std::string_view text) {
  no_length_ |= text.empty();
  if (text.empty() || ParseLength(text, declared_)) return;
  declared_ = -1;
  log_("http: invalid Content-Length of \"" + std::string(text) + "\"");
}

// DeclareCodings: the handler has coded the body so. "chunked", which is always the last, is the server's.
void H1Response::DeclareCodings(std::string_view codings) {
  identity_ = EqualFold(codings, "identity");
  no_length_ = !identity_;
  has_encoding_ = true;
  if (identity_ || is_head_ || head_->minor_version == 0 || !BodyAllowed()) return;
  ForEachListItem(codings, [this](std::string_view coding) {
    if (!EqualFold(coding, "chunked")) RenderField("Transfer-Encoding", coding);
  });
}

void H1Response::RenderField(std::string_view name, std::string_view value) {
  OutputBuffer& out = wire_.Output();
  std::size_t size = name.size() + value.size() + 4;
  char* at = out.Room(size);
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  *at++ = ':';
  *at++ = ' ';
  // An empty view may have no address, which memcpy must not be given.
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
  at += value.size();
  *at++ = '\r';
  *at++ = '\n';
  out.Advance(size);
}

// AdmitBody: whether the handler may write so much more.
gale::Error H1Response::AdmitBody(std::int64_t size) {
  if (life_ != Life::kRunning) return Unusable();
  if (status_ == 0) WriteHeader(kStatusOK);
  if (size == 0) return {};
  if (!BodyAllowed()) {
    return WriteError(std::errc::operation_not_permitted,
                      "http: request method or response status code does not allow body");
  }
  if (declared_ >= 0 && size > declared_ - written_) {
    return WriteError(std::errc::message_size, "http: wrote more than the declared Content-Length");
  }
  return {};
}

std::expected<std::size_t, gale::Error> H1Response::Write(std::string_view data) {
  auto size = static_cast<std::int64_t>(data.size());
  if (gale::Error error = AdmitBody(size)) return std::unexpected(std::move(error));
  if (data.empty()) return 0;
  written_ += size;
  if (!is_head_ || !committed_) {
    if (buffered_ + data.size() > buffer_.size()) {
      if (!committed_) {
        if (buffered_ > 0) Buffer(TakeFront(data, buffer_.size() - buffered_));
        Commit(/*final=*/false, buffered_ > 0 ? Buffered() : data);
      }
      FlushBuffered();
    }
    if (data.size() <= buffer_.size()) {
      Buffer(data);
    } else {
      SendBody(data);
    }
  }
  if (wire_.Broken()) return std::unexpected(wire_.WhyBroken());
  return static_cast<std::size_t>(size);
}

std::expected<std::int64_t, gale::Error> H1Response::SendFile(int file, std::int64_t offset, std::int64_t count) {
  if (count < 0) return std::unexpected(WriteError(std::errc::invalid_argument, "http: SendFile"));
  if (gale::Error error = AdmitBody(count)) return std::unexpected(std::move(error));
  // Copying small files is cheaper, and only it can sniff, chunk, or count for a HEAD.
  const bool is_plain = has_type_ && declared_ >= 0 && !is_head_;
  if (!is_plain || count < static_cast<std::int64_t>(kDirect)) return ResponseWriter::SendFile(file, offset, count);
  if (!committed_) Commit(/*final=*/false, Buffered());
  FlushBuffered();
  auto sent = wire_.SendFile(file, offset, count);
  written_ += sent.value_or(0);
  if (!sent) keep_alive_ = false;
  return sent;
}

gale::Error H1Response::Flush() {
  if (gale::Error error = AdmitBody(0)) return error;
  if (!committed_) Commit(/*final=*/false, Buffered());
  FlushBuffered();
  if (!wire_.Broken()) (void)wire_.Flush();
  if (!wire_.Broken()) return {};
  keep_alive_ = false;
  return wire_.WhyBroken();
}

gale::Error H1Response::SetReadDeadline(TimePoint deadline) {
  if (gale::Error error = Usable()) return error;
  body_.SetDeadline(deadline);
  return {};
}

gale::Error H1Response::SetWriteDeadline(TimePoint deadline) {
  if (gale::Error error = Usable()) return error;
  wire_.SetWriteDeadline(deadline);
  return {};
}

std::expected<Hijacked, gale::Error> H1Response::Hijack() {
  if (gale::Error error = Usable()) return std::unexpected(std::move(error));
  if (status_ != 0 && !committed_) Commit(/*final=*/false, Buffered());
  FlushBuffered();
  wire_.Release();
  if (gale::Error error = wire_.Flush()) return std::unexpected(std::move(error));
  life_ = Life::kHijacked;
  keep_alive_ = false;
  Hijacked result{wire_.SharedConn(), body_.Abandon(Unusable())};
  result.conn->SetDeadline({});
  connection_->BecomesHijacked();
  return result;
}

void H1Response::Finish() {
  if (life_ == Life::kRunning) Complete();
  if (life_ == Life::kRunning) life_ = Life::kEnded;
}

void H1Response::Complete() {
  if (status_ == 0) WriteHeader(kStatusOK);
  if (!committed_) Commit(/*final=*/true, Buffered());
  FlushBuffered();
  if (chunked_ && !is_head_) {
    wire_.Output().Append("0\r\n");
    RenderTrailers();
    wire_.Output().Append("\r\n");
  }
  if (declared_ >= 0 && written_ < declared_ && !is_head_ && BodyAllowed()) keep_alive_ = false;
  // After a 101 the client speaks something else.
  if (wire_.Broken() || status_ == kStatusSwitchingProtocols) keep_alive_ = false;
  if (keep_alive_ && !body_.Finished()) keep_alive_ = body_.Drain(kMostDrained, kDrainTime);
  // Responses without a body gather, too.
  if (wire_.Output().size() >= OutputBuffer::kKeep && wire_.Flush()) keep_alive_ = false;
}

// RenderTrailers renders the announced fields, and those with the prefix. What may not come behind a body is left out.
void H1Response::RenderTrailers() {
  ForEachListItem(trailer_names_, [this](std::string_view name) {
    if (!IsTrailerName(name)) return;
    for (const HeaderField& field : header_) {
      if (EqualFold(field.name, name)) RenderField(field);
    }
  });
  for (const HeaderField& field : header_) {
    if (!IsTrailerField(field)) continue;
    const std::string_view name = field.name.substr(kTrailerPrefix.size());
    if (IsTrailerName(name)) RenderField(name, field.value);
  }
}

bool H1Response::BreakOff() {
  keep_alive_ = false;
  if (life_ == Life::kHijacked) return false;
  life_ = Life::kEnded;
  if (!committed_) wire_.DropHeld();
  wire_.Release();
  return !std::exchange(committed_, true);
}

void H1Response::Abort() {
  if (!BreakOff()) return;
  AppendErrorReply(wire_.Output(), {kStatusInternalServerError}, is_head_ ? ErrorBody::kOmit : ErrorBody::kSend);
}

// Commit completes the head. final: the handler has returned, so the whole body is in the buffer. start is the start of
// the body, however far it is known.
void H1Response::Commit(bool final, std::string_view start) {
  OutputBuffer& out = wire_.Output();
  committed_ = true;
  for (const HeaderField& field : header_) has_trailers_ |= IsTrailerField(field);
  if (!body_.Finished()) {
    // A client that was not told to go on may never send its body, and then its next bytes are another request.
    keep_alive_ = keep_alive_ && !body_.Withheld();
    // What is left of the request must be out of the way before the next one.
    if (final) keep_alive_ = keep_alive_ && body_.Drain(kMostDrained, kDrainTime);
  }
  wire_.Release();
  if (!has_date_) {
    out.Append("Date: ");
    out.Append(CachedDate::Now().View());
    out.Append("\r\n");
  }
  if (!has_type_ && !has_encoding_ && !start.empty() && BodyAllowed()) {
    out.Append("Content-Type: ");
    out.Append(DetectContentType(start));
    out.Append("\r\n");
  }
  DecideFraming(final);
  DecideConnection();
  out.Append("\r\n");
}

void H1Response::DecideFraming(bool final) {
  OutputBuffer& out = wire_.Output();
  // The only one of those without a body that must say so, RFC 9110 section 15.3.6.
  if (status_ == kStatusResetContent) out.Append("Content-Length: 0\r\n");
  if (!BodyAllowed()) return;
  std::int64_t length = declared_;
  if (length < 0 && final && !identity_ && !no_length_ && !has_trailers_ && (!is_head_ || written_ > 0)) {
    length = static_cast<std::int64_t>(buffered_);
  }
  if (length >= 0) {
    declared_ = length;
    out.Append("Content-Length: ");
    AppendNumber(out, static_cast<std::uint64_t>(length), 10);
    out.Append("\r\n");
  } else if (is_head_) {
    // The length that a GET would have is not known, and nothing follows.
  } else if (head_->minor_version >= 1 && !identity_) {
    chunked_ = true;
    out.Append("Transfer-Encoding: chunked\r\n");
  } else {
    keep_alive_ = false;  // the end of the connection is the end of the body
  }
}

void H1Response::DecideConnection() {
  OutputBuffer& out = wire_.Output();
  keep_alive_ = keep_alive_ && !wants_close_ && !body_.Failed() && connection_->List().KeepsAlive();
  if (status_ == kStatusSwitchingProtocols) return;
  if (!keep_alive_) {
    out.Append("Connection: close\r\n");
  } else if (head_->minor_version == 0) {
    out.Append("Connection: keep-alive\r\n");
  }
}

void H1Response::Buffer(std::string_view data) {
  std::memcpy(buffer_.data() + buffered_, data.data(), data.size());
  buffered_ += data.size();
}

void H1Response::FlushBuffered() {
  if (buffered_ == 0) return;
  std::string_view data = Buffered();
  buffered_ = 0;
  SendBody(data);
}

void H1Response::SendBody(std::string_view data) {
  if (is_head_) return;
  if (chunked_) return SendChunk(data);
  OutputBuffer& out = wire_.Output();
  if (data.size() < kDirect) {
    out.Append(data);
    if (out.size() >= OutputBuffer::kKeep && wire_.Flush()) keep_alive_ = false;
  } else if (wire_.FlushWith({&data, 1})) {
    keep_alive_ = false;
  }
}

void H1Response::SendChunk(std::string_view data) {
  OutputBuffer& out = wire_.Output();
  AppendNumber(out, data.size(), 16);
  out.Append("\r\n");
  if (data.size() < kDirect) {
    out.Append(data);
    out.Append("\r\n");
    if (out.size() >= OutputBuffer::kKeep && wire_.Flush()) keep_alive_ = false;
  } else if (std::string_view pieces[] = {data, "\r\n"}; wire_.FlushWith(pieces)) {
    keep_alive_ = false;
  }
}

}  // namespace gale::http::internal

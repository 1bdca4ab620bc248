#include "gale/http/internal/head_parser.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/header_access.h"
#include "gale/http/internal/llhttp_check.h"
#include "gale/http/internal/scan.h"
#include "gale/http/internal/target.h"
#include "gale/http/status.h"

namespace gale::http::internal {
namespace {

constexpr std::array<std::string_view, 9> kKnownMethods = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                           "CONNECT", "OPTIONS", "TRACE", "PATCH"};
// One bit for each length of a name in OnMeaningfulField.
constexpr std::uint32_t kMeaningfulLengths = 1u << 4 | 1u << 6 | 1u << 7 | 1u << 10 | 1u << 14 | 1u << 17;
constexpr std::string_view kVersionLine = "HTTP/1.1\r\n";

std::string_view View(const char* first, const char* last) { return {first, static_cast<std::size_t>(last - first)}; }

// A Content-Length, or -1 if it is none: RFC 9110 section 8.6 has digits and nothing else.
std::int64_t ParseContentLength(std::string_view text) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::int64_t value = 0;
  for (char c : text) {
    if (!kDigits.Has(c)) return -1;
    const int digit = c - '0';
    if (value > (kMax - digit) / 10) return -1;
    value = value * 10 + digit;
  }
  return text.empty() ? -1 : value;
}

// Whether a HTAB follows the value in its line.
bool EndsWithTab(std::string_view value, const char* line_end) {
  return View(value.data() + value.size(), line_end).find('\t') != std::string_view::npos;
}

}  // namespace

void HeadParser::Reset() {
  begin_ = nullptr;
  stage_ = Stage::kStart;
  plain_target_ = true;
  content_length_ = {};
  transfer_encoding_ = {};
  seen_ = {};
  head_ = {};
}

ParseState HeadParser::Parse(std::string_view received) {
  if (begin_ != received.data()) {
    if (begin_ != nullptr) {
      Reset();
      fields_.Clear();
    }
    begin_ = received.data();
  }
  if (stage_ != Stage::kFields) {
    const ParseState state = ParseRequestLine(received);
    if (state != ParseState::kComplete) return state;
    stage_ = Stage::kFields;
    field_parser_ = FieldParser({options_.max_head, options_.max_fields}, scanned_);
  }
  const auto on_field = [this](std::string_view name, std::string_view value, const char* line_end) {
    // Most fields mean nothing here, which their length alone tells.
    if (name.size() < 32 && (kMeaningfulLengths >> name.size() & 1) != 0) {
      return OnMeaningfulField(name, value, line_end);
    }
    HeaderAccess::AddView(fields_, name, value);
    return ParseError{};
  };
  const ParseState state = field_parser_.Parse(received, on_field);
  if (state == ParseState::kIncomplete) return state;
  if (state == ParseState::kError) return Fail(field_parser_.Error());

  fields_end_ = field_parser_.End();
  head_.field_count = field_parser_.Count();
  if (const ParseError error = Finish()) return Fail(error);
  if (AsksLlhttp() && !LlhttpAgrees(received.substr(line_start_, fields_end_ - line_start_), head_, seen_.respell)) {
    return Fail(kStatusBadRequest);
  }
  return ParseState::kComplete;
}

// The request line: method SP request-target SP HTTP-version CRLF, RFC 9112 section 3. After kComplete, scanned_ is
// where the fields start.
ParseState HeadParser::ParseRequestLine(std::string_view received) {
  const char* const begin = received.data();
  if (stage_ == Stage::kStart) {
    // One empty line is forgiven, RFC 9112 section 2.2. A second one makes an invalid method.
    if (received.empty()) return ParseState::kIncomplete;
    line_start_ = 0;
    if (received.front() == '\r') {
      if (received.size() < 2) return ParseState::kIncomplete;
      if (received[1] != '\n') return Fail(kStatusBadRequest);
      line_start_ = 2;
    }
    part_start_ = scanned_ = line_start_;
    stage_ = Stage::kMethod;
  }
  // Behind the CRLF of the longest line, or of the longest head.
  const std::size_t around = line_start_ + 2;
  const std::size_t max_end =
      around + std::min(options_.max_request_line, options_.max_head - std::min(options_.max_head, around));
  const char* const end = begin + std::min(received.size(), max_end);
  ParseState state = ParseState::kComplete;
  if (stage_ == Stage::kMethod) state = ParseMethod(begin, end);
  if (stage_ == Stage::kTarget && state == ParseState::kComplete) state = ParseTarget(begin, end);
  if (stage_ == Stage::kVersion && state == ParseState::kComplete) state = ParseVersion(begin, end);
  if (state == ParseState::kIncomplete && received.size() >= max_end) return Fail(kStatusRequestURITooLong);
  return state;
}

ParseState HeadParser::Suspend(const char* begin, const char* scanned) {
  scanned_ = static_cast<std::size_t>(scanned - begin);
  return ParseState::kIncomplete;
}

ParseState HeadParser::ParseMethod(const char* begin, const char* end) {
  const char* const start = begin + part_start_;
  const bool is_get = View(start, end).starts_with("GET ");  // most are
  const char* const p = is_get ? start + 3 : Scanner({begin, end}).Find<NameEnd>(begin + scanned_);
  if (p == end) return Suspend(begin, p);
  if (*p != ' ' || p == start) return Fail(kStatusBadRequest);
  head_.method = View(start, p);
  if (!is_get) {
    if (const ParseError error = CheckMethod()) return Fail(error);
  }
  stage_ = Stage::kTarget;
  part_start_ = scanned_ = static_cast<std::size_t>(p + 1 - begin);
  return ParseState::kComplete;
}

ParseError HeadParser::CheckMethod() const {
  // PRI was registered so that no HTTP/1 request has it, RFC 9113 section 3.4.
  if (head_.method == "PRI") return {kStatusBadRequest};
  if (options_.known_methods_only &&
      std::find(kKnownMethods.begin(), kKnownMethods.end(), head_.method) == kKnownMethods.end()) {
    return {kStatusNotImplemented};
  }
  return {};
}

ParseState HeadParser::ParseTarget(const char* begin, const char* end) {
  const Scanner scanner({begin, end});
  const char* p = begin + scanned_;
  while (true) {
    p = scanner.Find<TargetSpecial>(p);
    if (p == end) return Suspend(begin, p);
    if (*p == ' ') break;
    if (*p != '%' && *p != '\\') return Fail(kStatusBadRequest);
    plain_target_ = false;
    ++p;
  }
  head_.target = View(begin + part_start_, p);
  if (const ParseError error = CheckTarget(plain_target_)) return Fail(error);
  stage_ = Stage::kVersion;
  part_start_ = scanned_ = static_cast<std::size_t>(p + 1 - begin);
  return ParseState::kComplete;
}

ParseError HeadParser::CheckTarget(bool plain) {
  if (plain && head_.target.starts_with('/') && head_.method != "CONNECT") return {};
  const std::optional<Target> target = SplitTarget(head_.method, head_.target);
  if (!target) return {kStatusBadRequest};
  head_.host = target->authority;
  return {};
}

ParseState HeadParser::ParseVersion(const char* begin, const char* end) {
  const char* const version = begin + part_start_;
  const std::string_view line = View(version, end).substr(0, kVersionLine.size());
  const auto done = [&] {
    scanned_ = part_start_ + kVersionLine.size();
    return ParseState::kComplete;
  };
  if (line == kVersionLine) return done();
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool is_digit = i == 5 || i == 7;
    if (is_digit ? !kDigits.Has(line[i]) : line[i] != kVersionLine[i]) return Fail(kStatusBadRequest);
  }
  if (line.size() < kVersionLine.size()) return ParseState::kIncomplete;
  if (line[5] != '1') return Fail(kStatusHTTPVersionNotSupported, "unsupported protocol version");
  head_.minor_version = line[7] - '0';
  return done();
}

// Called for the names of a length that one of these has.
ParseError HeadParser::OnMeaningfulField(std::string_view name, std::string_view value, const char* line_end) {
  switch (name.size()) {
    case 4:
      if (TokenEquals(name, "host")) return OnHost(value);
      break;
    case 6:
      if (TokenEquals(name, "expect")) {
        if (const ParseError error = OnExpect(value)) return error;
      }
      break;
    case 7:
      if (TokenEquals(name, "upgrade")) head_.upgrade = value;
      if (TokenEquals(name, "trailer")) OnTrailer(value);
      break;
    case 10:
      if (TokenEquals(name, "connection")) OnConnection(value);
      break;
    case 14:
      if (TokenEquals(name, "content-length")) return OnContentLength(name, value, line_end);
      break;
    case 17:
      if (TokenEquals(name, "transfer-encoding")) OnTransferEncoding(value, line_end);
      break;
    default: break;
  }
  HeaderAccess::AddView(fields_, name, value);
  return {};
}

ParseError HeadParser::OnHost(std::string_view value) {
  if (seen_.host) return {kStatusBadRequest};
  if (!value.empty() && !IsGoodHost(value)) return {kStatusBadRequest, "malformed Host header"};
  seen_.host = true;
  // The authority of the target comes first, RFC 9112 section 3.2.2.
  if (head_.host.empty()) head_.host = value;
  return {};
}

bool HeadParser::IsGoodHost(std::string_view value) {
  if (value == std::string_view(good_host_.data(), good_host_length_)) return true;
  if (!IsHost(value)) return false;
  if (value.size() <= good_host_.size()) {
    good_host_length_ = value.size();
    std::memcpy(good_host_.data(), value.data(), value.size());
  }
  return true;
}

// Several equal lengths are one, as in Go; RFC 9110 section 8.6 leaves the choice.
ParseError HeadParser::OnContentLength(std::string_view name, std::string_view value, const char* line_end) {
  if (head_.content_length >= 0) {
    seen_.respell = true;
    return value == content_length_ ? ParseError{} : ParseError{kStatusBadRequest};
  }
  head_.content_length = ParseContentLength(value);
  if (head_.content_length < 0) return {kStatusBadRequest};
  content_length_ = value;
  seen_.respell |= EndsWithTab(value, line_end);
  HeaderAccess::AddView(fields_, name, value);
  return {};
}

void HeadParser::OnTransferEncoding(std::string_view value, const char* line_end) {
  ++seen_.transfer_encodings;
  transfer_encoding_ = value;
  seen_.respell |= EndsWithTab(value, line_end);
}

ParseError HeadParser::OnExpect(std::string_view value) {
  if (value.empty()) return {};
  if (!EqualFold(value, "100-continue")) return {kStatusExpectationFailed};
  seen_.expect = true;
  return {};
}

void HeadParser::OnConnection(std::string_view value) {
  if (value == "keep-alive") {
    seen_.connection_keep_alive = true;
    return;
  }
  ForEachListItem(value, [this](std::string_view option) {
    seen_.connection_close |= EqualFold(option, "close");
    seen_.connection_keep_alive |= EqualFold(option, "keep-alive");
    seen_.connection_upgrade |= EqualFold(option, "upgrade");
  });
}

void HeadParser::OnTrailer(std::string_view value) {
  ForEachListItem(value, [this](std::string_view name) {
    seen_.forbidden_trailer |=
        EqualFold(name, "Transfer-Encoding") || EqualFold(name, "Content-Length") || EqualFold(name, "Trailer");
  });
}

ParseError HeadParser::Finish() {
  if (const ParseError error = FinishFraming()) return error;
  if (!seen_.host && head_.minor_version > 0) return {kStatusBadRequest, "missing required Host header"};
  FinishConnection();
  return {};
}

bool HeadParser::AsksLlhttp() const {
  if (options_.second_opinion != SecondOpinion::kWhereItMatters) {
    return options_.second_opinion == SecondOpinion::kAlways;
  }
  return head_.content_length >= 0 || head_.chunked || !head_.upgrade.empty() || head_.method == "CONNECT";
}

// Where the body ends, RFC 9112 section 6.3. Where that section lets a server choose how to read a doubtful message,
// it is refused: a proxy in front may have chosen otherwise.
ParseError HeadParser::FinishFraming() {
  if (seen_.transfer_encodings == 0) return {};
  if (head_.minor_version == 0 || head_.content_length >= 0) return {kStatusBadRequest};
  if (seen_.transfer_encodings > 1 || !EqualFold(transfer_encoding_, "chunked")) {
    return {kStatusNotImplemented, "Unsupported transfer encoding"};
  }
  if (seen_.forbidden_trailer) return {kStatusBadRequest};
  head_.chunked = true;
  return {};
}

void HeadParser::FinishConnection() {
  const bool is_old = head_.minor_version == 0;
  head_.keep_alive = !seen_.connection_close && (!is_old || seen_.connection_keep_alive);
  head_.expect_continue = seen_.expect && !is_old && (head_.chunked || head_.content_length > 0);
  if (is_old || !seen_.connection_upgrade) head_.upgrade = {};
}

}  // namespace gale::http::internal

#include "gale/runtime/internal/trace_json.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace gale::internal {

namespace {

void AppendNumber(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

// SequenceLength is the length of the well-formed UTF-8 sequence that text begins with, or 0.
std::size_t SequenceLength(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  bool surrogate = first == 0xED && byte(1) > 0x9F;
  bool too_large = first == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

void AppendControl(std::string& out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u00";
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

}  // namespace

std::string JsonEscaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::size_t length = SequenceLength(text);
    char c = text[0];
    if (length == 0) {
      out += "\\ufffd";
      length = 1;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      AppendControl(out, static_cast<unsigned char>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

TraceJson::TraceJson(int fd, std::uint64_t max_bytes, std::int64_t start_nanos)
    : fd_(fd), max_bytes_(std::max(max_bytes, 2 * kReserve)), start_nanos_(start_nanos), pid_(getpid()) {
  gathered_ = "[\n{\"ph\":\"M\",\"pid\":";
  AppendNumber(gathered_, static_cast<std::uint64_t>(pid_));
  gathered_ += ",\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"gale\"}}";
  bytes_ = gathered_.size();
}

TraceJson::~TraceJson() { close(fd_); }

void TraceJson::Member(std::string_view name) {
  if (!first_member_) event_ += ',';
  first_member_ = false;
  event_ += '"';
  event_ += name;
  event_ += "\":";
}

TraceJson& TraceJson::Begin(char phase, std::string_view category, std::string_view name, std::int64_t nanos,
                            int track) {
  event_ = ",\n{";
  first_member_ = true;
  in_args_ = false;
  Add("ph", std::string_view(&phase, 1));
  AddNumber("pid", static_cast<std::uint64_t>(pid_));
  AddNumber("tid", static_cast<std::uint64_t>(track));
  AddTime("ts", nanos - start_nanos_);
  if (!category.empty()) Add("cat", category);
  return Add("name", name);
}

TraceJson& TraceJson::Add(std::string_view member, std::string_view text) {
  Member(member);
  event_ += '"';
  event_ += JsonEscaped(text);
  event_ += '"';
  return *this;
}

TraceJson& TraceJson::AddNumber(std::string_view member, std::uint64_t number) {
  Member(member);
  AppendNumber(event_, number);
  return *this;
}

void TraceJson::AddTime(std::string_view member, std::int64_t nanos) {
  auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(nanos, 0));
  AddNumber(member, time / 1000);
  event_ += '.';
  std::string fraction;
  AppendNumber(fraction, 1000 + time % 1000);
  event_ += std::string_view(fraction).substr(1);
}

TraceJson& TraceJson::AddDuration(std::int64_t nanos) {
  AddTime("dur", nanos);
  return *this;
}

TraceJson& TraceJson::AddArgs() {
  Member("args");
  event_ += '{';
  in_args_ = true;
  first_member_ = true;
  return *this;
}

void TraceJson::End() {
  event_ += in_args_ ? "}}" : "}";
  if (full_ || bytes_ + event_.size() + kReserve > max_bytes_) {
    full_ = true;
    return;
  }
  bytes_ += event_.size();
  gathered_ += event_;
  if (gathered_.size() > 64 * 1024) Flush();
}

void TraceJson::Flush() {
  std::string_view rest = gathered_;
  while (!rest.empty() && errno_ == 0) {
    ssize_t count = write(fd_, rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      errno_ = errno;
    }
  }
  gathered_.clear();
}

void TraceJson::Close(std::uint64_t dropped, std::int64_t nanos) {
  if (full_ || dropped != 0) {
    Begin('i', "gale", full_ ? "the trace has reached its greatest size" : "events were dropped", nanos, 0);
    Add("s", "g").AddArgs().AddNumber("dropped", dropped);
    gathered_ += event_ + "}}";
  }
  gathered_ += "\n]\n";
  Flush();
}

}  // namespace gale::internal

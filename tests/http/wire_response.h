// WireResponse: a response, taken apart by the rules of RFC 9112 section 6.3.
#pragma once

#include <strings.h>

#include <charconv>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gale::http::testing {

struct WireResponse {
  // What was wrong: "EOF", "reset" or "timeout" where it stopped early, or how it is malformed. Empty if all is well.
  std::string problem;
  int status = 0;
  std::string status_line;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::vector<std::size_t> chunks;  // their sizes, without the last
  bool until_close = false;         // the body ends with the connection
  std::string raw_head;

  // Get is the values of a field, joined by ", ", or "(none)".
  std::string Get(std::string_view name) const {
    std::string values;
    bool found = false;
    for (const auto& [field, value] : fields) {
      if (field.size() != name.size() || ::strncasecmp(field.data(), name.data(), name.size()) != 0) continue;
      values += (found ? ", " : "") + value;
      found = true;
    }
    return found ? values : "(none)";
  }
  bool Has(std::string_view name) const { return Get(name) != "(none)"; }
};

inline void PrintTo(const WireResponse& response, std::ostream* out) {
  *out << response.raw_head << response.body.substr(0, 200) << " (" << response.body.size() << " bytes) "
       << response.problem;
}

// ResponseParser is for one response.
class ResponseParser {
 public:
  explicit ResponseParser(std::string_view method) : is_head_(method == "HEAD") {}

  // Parse is given all bytes from the response's first on, and returns true when the response is complete or broken.
  bool Parse(std::string_view bytes) {
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return false;
    response_ = {};
    response_.raw_head = bytes.substr(0, head_end + 4);
    at_ = head_end + 4;
    ParseHead(bytes.substr(0, head_end));
    return !response_.problem.empty() || ParseBody(bytes);
  }

  // Ended tells that nothing follows these bytes.
  void Ended(std::string_view bytes, const std::string& how) {
    if (response_.until_close && how == "EOF") {
      response_.body = bytes.substr(at_);
      at_ = bytes.size();
    } else if (response_.problem.empty()) {
      response_.problem = how;
    }
  }

  WireResponse Take() { return std::move(response_); }
  std::size_t Consumed() const { return at_; }

 private:
  void ParseHead(std::string_view head) {
    response_.status_line = head.substr(0, head.find("\r\n"));
    const std::string& line = response_.status_line;
    if (line.size() < 13 || !line.starts_with("HTTP/1.") || line[8] != ' ' || line[12] != ' ') {
      return Malformed("status line");
    }
    std::from_chars(line.data() + 9, line.data() + 12, response_.status);
    head.remove_prefix(line.size());
    while (!head.empty()) {
      head.remove_prefix(2);
      const std::string_view field = head.substr(0, head.find("\r\n"));
      const std::size_t colon = field.find(": ");
      if (colon == std::string_view::npos || colon == 0) return Malformed("field");
      if (field.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return Malformed("field");
      response_.fields.emplace_back(field.substr(0, colon), field.substr(colon + 2));
      head.remove_prefix(field.size());
    }
  }

  bool ParseBody(std::string_view bytes) {
    const int status = response_.status;
    const bool has_length = response_.Has("Content-Length");
    const bool has_coding = response_.Has("Transfer-Encoding");
    if (has_length && has_coding) Malformed("Content-Length and Transfer-Encoding");
    if (status < 200 || status == 204) {
      if (has_length || has_coding) Malformed("framing where no body may be");
      return true;
    }
    if (is_head_ || status == 304) return true;
    if (has_coding) return ParseChunks(bytes);
    if (has_length) return ParseSized(bytes);
    response_.until_close = true;
    return false;
  }

  bool ParseSized(std::string_view bytes) {
    const std::string length = response_.Get("Content-Length");
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), size);
    if (error != std::errc() || end != length.data() + length.size()) return Malformed("Content-Length"), true;
    if (bytes.size() - at_ < size) return false;
    response_.body = bytes.substr(at_, size);
    at_ += size;
    return true;
  }

  bool ParseChunks(std::string_view bytes) {
    if (response_.Get("Transfer-Encoding") != "chunked") return Malformed("Transfer-Encoding"), true;
    std::size_t at = at_;
    while (true) {
      const std::size_t line_end = bytes.find("\r\n", at);
      if (line_end == std::string_view::npos) return false;
      std::size_t size = 0;
      const auto [end, error] = std::from_chars(bytes.data() + at, bytes.data() + line_end, size, 16);
      if (error != std::errc() || end != bytes.data() + line_end) return Malformed("chunk size"), true;
      at = line_end + 2;
      if (bytes.size() < at + size + 2) return false;
      response_.body += bytes.substr(at, size);
      if (bytes.substr(at + size, 2) != "\r\n") return Malformed("chunk end"), true;
      at += size + 2;
      if (size == 0) break;
      response_.chunks.push_back(size);
    }
    at_ = at;
    return true;
  }

  void Malformed(const char* what) { response_.problem = std::string("malformed ") + what; }

  bool is_head_;
  std::size_t at_ = 0;
  WireResponse response_;
};

}  // namespace gale::http::testing

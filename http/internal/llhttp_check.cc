#include "gale/http/internal/llhttp_check.h"

#include <llhttp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "gale/http/internal/ascii.h"

#if LLHTTP_VERSION_MAJOR == 8 && !LLHTTP_STRICT_MODE
#error "llhttp 8 must be compiled with -DLLHTTP_STRICT_MODE=1"
#endif

namespace gale::http::internal {
namespace {

// Stops llhttp behind the head: what follows is none of its business.
int PauseBehindHead(llhttp_t*) { return HPE_PAUSED; }

constexpr llhttp_settings_t kSettings = [] {
  llhttp_settings_t settings{};
  settings.on_headers_complete = PauseBehindHead;
  return settings;
}();

// Run is one head's way through llhttp, in one or several pieces.
class Run {
 public:
  Run() { llhttp_init(&parser_, HTTP_REQUEST, &kSettings); }

  void Feed(std::string_view piece) {
    if (result_ != HPE_OK) {
      // The head ended, or failed, before its last piece.
      result_ = HPE_INTERNAL;
      return;
    }
    result_ = llhttp_execute(&parser_, piece.data(), piece.size());
    piece_end_ = piece.data() + piece.size();
  }

  bool Agrees(std::string_view method, const RequestHead& facts) const {
    const bool has_length = (parser_.flags & F_CONTENT_LENGTH) != 0;
    return EndedWithLastByte() && method == llhttp_method_name(static_cast<llhttp_method_t>(parser_.method)) &&
           has_length == (facts.content_length >= 0) &&
           (!has_length || parser_.content_length == static_cast<std::uint64_t>(facts.content_length)) &&
           ((parser_.flags & F_CHUNKED) != 0) == facts.chunked &&
           ((parser_.flags & F_TRANSFER_ENCODING) != 0) == facts.chunked;
  }

 private:
  // The position of a pause is that of the byte which caused it or of the next, depending on the version. No head
  // can end one byte before its end, so both mean the same.
  bool EndedWithLastByte() const {
    const char* const position = llhttp_get_error_pos(&parser_);
    return result_ == HPE_PAUSED && (position == piece_end_ || position + 1 == piece_end_);
  }

  llhttp_t parser_;
  llhttp_errno_t result_ = HPE_OK;
  const char* piece_end_ = nullptr;
};

// The methods that llhttp takes in an HTTP message. SOURCE is in its list, but belongs to ICE.
bool IsMethodOfLlhttp(std::string_view method) {
#define GALE_METHOD_NAME(number, name, text) std::string_view(#text),
  constexpr std::array kMethods = {HTTP_METHOD_MAP(GALE_METHOD_NAME)};
#undef GALE_METHOD_NAME
  return method != "SOURCE" && std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

// Feeds one field line, with a framing field in its plainest form.
void FeedField(Run& run, std::string_view line, bool& length_was_fed) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  const bool is_length = EqualFold(name, "Content-Length");
  if (is_length && std::exchange(length_was_fed, true)) return;
  if (!is_length && !EqualFold(name, "Transfer-Encoding")) return run.Feed(line);
  run.Feed(line.substr(0, colon + 1));
  run.Feed(TrimOws(line.substr(colon + 1, line.size() - colon - 3)));
  run.Feed("\r\n");
}

bool AgreesRespelled(std::string_view head, const RequestHead& facts) {
  const std::string_view method = IsMethodOfLlhttp(facts.method) ? facts.method : "GET";
  Run run;
  run.Feed(method);
  run.Feed(" ");
  run.Feed(facts.target);
  run.Feed(facts.minor_version == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  head.remove_prefix(head.find('\n') + 1);
  bool length_was_fed = false;
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find('\n') + 1);
    head.remove_prefix(line.size());
    if (line.size() == 2) {
      run.Feed(line);
    } else {
      FeedField(run, line, length_was_fed);
    }
  }
  return run.Agrees(method, facts);
}

}  // namespace

bool LlhttpAgrees(std::string_view head, const RequestHead& facts, bool respell) {
  respell = respell || facts.minor_version > 1;
  if (!respell) {
    Run run;
    run.Feed(head);
    if (run.Agrees(facts.method, facts)) return true;
    if (IsMethodOfLlhttp(facts.method)) return false;
  }
  return AgreesRespelled(head, facts);
}

}  // namespace gale::http::internal

// HeadParser: reads the head of an HTTP/1 request, all of it, before anything else sees a byte of it.
//
//   HeadParser parser(request.Header());
//   for (;;) {
//     switch (parser.Parse(buffer.Received())) {
//       case ParseState::kIncomplete: buffer.ReadMore(); continue;
//       case ParseState::kError: return Answer(parser.Error());      // and close the connection
//       case ParseState::kComplete: break;
//     }
//     Serve(parser.Head());              // the body starts at parser.HeadLength()
//   }
//
// It is a strict check of its own, stricter than Go and llhttp: whatever two parsers in a row might understand
// differently is refused, because the next request of a connection starts where this one ends (RFC 9112 section
// 11.2). A head that passes and says where its request ends, by a length, a coding, an upgrade or CONNECT, is given to
// llhttp, too; only what both read alike is a request.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gale/http/header.h"
#include "gale/http/internal/field_parser.h"
#include "gale/http/internal/parse_result.h"

namespace gale::http::internal {

// SecondOpinion is when llhttp is asked, too. It reads the whole head once more, which costs as much as all the rest of
// the parsing. What it is asked for is where the request ends, so a head without a body, an upgrade or a tunnel is
// not shown to it; that it would agree there as well is a property which tests check with kAlways.
enum class SecondOpinion : std::uint8_t { kNever, kWhereItMatters, kAlways };

struct HeadOptions {
  // Longest request line in bytes, without its CRLF. Longer: 414.
  std::size_t max_request_line = 16 * 1024;
  // Longest head in bytes, from the first byte received to the end of the empty line. Longer: 431.
  std::size_t max_head = 64 * 1024;
  // Most field lines. More: 431.
  std::size_t max_fields = 100;
  // Answer 501 to methods that are not in RFC 9110 or RFC 5789. Go gives every token to the handler.
  bool known_methods_only = false;
  // The others are for tests which compare the two.
  SecondOpinion second_opinion = SecondOpinion::kWhereItMatters;
};

// RequestHead is what a valid head says. Views are of the parsed bytes.
struct RequestHead {
  std::string_view method;
  std::string_view target;  // as sent; valid for URL::ParseRequestTarget
  int minor_version = 1;    // HTTP/1.x, 0 to 9
  // The authority asked for: of an absolute or CONNECT target, else of the Host field. "" if an HTTP/1.0 client
  // names none, or if Host is empty.
  std::string_view host;
  // The size of the body as announced, or -1 where it is not. Never together with chunked.
  std::int64_t content_length = -1;
  bool chunked = false;
  // Whether the client would go on with this connection after the response.
  bool keep_alive = true;
  // Whether the client waits for 100 Continue before it sends its body; never true without a body.
  bool expect_continue = false;
  // The Upgrade field, where HTTP/1.1's Connection field names it, else "".
  std::string_view upgrade;
  // Field lines, with Host.
  std::size_t field_count = 0;
};

// HeadParser is for one connection and one goroutine. It takes no memory but what `fields` takes.
class HeadParser {
 public:
  // The fields of a head are added to `fields` as views; Host is not among them. `fields` must outlive the parser.
  explicit HeadParser(Header& fields, const HeadOptions& options = {}) : fields_(fields), options_(options) {}

  // Parse is given everything received of this head so far, and possibly bytes after it: the same bytes as in the
  // calls before, and more. Every byte is scanned once; only if the bytes have moved since the last call it starts
  // anew, so a buffer that doubles as it grows costs a constant factor. After kComplete the bytes must stay where
  // they are as long as Head() or the fields are used. After kComplete or kError, Reset comes first.
  ParseState Parse(std::string_view received);

  // Reset prepares for the next head of the connection. The fields are cleared by whoever owns them.
  void Reset();

  const RequestHead& Head() const { return head_; }       // after kComplete
  std::size_t HeadLength() const { return fields_end_; }  // after kComplete: where the body starts
  const ParseError& Error() const { return error_; }      // after kError

 private:
  // The place in the head that the next byte belongs to.
  enum class Stage : std::uint8_t { kStart, kMethod, kTarget, kVersion, kFields };
  // What the fields so far said, to be judged once all of them are known.
  struct Seen {
    bool host = false;
    bool connection_close = false;
    bool connection_keep_alive = false;
    bool connection_upgrade = false;
    bool expect = false;
    bool forbidden_trailer = false;
    std::uint32_t transfer_encodings = 0;
    // Something that llhttp refuses although it is valid: see LlhttpAgrees.
    bool respell = false;
  };

  ParseState ParseRequestLine(std::string_view received);
  ParseState ParseMethod(const char* begin, const char* end);
  ParseState ParseTarget(const char* begin, const char* end);
  ParseState ParseVersion(const char* begin, const char* end);
  ParseError CheckMethod() const;
  ParseError CheckTarget(bool plain);

  ParseError OnMeaningfulField(std::string_view name, std::string_view value, const char* line_end);
  ParseError OnHost(std::string_view value);
  bool IsGoodHost(std::string_view value);
  ParseError OnContentLength(std::string_view name, std::string_view value, const char* line_end);
  ParseError OnExpect(std::string_view value);
  void OnTransferEncoding(std::string_view value, const char* line_end);
  void OnConnection(std::string_view value);
  void OnTrailer(std::string_view value);

  ParseError Finish();
  bool AsksLlhttp() const;
  ParseError FinishFraming();
  void FinishConnection();

  ParseState Suspend(const char* begin, const char* scanned);
  ParseState Fail(int status, const char* text = "") { return Fail(ParseError{status, text}); }
  ParseState Fail(const ParseError& error) {
    error_ = error;
    return ParseState::kError;
  }

  Header& fields_;
  HeadOptions options_;
  const char* begin_ = nullptr;  // where the bytes were at the last call
  Stage stage_ = Stage::kStart;
  bool plain_target_ = true;    // no escape and no backslash so far
  std::size_t line_start_ = 0;  // of the request line: 0, or 2 after an empty line
  std::size_t part_start_ = 0;  // of the method, target or version
  std::size_t scanned_ = 0;     // where the scan of that part goes on
  FieldParser field_parser_{{}};
  std::size_t fields_end_ = 0;
  std::string_view content_length_;
  std::string_view transfer_encoding_;
  Seen seen_;
  // The last good Host: the next request mostly has the same. Kept by Reset.
  std::array<char, 64> good_host_;
  std::size_t good_host_length_ = 0;
  RequestHead head_;
  ParseError error_;
};

}  // namespace gale::http::internal

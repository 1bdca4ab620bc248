// The head of a request: however the bytes arrive, the verdict is the same; and a head that passes has none of the
// properties by which two parsers could read it differently.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gale/http/internal/ascii.h"
#include "gale/http/internal/head_parser.h"
#include "gale/http/url.h"
#include "gale/tests/fuzz/fuzz.h"
#include "gale/tests/http/exact_bytes.h"

namespace {

using gale::fuzz::Check;
using gale::http::ExactBytes;
using gale::http::Header;
using gale::http::internal::HeadOptions;
using gale::http::internal::HeadParser;
using gale::http::internal::ParseState;
using gale::http::internal::RequestHead;
using gale::http::internal::SecondOpinion;

// Small, so that short inputs reach them.
constexpr HeadOptions kOptions = {
    .max_request_line = 256, .max_head = 1024, .max_fields = 12, .second_opinion = SecondOpinion::kAlways};

struct Outcome {
  ParseState state = ParseState::kIncomplete;
  int status = 0;
  std::string text;
  std::vector<std::pair<std::string, std::string>> fields;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome OutcomeOf(ParseState state, const HeadParser& parser, const Header& fields) {
  Outcome outcome{.state = state, .status = 0, .text = {}, .fields = {}};
  if (state == ParseState::kError) {
    outcome.status = parser.Error().status;
    outcome.text = parser.Error().Text();
  }
  if (state != ParseState::kComplete) return outcome;
  const RequestHead& head = parser.Head();
  for (std::string_view part : {head.method, head.target, head.host, head.upgrade}) outcome.text.append(part) += '\n';
  for (std::int64_t number : {std::int64_t{head.minor_version}, head.content_length, std::int64_t{head.chunked},
                              std::int64_t{head.keep_alive}, std::int64_t{head.expect_continue},
                              static_cast<std::int64_t>(parser.HeadLength())}) {
    outcome.text += std::to_string(number) + '\n';
  }
  for (auto [name, value] : fields) outcome.fields.emplace_back(name, value);
  return outcome;
}

// Parse gives the parser the first `first` bytes and then `step` more at a time.
Outcome Parse(std::string_view input, std::size_t first, std::size_t step, const HeadOptions& options = kOptions) {
  ExactBytes bytes(input);
  Header fields;
  HeadParser parser(fields, options);
  std::size_t size = std::min(first, input.size());
  ParseState state = parser.Parse(bytes.Prefix(size));
  while (state == ParseState::kIncomplete && size < input.size()) {
    size = std::min(size + step, input.size());
    state = parser.Parse(bytes.Prefix(size));
  }
  return OutcomeOf(state, parser, fields);
}

int CountLines(std::string_view head, std::string_view name) {
  int count = 0;
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find('\n') + 1);
    head.remove_prefix(line.size());
    count += line.size() > name.size() && line[name.size()] == ':' &&
             gale::http::internal::EqualFold(line.substr(0, name.size()), name);
  }
  return count;
}

void CheckBytes(std::string_view head) {
  Check(head.ends_with("\r\n\r\n"), "a head without an end");
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    Check(c != '\0', "NUL in a head");
    Check((c == '\r') == (i + 1 < head.size() && head[i + 1] == '\n'), "CR without LF, or the other way round");
    const bool line_starts = i >= 2 && head[i - 1] == '\n';
    Check(!line_starts || (c != ' ' && c != '\t'), "a folded line");
  }
}

void CheckHead(std::string_view head, const RequestHead& facts) {
  CheckBytes(head);
  Check(gale::http::internal::IsToken(facts.method), "a method that is no token");
  Check(std::all_of(facts.target.begin(), facts.target.end(), [](char c) { return c > ' ' && c < 0x7f; }),
        "a target with bytes that no target has");
  const int hosts = CountLines(head, "host");
  Check(hosts == 1 || (hosts == 0 && facts.minor_version == 0), "not one Host");
  const int lengths = CountLines(head, "content-length");
  const int codings = CountLines(head, "transfer-encoding");
  Check((lengths > 0) == (facts.content_length >= 0), "a length that is not there, or ignored");
  Check(codings == (facts.chunked ? 1 : 0), "a coding that is ignored");
  Check(!facts.chunked || (lengths == 0 && facts.minor_version > 0), "both, or a coding in HTTP/1.0");
  gale::http::URL url;
  Check(url.ParseRequestTarget(facts.method, facts.target), "a target that the URL refuses");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = gale::fuzz::Input(data, size);
  const Outcome whole = Parse(input, input.size(), 1);
  const std::size_t odd = size > 0 ? data[size - 1] : 0;
  Check(Parse(input, odd, input.size()) == whole, "in two pieces it is something else");
  Check(Parse(input, 0, 1) == whole, "byte by byte it is something else");
  Check(Parse(input, 0, 1 + odd % 20) == whole, "in pieces it is something else");

  HeadOptions alone = kOptions;
  alone.second_opinion = SecondOpinion::kNever;
  Check(Parse(input, input.size(), 1, alone) == whole, "llhttp is of another opinion");

  if (whole.state == ParseState::kComplete) {
    Header fields;
    HeadParser parser(fields, kOptions);
    (void)parser.Parse(input);
    const std::string_view head = input.substr(0, parser.HeadLength());
    CheckHead(head.substr(head.starts_with("\r\n") ? 2 : 0), parser.Head());
    Check(Parse(head, head.size(), 1) == whole, "what follows a head changes it");
  }
  return 0;
}

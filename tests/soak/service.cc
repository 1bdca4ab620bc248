#include "gale/tests/soak/service.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "gale/net/net.h"
#include "gale/runtime/runtime.h"

namespace gale::soak {
namespace {

using namespace std::chrono_literals;
using http::Request;
using http::ResponseWriter;

std::int64_t Number(Request& r, std::string_view name) {
  const std::string_view text = r.PathValue(name);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// PatternPiece is a whole number of periods: the byte at offset i of a pattern is i % 251.
const std::string& PatternPiece() {
  static const auto* piece = [] {
    auto* bytes = new std::string;
    for (int i = 0; i < 64 * 251; ++i) bytes->push_back(static_cast<char>(i % 251));
    return bytes;
  }();
  return *piece;
}

void WritePattern(ResponseWriter& w, std::int64_t count) {
  const std::string_view piece = PatternPiece();
  while (count > 0) {
    const auto part = static_cast<std::size_t>(std::min<std::int64_t>(count, std::ssize(piece)));
    if (!w.Write(piece.substr(0, part))) return;
    count -= static_cast<std::int64_t>(part);
  }
}

void Pattern(ResponseWriter& w, Request& r) {
  const std::int64_t count = Number(r, "n");
  w.Header().Set("Content-Type", "application/octet-stream");
  w.Header().Set("Content-Length", std::to_string(count));
  WritePattern(w, count);
}

void Chunked(ResponseWriter& w, Request& r) {
  w.Header().Set("Content-Type", "application/octet-stream");
  (void)w.Flush();
  WritePattern(w, Number(r, "n"));
}

void Stream(ResponseWriter& w, Request& r) {
  const std::int64_t count = Number(r, "n");
  for (std::int64_t i = 0; i < count; ++i) {
    if (!gale::Fprintf(w, "line %d\n", i) || w.Flush()) return;
    gale::Sleep(1ms);
  }
}

void Echo(ResponseWriter& w, Request& r) {
  const auto body = gale::ReadAll(r.Body(), 8 << 20);
  if (!body) return http::Error(w, body.error().Message(), http::StatusForBodyError(body.error()));
  for (const auto& [name, value] : r.Trailer())
    w.Header().Add("X-Trailer", std::string(name) + "=" + std::string(value));
  w.Header().Set("Content-Type", "application/octet-stream");
  (void)w.Write(*body);
}

void Conversation(ResponseWriter& w, Request& r) {
  std::array<char, 4096> buffer;
  for (;;) {
    const auto count = r.Body().Read(buffer);
    if (!count && count.error() == Errc::kEof) return;
    if (!count) throw http::AbortHandler();
    if (!w.Write({buffer.data(), *count}) || w.Flush()) return;
  }
}

void Form(ResponseWriter& w, Request& r) {
  if (gale::Error error = r.ParseForm()) return http::Error(w, error.Message(), http::StatusForBodyError(error));
  gale::Fprintf(w, "%s|%s|%s\n", r.PostFormValue("name"), r.PostFormValue("text"), r.FormValue("page"));
}

// Adler32 is a checksum that clients have, too.
std::expected<std::uint32_t, gale::Error> Adler32(Reader& reader) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  std::array<char, 16384> buffer;
  for (;;) {
    const auto count = reader.Read(buffer);
    if (!count && count.error() == Errc::kEof) return b << 16 | a;
    if (!count) return std::unexpected(count.error());
    for (std::size_t i = 0; i < *count; ++i) {
      a = (a + static_cast<unsigned char>(buffer[i])) % 65521;
      b = (b + a) % 65521;
    }
  }
}

void Upload(ResponseWriter& w, Request& r, const std::string& temporary) {
  if (gale::Error error = r.ParseMultipartForm({.max_memory = 64 << 10, .temp_directory = temporary})) {
    return http::Error(w, error.Message(), http::StatusForBodyError(error));
  }
  std::string report = gale::Sprintf("title=%s\n", r.FormValue("title"));
  for (http::FormFile file : r.MultipartForm().AllFiles()) {
    const auto sum = Adler32(file);
    if (!sum) return http::Error(w, sum.error().Message(), http::kStatusInternalServerError);
    report += gale::Sprintf("%s %s %d %s %08x\n", file.FieldName(), file.Filename(), file.Size(),
                            file.InMemory() ? "memory" : "disk", *sum);
  }
  (void)w.Write(report);
}

void Cookie(ResponseWriter& w, Request& r) {
  const auto cookie = r.Cookie("visits");
  int visits = 0;
  if (cookie) std::from_chars(cookie->value.data(), cookie->value.data() + cookie->value.size(), visits);
  http::SetCookie(w, {.name = "visits", .value = std::to_string(visits + 1), .path = "/", .http_only = true});
  gale::Fprintf(w, "visit %d\n", visits + 1);
}

void Document(ResponseWriter& w, Request& r) {
  static const std::string* text = [] {
    auto* made = new std::string;
    for (int i = 0; i < 500; ++i) *made += gale::Sprintf("line %d of the document\n", i);
    return made;
  }();
  http::BytesContent content(*text);
  w.Header().Set("Etag", "\"v1\"");
  http::ServeContent(w, r, "document.txt", std::chrono::system_clock::time_point(1700000000s), content);
}

void Wait(ResponseWriter& w, Request& r, Counters& counters) {
  const Context context = r.Context();
  Select(OnRecv(After(20s), [&](auto) { gale::Fprintln(w, "nothing happened"); }),
         OnRecv(context.Done(), [&](auto) { counters.given_up.fetch_add(1, std::memory_order_relaxed); }));
}

void Workers(ResponseWriter& w, Request& r) {
  const std::int64_t count = Number(r, "n");
  Chan<std::int64_t> squares(0);
  for (std::int64_t i = 0; i < count; ++i) Go([squares, i] { squares.Send(i * i); });
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += squares.Recv().value_or(0);
  gale::Fprintln(w, sum);
}

// Numbers leaves a goroutine behind that must notice the handler's end by the request's Context.
void Numbers(ResponseWriter& w, Request& r) {
  const std::int64_t count = Number(r, "n");
  Chan<std::int64_t> numbers(0);
  Go([numbers, context = r.Context()] {
    bool wanted = true;
    for (std::int64_t i = 0; wanted; ++i) {
      Select(OnSend(numbers, i), OnRecv(context.Done(), [&](auto) { wanted = false; }));
    }
    numbers.Close();
  });
  for (std::int64_t i = 0; i < count; ++i) {
    const auto number = numbers.Recv();
    if (!number) return;  // the client has gone away
    gale::Fprintf(w, "%d ", *number);
  }
}

// Limited is late unless it is asked for less than TimeoutHandler allows; then it ends with its Context.
void Limited(ResponseWriter& w, Request& r) {
  const Context context = r.Context();
  const auto time = std::chrono::milliseconds(Number(r, "ms"));
  if (time.count() > 0) Select(OnRecv(After(time)), OnRecv(context.Done()));
  gale::Fprintln(w, "in time");
}

// Hijack answers what comes, on a goroutine that outlives the handler, until the client ends or is silent for 5 s.
void Hijack(ResponseWriter& w, Request&, Counters& counters) {
  auto taken = w.Hijack();
  if (!taken) return http::Error(w, taken.error().Message(), http::kStatusInternalServerError);
  Go([conn = std::move(taken->conn), received = std::move(taken->received), gauge = Gauge(counters.hijacked)] {
    (void)conn->Write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    (void)conn->Write(received);
    std::array<char, 4096> buffer;
    for (;;) {
      conn->SetDeadline(std::chrono::steady_clock::now() + 5s);
      const auto count = conn->Read(buffer);
      if (!count || !conn->Write({buffer.data(), *count})) break;
    }
    (void)conn->Close();
  });
}

void Late(ResponseWriter& w, Request&) {
  gale::Fprintln(w, "the beginning");
  (void)w.Flush();
  throw std::runtime_error("thrown on purpose, late");
}

}  // namespace

void AddService(http::ServeMux& mux, Counters& counters, const std::string& root, const std::string& temporary) {
  mux.HandleFunc("GET /{$}", [](ResponseWriter& w, Request&) { gale::Fprintln(w, "hello world"); });
  mux.HandleFunc("GET /items/{id}",
                 [](ResponseWriter& w, Request& r) { gale::Fprintf(w, "item %s\n", r.PathValue("id")); });
  mux.HandleFunc("GET /pattern/{n}", Pattern);
  mux.HandleFunc("GET /chunked/{n}", Chunked);
  mux.HandleFunc("GET /stream/{n}", Stream);
  mux.HandleFunc("GET /sleep/{ms}", [](ResponseWriter& w, Request& r) {
    gale::Sleep(std::chrono::milliseconds(Number(r, "ms")));
    gale::Fprintln(w, "slept");
  });
  mux.HandleFunc("GET /wait", [&counters](ResponseWriter& w, Request& r) { Wait(w, r, counters); });
  mux.HandleFunc("GET /workers/{n}", Workers);
  mux.HandleFunc("GET /numbers/{n}", Numbers);
  mux.Handle("GET /limited/{ms}",
             std::make_shared<http::TimeoutHandler>(std::make_shared<http::HandlerFunc>(Limited), 2s, "too late"));
  mux.HandleFunc("POST /echo", Echo);
  mux.HandleFunc("POST /conversation", Conversation);
  mux.HandleFunc("POST /form", Form);
  mux.HandleFunc("POST /upload", [temporary](ResponseWriter& w, Request& r) { Upload(w, r, temporary); });
  mux.HandleFunc("POST /unread", [](ResponseWriter& w, Request&) { gale::Fprintln(w, "not read"); });
  mux.HandleFunc("GET /cookie", Cookie);
  mux.HandleFunc("GET /document", Document);
  mux.HandleFunc("GET /hijack", [&counters](ResponseWriter& w, Request& r) { Hijack(w, r, counters); });
  mux.HandleFunc("GET /throw", [](ResponseWriter&, Request&) { throw std::runtime_error("thrown on purpose"); });
  mux.HandleFunc("GET /late", Late);
  mux.Handle("/files/", std::make_shared<http::StripPrefix>("/files", std::make_shared<http::FileServer>(root)));
}

}  // namespace gale::soak

// MaxBytesReader and MaxBytesHandler. Behaviour groups 20 and 21.
#include "gale/http/max_bytes.h"

#include <gtest/gtest.h>

#include <string>

#include "gale/http/httptest/new_request.h"
#include "gale/http/httptest/response_recorder.h"
#include "gale/http/message_errc.h"
#include "gale/tests/http/test_server.h"
#include "gale/tests/net/piece_reader.h"

namespace gale::http {
namespace {

using namespace gale::http::testing;
using gale::testing::PieceReader;
using httptest::NewRequest;
using httptest::ResponseRecorder;

// What a reader yields, read in pieces, with the error that ended it.
std::string Drain(Reader& reader, std::size_t piece) {
  std::string text;
  std::string buffer(piece, '\0');
  for (;;) {
    const auto count = reader.Read(buffer);
    if (!count) return text + '|' + count.error().Message();
    text.append(buffer, 0, *count);
  }
}

TEST(MaxBytesTest, ReaderStopsBehindTheLimit) {
  for (std::size_t source_piece : {1u, 2u, 100u}) {
    for (std::size_t piece : {1u, 2u, 3u, 4u, 100u}) {
      for (int limit = -1; limit <= 6; ++limit) {
        ResponseRecorder w;
        PieceReader source("abcd", source_piece);
        MaxBytesReader reader(w, source, limit);
        const bool fits = limit >= 4;
        const auto shown = static_cast<std::size_t>(std::clamp(limit, 0, 4));
        const std::string end = fits ? "|EOF" : "|http: request body too large";
        EXPECT_EQ(Drain(reader, piece), std::string("abcd", shown) + end);
        EXPECT_EQ(w.ResultHeader().Get("Connection"), fits ? "" : "close");
        EXPECT_EQ(Drain(reader, piece), end);
        EXPECT_LE(source.Consumed(), shown + 1);
      }
    }
  }
}

TEST(MaxBytesTest, ReaderPassesErrorsOn) {
  ResponseRecorder w;
  PieceReader source("abcd", 2, gale::Error(Errc::kUnexpectedEof));
  MaxBytesReader reader(w, source, 100);
  EXPECT_EQ(reader.Read({}), 0u) << "an empty buffer";
  EXPECT_EQ(Drain(reader, 100), "abcd|unexpected EOF");
}

TEST(MaxBytesTest, Handler) {
  HandlerFunc echo([](ResponseWriter& w, Request& r) {
    auto body = gale::ReadAll(r.Body());
    if (!body) return Error(w, body.error().Message(), StatusForBodyError(body.error()));
    (void)w.Write(*body);
  });
  for (std::size_t limit : {100u, 1000u, 0u}) {
    MaxBytesHandler limited(echo, static_cast<std::int64_t>(limit));
    TestServer server([&](ResponseWriter& w, Request& r) { limited.ServeHTTP(w, r); });
    for (std::size_t size : {1u, 99u, 100u, 101u, 100'000u}) {
      WireClient client = server.Connect();
      const WireResponse response = client.Ask(Post("/", std::string(size, 'x')));
      const bool fits = size <= limit;
      EXPECT_EQ(response.status, fits ? 200 : 413) << size << " of " << limit;
      EXPECT_EQ(response.body, fits ? std::string(size, 'x') : "http: request body too large\n");
      EXPECT_EQ(response.Get("Connection"), fits ? "(none)" : "close");
      if (!fits) {
        EXPECT_TRUE(client.AtEnd()) << client.Ending();
      }
    }
  }
}

TEST(MaxBytesTest, HandlerPutsTheBodyBack) {
  ResponseRecorder w;
  const auto r = NewRequest("POST", "/", "abc");
  const Reader* body = &r->Body();
  HandlerFunc check([&](ResponseWriter&, Request& seen) { EXPECT_NE(&seen.Body(), body); });
  MaxBytesHandler(check, 1).ServeHTTP(w, *r);
  EXPECT_EQ(&r->Body(), body);
  EXPECT_EQ(r->ContentLength(), 3);
}

}  // namespace
}  // namespace gale::http

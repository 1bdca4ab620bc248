// ResponseRecorder: a ResponseWriter that keeps the answer, for a test to look at.
//
//   auto r = httptest::NewRequest("GET", "/items/7");
//   httptest::ResponseRecorder w;
//   mux.ServeHTTP(w, *r);
//   EXPECT_EQ(w.Code(), 200);
//   EXPECT_EQ(w.Body(), "item 7\n");
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "gale/http/header.h"
#include "gale/http/response_writer.h"
#include "gale/runtime/error.h"

namespace gale::http::httptest {

// ResponseRecorder keeps what a handler wrote. It adds nothing that a server would: no Date, no Content-Length. One
// goroutine. Source: Go's net/http/httptest.ResponseRecorder.
class ResponseRecorder : public ResponseWriter {
 public:
  http::Header& Header() override { return header_; }
  // Of several calls the first counts, unless that was for an interim response (1xx). Throws gale::Panic for a status
  // outside 100..999.
  void WriteHeader(int status) override;
  std::expected<std::size_t, gale::Error> Write(std::string_view data) override;
  gale::Error Flush() override;

  // Code is the status, 200 if none was written.
  int Code() const { return code_ == 0 ? 200 : code_; }
  const std::string& Body() const { return body_; }
  // ResultHeader is what was sent: Header as it was at the time of WriteHeader; or as it is, if nothing was written.
  const http::Header& ResultHeader() const { return code_ == 0 ? header_ : sent_header_; }
  // Flushed tells whether the handler has called Flush.
  bool Flushed() const { return flushed_; }

 private:
  http::Header header_;
  http::Header sent_header_;
  int code_ = 0;
  bool flushed_ = false;
  std::string body_;
};

}  // namespace gale::http::httptest

// Recorder: a ResponseWriter that keeps the answer for a test to look at.
#pragma once

#include <string>
#include <string_view>

#include "gale/http/request.h"
#include "gale/http/response_writer.h"

namespace gale::http::testing {

// Recorder takes the first status only, as a server does; the headers are those at the end, not at WriteHeader.
class Recorder : public ResponseWriter {
 public:
  http::Header& Header() override { return header_; }
  void WriteHeader(int status) override {
    if (status_ == 0) status_ = status;
  }
  std::expected<std::size_t, gale::Error> Write(std::string_view data) override {
    WriteHeader(200);
    body_ += data;
    return data.size();
  }

  int Status() const { return status_ == 0 ? 200 : status_; }
  const std::string& Body() const { return body_; }
  std::string_view Get(std::string_view name) const { return header_.Get(name); }

 private:
  http::Header header_;
  int status_ = 0;
  std::string body_;
};

// SetTarget makes r a request for a target as a client would send it: "/a%2Fb?x=1", "http://host/a" or "*".
// Returns false where the server would have refused the target.
inline bool SetTarget(Request& r, std::string_view method, std::string_view target) {
  r.SetMethod(method);
  r.SetRequestURI(target);
  if (!r.URL().ParseRequestTarget(method, target)) return false;
  if (!r.URL().Host().empty()) r.SetHost(r.URL().Host());
  return true;
}

}  // namespace gale::http::testing

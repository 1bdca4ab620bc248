#include "gale/http/httptest/new_request.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "gale/http/internal/ascii.h"
#include "gale/runtime/panic.h"

namespace gale::http::httptest {
namespace {

class StringReader : public Reader {
 public:
  explicit StringReader(std::string text) : text_(std::move(text)) {}
  std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override {
    if (buffer.empty()) return 0;
    if (read_ == text_.size()) return std::unexpected(gale::Error(Errc::kEof));
    const std::size_t count = std::min(buffer.size(), text_.size() - read_);
    std::memcpy(buffer.data(), text_.data() + read_, count);
    read_ += count;
    return count;
  }

 private:
  const std::string text_;
  std::size_t read_ = 0;
};

struct RequestWithBody {
  explicit RequestWithBody(std::string text) : body(std::move(text)) {}
  StringReader body;
  Request request;
};

}  // namespace

std::shared_ptr<Request> NewRequest(std::string_view method, std::string_view target, std::string body) {
  const auto size = static_cast<std::int64_t>(body.size());
  auto both = std::make_shared<RequestWithBody>(std::move(body));
  Request& r = both->request;
  if (!internal::IsToken(method) || !r.URL().ParseRequestTarget(method, target)) {
    throw Panic("invalid NewRequest arguments: " + std::string(method) + " " + std::string(target));
  }
  r.SetMethod(method);
  r.SetRequestURI(target);
  r.SetHost(r.URL().Host().empty() ? "example.com" : r.URL().Host());
  r.SetRemoteAddr("192.0.2.1:1234");
  if (size > 0) r.SetBody(both->body, size);
  return {both, &r};
}

}  // namespace gale::http::httptest

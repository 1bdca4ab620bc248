#include "gale/http/httptest/new_request.h"

#include <utility>

#include "gale/http/internal/ascii.h"
#include "gale/net/string_reader.h"
#include "gale/runtime/panic.h"

namespace gale::http::httptest {
namespace {

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

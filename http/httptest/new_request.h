// NewRequest: a request as a server would have received it, to call a Handler with.
//
//   auto r = httptest::NewRequest("POST", "/items?x=1", "hello");
//   r->Header().Set("Content-Type", "text/plain");
//   handler.ServeHTTP(recorder, *r);
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gale/http/request.h"

namespace gale::http::httptest {

// NewRequest makes a request for a target: "/path?query", "http://host/path", "*", or an authority with CONNECT. The
// host is example.com unless the target has one, the client 192.0.2.1:1234. An empty body is none. Throws gale::Panic
// if a server would refuse the method or the target. Source: Go's net/http/httptest.NewRequest.
std::shared_ptr<Request> NewRequest(std::string_view method, std::string_view target, std::string body = {});

}  // namespace gale::http::httptest

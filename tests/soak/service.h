// Service: the handlers of the soak's server, one of each kind that services have.
//
//   GET  /                 one line                        POST /echo         the body, read first
//   GET  /items/{id}       a path value                    POST /conversation the body, piece by piece as it comes
//   GET  /pattern/{n}      n bytes of known content        POST /form         the fields of a form
//   GET  /chunked/{n}      the same, of unknown length     POST /upload       what a multipart form consists of
//   GET  /stream/{n}       n lines, each flushed           POST /unread       leaves the body alone
//   GET  /sleep/{ms}       waits                           GET  /cookie       a cookie, one more
//   GET  /wait             until the client goes away      GET  /document     ServeContent from memory
//   GET  /workers/{n}      n goroutines and a channel      GET  /files/...    FileServer
//   GET  /numbers/{n}      one that ends with its Context  GET  /throw /late  exceptions, before and in the answer
//   GET  /limited/{ms}     TimeoutHandler, 2 s             GET  /hijack       a protocol of its own
#pragma once

#include <string>

#include "gale/http/http.h"
#include "gale/tests/soak/counters.h"

namespace gale::soak {

// AddService registers them. Files are served from the folder `root`; uploads go to `temporary`.
void AddService(http::ServeMux& mux, Counters& counters, const std::string& root, const std::string& temporary);

}  // namespace gale::soak

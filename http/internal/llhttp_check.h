// LlhttpAgrees: the second opinion on a head that HeadParser has accepted.
//
// llhttp, the parser of Node.js, reads the same bytes without any of its lenient modes. Two parsers that grew up
// apart rarely share a mistake, and a smuggled request needs just that. It is asked what decides where the message
// ends: that it is a request and where its head ends, method, Content-Length, chunked.
//
// llhttp 8.1 must be compiled with LLHTTP_STRICT_MODE=1; its default takes a bare CR for a line end. Since 9.0 there
// is only the strict mode.
#pragma once

#include <string_view>

#include "gale/http/internal/head_parser.h"

namespace gale::http::internal {

// Tells whether llhttp accepts the bytes of a head, from its method to the end of its empty line, and reads from them
// what `facts` says. llhttp is narrower than RFC 9112 in a few places. There it is given an equivalent spelling, so
// that the rest is still checked: another method for one that it does not know, HTTP/1.1 for a later minor version
// and, if `respell`, the first of several equal Content-Length fields only and no HTAB behind a length or coding.
// Thread-safe.
bool LlhttpAgrees(std::string_view head, const RequestHead& facts, bool respell);

}  // namespace gale::http::internal

// ServeContent: an answer of which clients may want a part, or none if they have it already.
//
//   void Report(http::ResponseWriter& w, http::Request& r) {
//     http::BytesContent content(report->text);
//     w.Header().Set("Etag", report->tag);                    // "\"v17\"", if there is one
//     http::ServeContent(w, r, "report.csv", report->modified, content);
//   }
//
// The type comes from the name's extension, or else from the first bytes, unless the handler has set Content-Type.
// Last-Modified is `modified`, unless that is the epoch, which means not known. With these, and an Etag if the handler
// sets one, requests are answered as RFC 9110 says: 304 to a client that has the content, 412 to one that expects other
// content, 206 with the ranges that it asks for (several of them as multipart/byteranges) if what it has a part of is
// still the same, 416 if there is no such range. Ranges that are longer than the content together, or more than 16, are
// answered with the whole.
#pragma once

#include <chrono>
#include <string_view>

#include "gale/http/content.h"

namespace gale::http {

class Request;
class ResponseWriter;

// ServeContent answers r with the content, which has to exist until it returns. A Content-Encoding that the handler has
// set means that somebody encodes what is written, so there is no Content-Length then. Where the content turns out to
// be shorter than its Size, the connection is closed. Source: Go's net/http.ServeContent.
void ServeContent(ResponseWriter& w, Request& r, std::string_view name, std::chrono::system_clock::time_point modified,
                  Content& content);

}  // namespace gale::http

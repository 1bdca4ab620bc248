// ServeFile: answers with a file that the program names.
//
//   mux.HandleFunc("GET /manual", [](http::ResponseWriter& w, http::Request& r) {
//     http::ServeFile(w, r, "/usr/share/doc/gale/manual.pdf");
//   });
//
// For files that the client names there is FileServer.
#pragma once

#include <string>

namespace gale::http {

class Request;
class ResponseWriter;

// ServeFile answers with the file, as ServeContent does: with ranges, 304 and so on. For a folder it answers with its
// index.html, or lists what is in it. Symbolic links are followed. A path made of what the client sent must be checked
// by the caller; as a precaution, requests with a segment ".." in their URL's path are answered with 400. Requests for
// a path that ends in "/index.html" are redirected to "./", as FileServer does. What is neither file nor folder is 404.
// Source: Go's net/http.ServeFile.
void ServeFile(ResponseWriter& w, Request& r, const std::string& path);

}  // namespace gale::http

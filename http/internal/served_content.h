// Serve: what ServeContent, ServeFile and FileServer have in common.
#pragma once

#include <chrono>
#include <string_view>

#include "gale/http/content.h"

namespace gale::http {
class Request;
class ResponseWriter;
}  // namespace gale::http

namespace gale::http::internal {

// ServedContent is some content with what is to be said of it.
struct ServedContent {
  Content& content;
  std::string_view name;  // its extension says the type, unless the handler has set it
  std::chrono::system_clock::time_point modified = {};
  // The content whose first bytes say the type where the extension does not: that before it was encoded, if
  // Content-Encoding is set. Null: unknown types are application/octet-stream.
  Content* sniffed = nullptr;
  // Whether a Content-Encoding that is set describes this content. Otherwise somebody is about to encode what is
  // written, and its length is not known.
  bool is_encoded = false;
};

// Serve answers the request with the content, or a part of it, or that the client has it.
void Serve(ResponseWriter& w, Request& r, const ServedContent& served);

}  // namespace gale::http::internal

#include "gale/http/serve_content.h"

#include "gale/http/internal/served_content.h"

namespace gale::http {

void ServeContent(ResponseWriter& w, Request& r, std::string_view name, std::chrono::system_clock::time_point modified,
                  Content& content) {
  internal::Serve(w, r, {.content = content, .name = name, .modified = modified, .sniffed = &content});
}

}  // namespace gale::http

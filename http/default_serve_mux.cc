#include "gale/http/default_serve_mux.h"

namespace gale::http {

ServeMux& DefaultServeMux() {
  static ServeMux& mux = *new ServeMux;
  return mux;
}

void Handle(std::string_view pattern, HandlerRef handler, std::source_location location) {
  DefaultServeMux().Handle(pattern, std::move(handler), location);
}

}  // namespace gale::http

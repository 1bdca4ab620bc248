// A small web service: the program of the README.
//
//   scripts/run hello
//   curl localhost:8080/ localhost:8080/about localhost:8080/items/7
#include <cstdio>
#include <string>

#include "gale/examples/flags.h"
#include "gale/gale.h"

namespace http = gale::http;

namespace {

void Handler(http::ResponseWriter& w, http::Request&) {
  w.Header().Set("Content-Type", "application/json");
  gale::Fprintln(w, "hello world");
}

void About(http::ResponseWriter& w, http::Request&) { gale::Fprintln(w, "About page"); }

}  // namespace

int main(int argc, char** argv) {
  std::string addr = FlagValue(argc, argv, "--addr", ":8080");
  http::ServeMux mux;
  mux.HandleFunc("/", Handler);
  mux.HandleFunc("/about", About);
  mux.HandleFunc("GET /items/{id}",
                 [](http::ResponseWriter& w, http::Request& r) { gale::Fprintf(w, "item %s\n", r.PathValue("id")); });

  std::printf("Server running on %s\n", addr.c_str());
  std::fflush(stdout);
  if (auto err = http::ListenAndServe(addr, mux)) {
    std::fprintf(stderr, "Error starting server: %s\n", err.Message().c_str());
    return 1;
  }
}

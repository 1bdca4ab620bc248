// The server that scripts/bench measures: one handler, the same answer as its competitors give.
#include <cstdio>
#include <string>

#include "gale/examples/flags.h"
#include "gale/gale.h"

namespace http = gale::http;

int main(int argc, char** argv) {
  std::string addr = FlagValue(argc, argv, "--addr", "127.0.0.1:8080");
  http::HandlerFunc hello([](http::ResponseWriter& w, http::Request&) {
    w.Header().Set("Content-Type", "text/plain");
    (void)w.Write("Hello, World!");
  });
  if (auto err = http::ListenAndServe(addr, hello)) {
    std::fprintf(stderr, "%s\n", err.Message().c_str());
    return 1;
  }
}

// Serves a folder: with ranges, so that downloads can be resumed, with 304 for what browsers have already, and never
// anything outside of it.
//
//   scripts/run files --root docs
//   curl -i localhost:8080/ localhost:8080/files.md
//   curl -r 0-99 localhost:8080/files.md
#include <cstdio>
#include <string>

#include "gale/examples/flags.h"
#include "gale/gale.h"

namespace http = gale::http;

int main(int argc, char** argv) {
  const std::string addr = FlagValue(argc, argv, "--addr", ":8080");
  const std::string root = FlagValue(argc, argv, "--root", ".");

  http::FileServer files(root, {.hide_dot_files = true, .precompressed = true});
  if (files.OpenError()) {
    std::fprintf(stderr, "%s\n", files.OpenError().Message().c_str());
    return 1;
  }

  std::printf("Server running on %s\n", addr.c_str());
  std::fflush(stdout);
  if (auto err = http::ListenAndServe(addr, files)) {
    std::fprintf(stderr, "Error starting server: %s\n", err.Message().c_str());
    return 1;
  }
}

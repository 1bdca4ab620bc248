// FlagValue: the command line of the examples.
//
//   std::string addr = FlagValue(argc, argv, "--addr", ":8080");   // hello --addr :9090, hello --addr=:9090
#pragma once

#include <string>
#include <string_view>

// FlagValue returns what follows `name` on the command line, as the next argument or after "=", or the fallback
// if `name` is not there. Of several the last one wins. Arguments that it does not know are ignored.
inline std::string FlagValue(int argc, char** argv, std::string_view name, std::string_view fallback) {
  std::string value(fallback);
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (!argument.starts_with(name)) continue;
    argument.remove_prefix(name.size());
    if (argument.starts_with('=')) {
      value = argument.substr(1);
    } else if (argument.empty() && i + 1 < argc) {
      value = argv[++i];
    }
  }
  return value;
}

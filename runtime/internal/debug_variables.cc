#include "gale/runtime/internal/debug_variables.h"

#include <algorithm>
#include <cstdlib>

namespace gale::internal {

std::string DebugVariable(std::string_view name) {
  const char* variables = std::getenv("GALEDEBUG");
  return std::string(FindDebugVariable(variables != nullptr ? variables : "", name));
}

std::string_view FindDebugVariable(std::string_view variables, std::string_view name) {
  std::string_view value;
  while (!variables.empty()) {
    std::string_view item = variables.substr(0, variables.find(','));
    variables.remove_prefix(std::min(variables.size(), item.size() + 1));
    if (item.starts_with(name) && item.substr(name.size()).starts_with('=')) value = item.substr(name.size() + 1);
  }
  return value;
}

}  // namespace gale::internal

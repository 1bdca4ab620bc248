#include "gale/runtime/internal/fatal.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/traceback.h"

namespace gale::internal {

void Fatal(const char* format, ...) {
  std::fflush(stdout);
  std::fputs("fatal error: ", stderr);
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputs("\n\n", stderr);
  PrintSeedOfCurrentBubble();
  PrintTraceback(1);
  std::abort();
}

}  // namespace gale::internal

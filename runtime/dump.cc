#include "gale/runtime/dump.h"

#include <unistd.h>

#include <cerrno>

#include "gale/runtime/internal/goroutine_text.h"
#include "gale/runtime/internal/goroutines.h"

namespace gale {

namespace {

// WriteAll returns 0 or errno.
int WriteAll(int fd, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    ssize_t count = write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    written += static_cast<std::size_t>(count);
  }
  return 0;
}

}  // namespace

std::string DumpGoroutines() {
  std::string text;
  internal::ForEachGoroutine([&text](const internal::GoroutineRecord& record) {
    if (!text.empty()) text += '\n';
    text += internal::GoroutineText(record);
  });
  return text;
}

int DumpGoroutines(int fd) {
  int error = 0;
  bool first = true;
  internal::ForEachGoroutine([&](const internal::GoroutineRecord& record) {
    if (error != 0) return;
    error = WriteAll(fd, (first ? "" : "\n") + internal::GoroutineText(record));
    first = false;
  });
  return error;
}

}  // namespace gale

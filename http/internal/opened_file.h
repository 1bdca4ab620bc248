// OpenedFile: a regular file or a directory, open for reading.
#pragma once

#include <fcntl.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>

#include "gale/net/internal/unique_fd.h"

namespace gale::http::internal {

struct OpenedFile {
  net::internal::UniqueFd descriptor;
  bool is_directory = false;
  std::int64_t size = 0;
  std::chrono::system_clock::time_point modified;

  // Examine takes a descriptor that was opened with kOpenFlags, or the errno of what went wrong. What is neither a
  // regular file nor a directory is closed again, and is ENXIO.
  static std::expected<OpenedFile, int> Examine(std::expected<net::internal::UniqueFd, int> descriptor);
};

// How files are opened for OpenedFile: never waiting for the other end of a FIFO, never becoming anybody's terminal.
inline constexpr int kOpenFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

// FileOpener opens files by name; see RootDirectory and PathOpener. Thread-safe.
class FileOpener {
 public:
  virtual std::expected<OpenedFile, int> Open(const std::string& name) const = 0;

 protected:
  ~FileOpener() = default;
};

// PathOpener opens whatever the program names, following symbolic links.
class PathOpener final : public FileOpener {
 public:
  std::expected<OpenedFile, int> Open(const std::string& name) const override;
};

}  // namespace gale::http::internal

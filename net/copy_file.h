// CopyFile: a part of a file onto a Writer.
#pragma once

#include <cstdint>
#include <expected>

#include "gale/net/io.h"
#include "gale/runtime/error.h"

namespace gale::net {

// CopyFile writes `count` bytes of an open file from `offset` on, and returns how many: fewer if the file ends. The
// file's own position is not touched. An error of the file says "read file". The thread may wait for the disk.
std::expected<std::int64_t, Error> CopyFile(Writer& writer, int file, std::int64_t offset, std::int64_t count);

}  // namespace gale::net

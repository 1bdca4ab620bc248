// Reader and Writer: the two ends that bytes flow between, as Go's package io has them.
//
// A connection, a request's body and a response all are one or the other (or both), so that code which moves
// bytes is written once:
//
//   std::expected<std::string, gale::Error> body = gale::ReadAll(r.Body());
//   gale::Fprintln(w, "hello");   // see net/fmt.h
#pragma once

#include <cstddef>
#include <expected>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "gale/runtime/error.h"

namespace gale {

// Reader is a source of bytes.
class Reader {
 public:
  virtual ~Reader() = default;

  // Read blocks the goroutine until at least one byte is there, stores up to buffer.size() bytes and returns
  // how many. The end of the stream is the error Errc::kEof, always alone: a Read that returns bytes returns
  // no error. An empty buffer returns 0 at once. One goroutine at a time unless the implementation says more.
  virtual std::expected<std::size_t, Error> Read(std::span<char> buffer) = 0;
};

// Writer is a sink for bytes.
class Writer {
 public:
  virtual ~Writer() = default;

  // Write blocks the goroutine until all of data was taken and returns data.size(), or an error; on an error
  // some prefix may have been written. The data is not kept after the call.
  virtual std::expected<std::size_t, Error> Write(std::string_view data) = 0;
};

// ReadAll reads until the end of the stream. EOF is success. More than `limit` bytes is the error
// std::errc::message_size; what was read is dropped.
std::expected<std::string, Error> ReadAll(Reader& reader, std::size_t limit = std::numeric_limits<std::size_t>::max());

// Copy moves everything from reader to writer, up to EOF, and returns the number of bytes moved.
std::expected<std::size_t, Error> Copy(Writer& writer, Reader& reader);

}  // namespace gale

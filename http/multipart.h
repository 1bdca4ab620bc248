// MultipartReader: the parts of a multipart/form-data body, one after the other, as they arrive.
//
//   auto parts = r.MultipartReader();
//   if (!parts) return http::Error(w, parts.error().Message(), 400);
//   for (;;) {
//     auto part = (*parts)->NextPart();
//     if (!part && part.error() == gale::Errc::kEof) break;
//     if (!part) return http::Error(w, part.error().Message(), http::StatusForBodyError(part.error()));
//     Store((*part)->FormName(), (*part)->FileName(), **part);   // the part is a Reader
//   }
//
// Nothing is kept of what was read; Request::ParseMultipartForm is the way to have the whole form at once.
//
// Source: RFC 7578, RFC 2046 section 5.1; Go's mime/multipart. Lines end with CRLF and nothing else, and no transfer
// encoding is undone: RFC 7578 section 4.7 has none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "gale/http/header.h"
#include "gale/net/io.h"

namespace gale::http {

namespace internal {
class MultipartScanner;
}

// MultipartOptions are limits, so that no upload costs more than it may.
struct MultipartOptions {
  // The most parts; one more is MessageErrc::kTooManyParts.
  std::size_t max_parts = 1000;
  // The longest header of a part in bytes, and its most lines; beyond them is MessageErrc::kFormTooLarge.
  std::size_t max_header_bytes = 8 * 1024;
  std::size_t max_header_fields = 10;

  // For ParseMultipartForm only.

  // How many bytes of files are kept in memory; what does not fit goes to disk. Fields that are no files may take 10
  // MiB more; then it is MessageErrc::kFormTooLarge.
  std::int64_t max_memory = 32 << 20;
  // The most bytes of all parts together, in memory and on disk; beyond it is MessageErrc::kFormTooLarge.
  std::int64_t max_bytes = 1 << 30;
  // Where files go. They have no name there, and are gone with the process whatever happens. "": $TMPDIR, or /tmp.
  std::string temp_directory = {};
};

// Part is one part: its header, and as a Reader its content. Valid until the next NextPart. For one goroutine.
class Part : public Reader {
 public:
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  const http::Header& Header() const { return header_; }
  // FormName is the name parameter of a Content-Disposition "form-data", or "".
  const std::string& FormName() const { return form_name_; }
  // FileName is the filename parameter without what looks like a path, to slashes and backslashes alike, or "". It is
  // still the client's choice: do not make it the name of a file. The parameter filename* is ignored (RFC 7578 section
  // 4.2 forbids it). Header has what was sent.
  const std::string& FileName() const { return file_name_; }

  // Read fails as reading the body does, with Errc::kUnexpectedEof where no boundary follows.
  std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override;

 private:
  friend class MultipartReader;
  explicit Part(internal::MultipartScanner& scanner) : scanner_(scanner) {}
  gale::Error Begin(const MultipartOptions& options);

  internal::MultipartScanner& scanner_;
  http::Header header_;
  std::string form_name_;
  std::string file_name_;
};

// MultipartReader reads a body whose boundary is known. For one goroutine.
class MultipartReader {
 public:
  // body must outlive it.
  MultipartReader(Reader& body, std::string_view boundary, MultipartOptions options = {});
  MultipartReader(const MultipartReader&) = delete;
  MultipartReader& operator=(const MultipartReader&) = delete;
  ~MultipartReader();

  // NextPart skips what is left of the former part. After the last one it fails with Errc::kEof; with
  // Errc::kUnexpectedEof where the closing boundary is missing; with a MessageErrc if the body is malformed or beyond a
  // limit; or as reading the body does. After a failure it fails in the same way again.
  std::expected<Part*, gale::Error> NextPart();

  const MultipartOptions& Options() const { return options_; }

 private:
  gale::Error Advance();

  const MultipartOptions options_;
  std::unique_ptr<internal::MultipartScanner> scanner_;
  Part part_;
  std::size_t parts_ = 0;
  gale::Error error_;
};

}  // namespace gale::http

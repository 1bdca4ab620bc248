// MultipartForm: a whole multipart/form-data body, fields and files.
//
//   void Upload(http::ResponseWriter& w, http::Request& r) {
//     if (gale::Error error = r.ParseMultipartForm()) {
//       return http::Error(w, error.Message(), http::StatusForBodyError(error));
//     }
//     gale::Fprintf(w, "title: %s\n", r.FormValue("title"));
//     for (http::FormFile& file : r.MultipartForm().Files("photo")) {
//       gale::Fprintf(w, "%s: %d bytes\n", file.Filename(), file.Size());
//       (void)gale::Copy(storage, file);
//     }
//   }
//
// Source: Go's mime/multipart.Form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gale/http/header.h"
#include "gale/http/multipart.h"
#include "gale/http/values.h"
#include "gale/net/io.h"

namespace gale::http {

namespace internal {
struct UploadedFile;
}

// FormFile is one uploaded file, opened at its start. A handle: copies have the same content, in memory or on disk,
// which lives as long as any of them, and places of their own in it. One handle is for one goroutine.
class FormFile : public Reader {
 public:
  explicit FormFile(std::shared_ptr<const internal::UploadedFile> file) : file_(std::move(file)) {}

  // FieldName is the name of the form's field.
  const std::string& FieldName() const;
  // Filename is Part::FileName: the client's choice, without its directories. Do not make it the name of a file.
  const std::string& Filename() const;
  // Header is that of the part: Content-Type, as the client thinks.
  const http::Header& Header() const;
  // Size is in bytes.
  std::int64_t Size() const;
  // InMemory is false for a file that is on disk.
  bool InMemory() const;

  // Read goes on where the last one ended. ReadAt reads anywhere, and changes nothing about that.
  std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override;
  std::expected<std::size_t, gale::Error> ReadAt(std::span<char> buffer, std::int64_t offset) const;
  // Seek has Read go on at the offset from the start; not below 0.
  void Seek(std::int64_t offset) { offset_ = offset < 0 ? 0 : offset; }

 private:
  std::shared_ptr<const internal::UploadedFile> file_;
  std::int64_t offset_ = 0;
};

// MultipartForm is a value; its files are shared with its copies.
class MultipartForm {
 public:
  // Read reads all parts. Parts without a name are dropped; those with a file name are files, the others values. Fails
  // as MultipartReader::NextPart and Part::Read do, with MessageErrc::kFormTooLarge beyond the reader's options, and
  // with what the disk says (StatusForBodyError tells 507 from 500).
  static std::expected<MultipartForm, gale::Error> Read(MultipartReader& reader);

  // Value has the fields that are no files.
  const Values& Value() const { return values_; }
  // Files are those of a field, AllFiles those of all, in their order; each opened at its start.
  std::vector<FormFile> Files(std::string_view field) const;
  const std::vector<FormFile>& AllFiles() const { return files_; }
  // File is the first one of a field, if there is one.
  std::optional<FormFile> File(std::string_view field) const;

 private:
  friend class FormCollector;

  Values values_;
  std::vector<FormFile> files_;
};

}  // namespace gale::http

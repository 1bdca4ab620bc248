#include "gale/http/multipart_form.h"

#include <algorithm>
#include <utility>

#include "gale/http/internal/failure.h"
#include "gale/http/internal/temp_file.h"

namespace gale::http {

namespace internal {

struct UploadedFile {
  std::string field_name;
  std::string filename;
  http::Header header;
  std::int64_t size = 0;
  std::string content;  // unless spilled
  // All files of a form share one on disk: a form must not take as many descriptors as it has parts.
  std::shared_ptr<const TempFile> spilled;
  std::int64_t spilled_at = 0;
};

}  // namespace internal

const std::string& FormFile::FieldName() const { return file_->field_name; }
const std::string& FormFile::Filename() const { return file_->filename; }
const http::Header& FormFile::Header() const { return file_->header; }
std::int64_t FormFile::Size() const { return file_->size; }
bool FormFile::InMemory() const { return file_->spilled == nullptr; }

std::expected<std::size_t, gale::Error> FormFile::Read(std::span<char> buffer) {
  auto count = ReadAt(buffer, offset_);
  if (count) offset_ += static_cast<std::int64_t>(*count);
  return count;
}

std::expected<std::size_t, gale::Error> FormFile::ReadAt(std::span<char> buffer, std::int64_t offset) const {
  if (offset < 0) return std::unexpected(gale::Error(std::make_error_code(std::errc::invalid_argument)));
  if (buffer.empty()) return 0;
  if (offset >= file_->size) return std::unexpected(gale::Error(Errc::kEof));
  const auto left = static_cast<std::size_t>(file_->size - offset);
  buffer = buffer.first(std::min(buffer.size(), left));
  if (file_->spilled != nullptr) return file_->spilled->ReadAt(buffer, file_->spilled_at + offset);
  return file_->content.copy(buffer.data(), buffer.size(), static_cast<std::size_t>(offset));
}

// FormCollector reads the parts of one form and keeps account of what they take.
class FormCollector {
 public:
  explicit FormCollector(MultipartReader& reader)
      : reader_(reader),
        file_memory_(reader.Options().max_memory),
        memory_(reader.Options().max_memory + kMemoryOfValues),
        bytes_(reader.Options().max_bytes),
        buffer_(std::make_unique_for_overwrite<char[]>(kBufferSize)) {}

  gale::Error Collect();
  MultipartForm TakeForm() { return std::move(form_); }

 private:
  static constexpr std::int64_t kMemoryOfValues = 10 << 20;
  // What any part takes besides its texts, and what a file takes.
  static constexpr std::int64_t kMemoryOfPart = 200;
  static constexpr std::int64_t kMemoryOfFile = 3 * 1024;
  static constexpr std::size_t kBufferSize = 64 * 1024;

  gale::Error CollectPart(Part& part);
  gale::Error CollectValue(Part& part);
  gale::Error CollectFile(Part& part);
  gale::Error Append(internal::UploadedFile& file, std::string_view data);
  gale::Error Spill(internal::UploadedFile& file);
  gale::Error TakeMemory(std::int64_t count);
  std::expected<std::string_view, gale::Error> ReadSome(Part& part);

  MultipartReader& reader_;
  MultipartForm form_;
  // What may still be taken: memory for contents of files, memory in all, bytes in all.
  std::int64_t file_memory_;
  std::int64_t memory_;
  std::int64_t bytes_;
  std::unique_ptr<char[]> buffer_;
  std::shared_ptr<internal::TempFile> spill_;
};

gale::Error FormCollector::Collect() {
  for (;;) {
    const auto part = reader_.NextPart();
    if (!part) return part.error() == Errc::kEof ? gale::Error() : part.error();
    if ((*part)->FormName().empty()) continue;
    if (gale::Error error = CollectPart(**part)) return error;
  }
}

gale::Error FormCollector::CollectPart(Part& part) {
  std::int64_t size = kMemoryOfPart + static_cast<std::int64_t>(part.FormName().size());
  for (const auto& [name, value] : part.Header()) size += static_cast<std::int64_t>(name.size() + value.size());
  if (gale::Error error = TakeMemory(size)) return error;
  return part.FileName().empty() ? CollectValue(part) : CollectFile(part);
}

gale::Error FormCollector::CollectValue(Part& part) {
  std::string value;
  for (;;) {
    const auto data = ReadSome(part);
    if (!data && data.error() == Errc::kEof) break;
    if (!data) return data.error();
    if (gale::Error error = TakeMemory(static_cast<std::int64_t>(data->size()))) return error;
    value += *data;
  }
  form_.values_.Add(part.FormName(), value);
  return {};
}

gale::Error FormCollector::CollectFile(Part& part) {
  if (gale::Error error = TakeMemory(kMemoryOfFile)) return error;
  auto file = std::make_shared<internal::UploadedFile>();
  file->field_name = part.FormName();
  file->filename = part.FileName();
  file->header = part.Header();
  for (;;) {
    const auto data = ReadSome(part);
    if (!data && data.error() == Errc::kEof) break;
    if (!data) return data.error();
    if (gale::Error error = Append(*file, *data)) return error;
  }
  form_.files_.emplace_back(std::move(file));
  return {};
}

// In memory as long as there is room; with the first piece that does not fit the whole file moves to disk.
gale::Error FormCollector::Append(internal::UploadedFile& file, std::string_view data) {
  const auto size = static_cast<std::int64_t>(data.size());
  file.size += size;
  if (file.spilled == nullptr && size <= file_memory_) {
    file_memory_ -= size;
    memory_ -= size;
    file.content += data;
    return {};
  }
  if (gale::Error error = Spill(file)) return error;
  return spill_->Append(data);
}

gale::Error FormCollector::Spill(internal::UploadedFile& file) {
  if (file.spilled != nullptr) return {};
  if (spill_ == nullptr) {
    auto created = internal::TempFile::Create(reader_.Options().temp_directory);
    if (!created) return std::move(created).error();
    spill_ = *std::move(created);
  }
  file.spilled = spill_;
  file.spilled_at = spill_->Size();
  if (gale::Error error = spill_->Append(file.content)) return error;
  const auto freed = static_cast<std::int64_t>(file.content.size());
  file_memory_ += freed;
  memory_ += freed;
  std::string().swap(file.content);
  return {};
}

gale::Error FormCollector::TakeMemory(std::int64_t count) {
  memory_ -= count;
  return memory_ < 0 ? internal::Fault(MessageErrc::kFormTooLarge) : gale::Error();
}

// ReadSome fills the buffer as far as the part goes, so that a disk sees large pieces.
std::expected<std::string_view, gale::Error> FormCollector::ReadSome(Part& part) {
  std::size_t size = 0;
  while (size < kBufferSize) {
    const auto count = part.Read({buffer_.get() + size, kBufferSize - size});
    if (!count && count.error() == Errc::kEof && size > 0) break;
    if (!count) return std::unexpected(count.error());
    size += *count;
  }
  bytes_ -= static_cast<std::int64_t>(size);
  if (bytes_ < 0) return std::unexpected(internal::Fault(MessageErrc::kFormTooLarge));
  return std::string_view(buffer_.get(), size);
}

std::expected<MultipartForm, gale::Error> MultipartForm::Read(MultipartReader& reader) {
  FormCollector collector(reader);
  if (gale::Error error = collector.Collect()) return std::unexpected(std::move(error));
  return collector.TakeForm();
}

std::vector<FormFile> MultipartForm::Files(std::string_view field) const {
  std::vector<FormFile> files;
  std::copy_if(files_.begin(), files_.end(), std::back_inserter(files),
               [field](const FormFile& file) { return file.FieldName() == field; });
  return files;
}

std::optional<FormFile> MultipartForm::File(std::string_view field) const {
  const auto found =
      std::find_if(files_.begin(), files_.end(), [field](const FormFile& file) { return file.FieldName() == field; });
  if (found == files_.end()) return std::nullopt;
  return *found;
}

}  // namespace gale::http

#include "gale/http/multipart.h"

#include <utility>

#include "gale/http/internal/failure.h"
#include "gale/http/internal/media_type.h"
#include "gale/http/internal/multipart_scanner.h"

namespace gale::http {
namespace {

// The last element of a path, which may be one of another system.
std::string_view BaseName(std::string_view path) {
  const std::string_view name = path.substr(path.find_last_of("/\\") + 1);
  return name == "." || name == ".." ? std::string_view() : name;
}

}  // namespace

std::expected<std::size_t, gale::Error> Part::Read(std::span<char> buffer) { return scanner_.ReadData(buffer); }

gale::Error Part::Begin(const MultipartOptions& options) {
  header_.Clear();
  form_name_.clear();
  file_name_.clear();
  if (gale::Error error = scanner_.ReadHeader(header_, options.max_header_bytes, options.max_header_fields)) {
    return error;
  }
  const auto dispositions = header_.Values("Content-Disposition");
  if (dispositions.empty()) return {};
  // Of two, one reader would take the first and another the last.
  if (dispositions.size() > 1) return internal::Fault(MessageErrc::kMalformedPartHeader);
  const auto disposition = internal::ParseMediaType(dispositions.front());
  if (!disposition) return internal::Fault(MessageErrc::kMalformedPartHeader);
  if (disposition->name != "form-data") return {};
  if (const std::string* name = disposition->Find("name")) form_name_ = *name;
  if (const std::string* name = disposition->Find("filename")) file_name_ = BaseName(*name);
  return {};
}

MultipartReader::MultipartReader(Reader& body, std::string_view boundary, MultipartOptions options)
    : options_(std::move(options)),
      scanner_(std::make_unique<internal::MultipartScanner>(body, boundary, options_.max_header_bytes)),
      part_(*scanner_) {
  if (!internal::IsBoundary(boundary)) error_ = internal::Fault(MessageErrc::kInvalidBoundary);
}

MultipartReader::~MultipartReader() = default;

std::expected<Part*, gale::Error> MultipartReader::NextPart() {
  if (!error_) error_ = Advance();
  if (error_) return std::unexpected(error_);
  return &part_;
}

gale::Error MultipartReader::Advance() {
  if (gale::Error error = scanner_->NextDelimiter()) return error;
  if (++parts_ > options_.max_parts) return internal::Fault(MessageErrc::kTooManyParts);
  return part_.Begin(options_);
}

}  // namespace gale::http

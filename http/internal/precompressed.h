// OpenPrecompressed: a file's sibling that is already encoded, "site.css.br" for "site.css".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gale/http/internal/opened_file.h"

namespace gale::http {
class Request;
}

namespace gale::http::internal {

struct PrecompressedFile {
  std::string_view coding;  // for Content-Encoding
  OpenedFile file;
};

// OpenPrecompressed opens the sibling of `file` that the request's Accept-Encoding likes best; of those it likes alike,
// brotli before zstd before gzip. One that is older than the file is not used, nor where the request prefers no coding.
std::optional<PrecompressedFile> OpenPrecompressed(const FileOpener& opener, const std::string& name,
                                                   const OpenedFile& file, const Request& r);

}  // namespace gale::http::internal

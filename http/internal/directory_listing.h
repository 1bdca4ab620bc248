// ListDirectory: a folder's content as a page of links.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace gale::http::internal {

enum class DotFiles : bool { kShow, kHide };

// IsDotName tells whether a name is one that is hidden where dot files are: all that begin with a dot, but
// ".well-known", which RFC 8615 has for what is public.
bool IsDotName(std::string_view name);

// ListDirectory reads the open folder and returns a page with a link to each entry, sorted by name as bytes, folders
// with a slash behind them; or the errno of what went wrong. Other goroutines run meanwhile. Source: Go's
// net/http.dirList.
std::expected<std::string, int> ListDirectory(int directory, DotFiles dot_files);

}  // namespace gale::http::internal

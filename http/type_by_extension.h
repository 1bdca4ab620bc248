// TypeByExtension: what kind of file this is, judged by its name.
//
//   http::TypeByExtension("site.css");     // "text/css; charset=utf-8"
//   http::TypeByExtension("a.b/LICENSE");  // ""
#pragma once

#include <string_view>

namespace gale::http {

// TypeByExtension returns the media type for the extension of a file's name, in whatever case, or "" for one that it
// does not know. Texts are UTF-8. The table is built in: the files in which systems have theirs differ between
// machines. The view is valid forever. Thread-safe. Source: Go's mime.TypeByExtension; the IANA registry of media
// types.
std::string_view TypeByExtension(std::string_view name);

}  // namespace gale::http

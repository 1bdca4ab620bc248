#include "gale/http/strip_prefix.h"

#include <algorithm>
#include <string_view>

#include "gale/http/request.h"
#include "gale/http/response_writer.h"

namespace gale::http {
namespace {

// Restored runs a function at the end of the scope, however that is left.
template <typename Function>
class Restored {
 public:
  explicit Restored(Function function) : function_(std::move(function)) {}
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;
  ~Restored() { function_(); }

 private:
  Function function_;
};

}  // namespace

void StripPrefix::ServeHTTP(ResponseWriter& w, Request& r) {
  if (prefix_.empty()) return handler_.ServeHTTP(w, r);
  const std::string path = r.URL().Path();
  const std::string raw_path = r.URL().RawPath();
  const bool raw_starts = raw_path.empty() || raw_path.starts_with(prefix_);
  if (!path.starts_with(prefix_) || !raw_starts) return NotFound(w, r);
  const Restored restored([&] {
    r.URL().SetPath(path);
    r.URL().SetRawPath(raw_path);
  });
  r.URL().SetPath(std::string_view(path).substr(prefix_.size()));
  if (!raw_path.empty()) r.URL().SetRawPath(std::string_view(raw_path).substr(prefix_.size()));
  handler_.ServeHTTP(w, r);
}

void AllowQuerySemicolons::ServeHTTP(ResponseWriter& w, Request& r) {
  const std::string query = r.URL().RawQuery();
  if (query.find(';') == std::string::npos) return handler_.ServeHTTP(w, r);
  const Restored restored([&] { r.URL().SetRawQuery(query); });
  std::string changed = query;
  std::replace(changed.begin(), changed.end(), ';', '&');
  r.URL().SetRawQuery(changed);
  handler_.ServeHTTP(w, r);
}

void RedirectHandler::ServeHTTP(ResponseWriter& w, Request& r) { Redirect(w, r, url_, status_); }

void NotFoundHandler::ServeHTTP(ResponseWriter& w, Request& r) { NotFound(w, r); }

}  // namespace gale::http

// A form with a file upload, cookies, and protection against requests that other sites forge.
//
//   scripts/run forms
//   curl -b name=Ada -F title=Trip -F photo=@trip.jpg localhost:8080/upload
#include <chrono>
#include <cstdio>
#include <string>

#include "gale/examples/flags.h"
#include "gale/gale.h"

namespace http = gale::http;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kPage = R"(<!doctype html>
<title>Forms</title>
<form action="/name" method="post"><input name="name"> <button>Call me that</button></form>
<form action="/upload" method="post" enctype="multipart/form-data">
  <input name="title"> <input type="file" name="photo" multiple> <button>Upload</button>
</form>
)";

void ShowPage(http::ResponseWriter& w, http::Request&) {
  w.Header().Set("Content-Type", "text/html; charset=utf-8");
  gale::Fprint(w, kPage);
}

// What users send has to be encoded before it can be a cookie's value.
void SetName(http::ResponseWriter& w, http::Request& r) {
  if (gale::Error error = r.ParseForm()) return http::Error(w, error.Message(), http::StatusForBodyError(error));
  http::SetCookie(w, {.name = "name",
                      .value = http::QueryEscape(r.PostFormValue("name")),
                      .path = "/",
                      .max_age = 24h,
                      .http_only = true,
                      .same_site = http::SameSite::kLax});
  http::Redirect(w, r, "/", http::kStatusSeeOther);
}

void Upload(http::ResponseWriter& w, http::Request& r) {
  if (gale::Error error = r.ParseMultipartForm({.max_memory = 1 << 20})) {
    return http::Error(w, error.Message(), http::StatusForBodyError(error));
  }
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  if (auto name = r.Cookie("name")) {
    gale::Fprintf(w, "from: %s\n", http::QueryUnescape(name->value).value_or("?"));
  }
  gale::Fprintf(w, "title: %q\n", r.FormValue("title"));
  for (const http::FormFile& file : r.MultipartForm().Files("photo")) {
    gale::Fprintf(w, "photo: %q, %d bytes, %s\n", file.Filename(), file.Size(),
                  file.InMemory() ? "in memory" : "on disk");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string addr = FlagValue(argc, argv, "--addr", ":8080");
  http::ServeMux mux;
  mux.HandleFunc("GET /{$}", ShowPage);
  mux.HandleFunc("POST /name", SetName);
  mux.HandleFunc("POST /upload", Upload);

  http::MaxBytesHandler limited(mux, 100 << 20);
  http::CrossOriginProtection protection;
  auto handler = protection.Handler(limited);

  std::printf("Server running on %s\n", addr.c_str());
  std::fflush(stdout);
  if (auto err = http::ListenAndServe(addr, *handler)) {
    std::fprintf(stderr, "Error starting server: %s\n", err.Message().c_str());
    return 1;
  }
}

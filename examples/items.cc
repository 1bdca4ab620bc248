// A small API, with what most services have around their handlers: a log, identities for requests, and passwords.
//
//   scripts/run items
//   curl -d 'a kite' localhost:8080/items; curl localhost:8080/items/1
//   curl -u admin:secret -X DELETE localhost:8080/items/1
#include <atomic>
#include <charconv>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gale/examples/flags.h"
#include "gale/gale.h"

namespace http = gale::http;

namespace {

// Middleware takes the next handler, and is one. What it leaves for the handlers behind it is in the context.
const gale::ContextKey<std::string> kRequestId("request id");

http::HandlerFunc Identified(http::HandlerRef next) {
  auto last = std::make_shared<std::atomic<int>>(0);
  return http::HandlerFunc([next, last](http::ResponseWriter& w, http::Request& r) {
    const std::string id = gale::Sprintf("%06d", ++*last);
    w.Header().Set("X-Request-Id", id);
    r.SetContext(gale::WithValue(r.Context(), kRequestId, id));
    next.ServeHTTP(w, r);
  });
}

http::HandlerFunc Logged(http::HandlerRef next) {
  return http::HandlerFunc([next](http::ResponseWriter& w, http::Request& r) {
    const auto start = gale::Clock::now();
    next.ServeHTTP(w, r);
    std::puts(gale::Sprintf("%s %s %s took %v", *r.Context().Value(kRequestId), r.Method(), r.URL().Path(),
                            gale::Clock::now() - start)
                  .c_str());
  });
}

http::HandlerFunc ForAdmins(http::HandlerRef next) {
  return http::HandlerFunc([next](http::ResponseWriter& w, http::Request& r) {
    const auto who = r.BasicAuth();
    if (who && who->username == "admin" && who->password == "secret") return next.ServeHTTP(w, r);
    w.Header().Set("WWW-Authenticate", "Basic realm=\"items\"");
    http::Error(w, "for administrators", http::kStatusUnauthorized);
  });
}

class Items {
 public:
  void Create(http::ResponseWriter& w, http::Request& r) {
    http::MaxBytesReader body(w, r.Body(), 1000);
    auto text = gale::ReadAll(body);
    if (!text) return http::Error(w, text.error().Message(), http::StatusForBodyError(text.error()));
    const std::lock_guard lock(mutex_);
    texts_.push_back(*std::move(text));
    w.Header().Set("Location", gale::Sprintf("/items/%d", texts_.size()));
    w.WriteHeader(http::kStatusCreated);
  }

  // Nothing is written while the lock is held: that may wait for the client.
  void Show(http::ResponseWriter& w, http::Request& r) {
    std::optional<std::string> text;
    {
      const std::lock_guard lock(mutex_);
      if (auto* found = Find(r)) text = *found;
    }
    if (!text) return http::NotFound(w, r);
    w.Header().Set("Content-Type", "text/plain; charset=utf-8");
    gale::Fprintln(w, *text);
  }

  void Delete(http::ResponseWriter& w, http::Request& r) {
    const std::lock_guard lock(mutex_);
    auto* found = Find(r);
    if (found == nullptr) return http::NotFound(w, r);
    found->reset();
    w.WriteHeader(http::kStatusNoContent);
  }

 private:
  std::optional<std::string>* Find(http::Request& r) {
    std::size_t id = 0;
    const std::string_view text = r.PathValue("id");
    std::from_chars(text.data(), text.data() + text.size(), id);
    return id == 0 || id > texts_.size() || !texts_[id - 1] ? nullptr : &texts_[id - 1];
  }

  gale::Mutex mutex_;
  std::vector<std::optional<std::string>> texts_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string addr = FlagValue(argc, argv, "--addr", ":8080");
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Items items;
  http::ServeMux mux;
  mux.HandleFunc("POST /items", [&](auto& w, auto& r) { items.Create(w, r); });
  mux.HandleFunc("GET /items/{id}", [&](auto& w, auto& r) { items.Show(w, r); });
  mux.Handle("DELETE /items/{id}", ForAdmins([&](auto& w, auto& r) { items.Delete(w, r); }));

  std::printf("Server running on %s\n", addr.c_str());
  if (auto err = http::ListenAndServe(addr, Identified(Logged(mux)))) {
    std::fprintf(stderr, "Error starting server: %s\n", err.Message().c_str());
    return 1;
  }
}

// A chat in the browser: whoever has the page open hears at once what anybody says (server-sent events). One goroutine
// per listener waits for three things at the same time: a message, the next heartbeat, and the client's leaving.
//
//   scripts/run events
//   curl -N localhost:8080/events & curl -d text=hello localhost:8080/say
#include <chrono>
#include <cstdio>
#include <list>
#include <mutex>
#include <optional>
#include <string>

#include "gale/examples/flags.h"
#include "gale/gale.h"

namespace http = gale::http;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kPage = R"(<!doctype html>
<title>Events</title>
<form action="/say" method="post" target="nowhere"><input name="text"> <button>Say</button></form>
<ul></ul>
<iframe name="nowhere" hidden></iframe>
<script>
  new EventSource("/events").onmessage = (event) => {
    const item = document.createElement("li");
    item.textContent = event.data;
    document.querySelector("ul").append(item);
  };
</script>
)";

// Hub has a channel for each listener.
class Hub {
 public:
  using Channel = gale::Chan<std::string>;

  std::list<Channel>::iterator Join() {
    const std::lock_guard lock(mutex_);
    return listeners_.insert(listeners_.end(), Channel(16));
  }
  void Leave(std::list<Channel>::iterator listener) {
    const std::lock_guard lock(mutex_);
    listeners_.erase(listener);
  }
  // Who is 16 messages behind misses this one; nobody waits for him.
  void Say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    for (const Channel& listener : listeners_) (void)listener.TrySend(text);
  }

 private:
  gale::Mutex mutex_;
  std::list<Channel> listeners_;
};

void Listen(Hub& hub, http::ResponseWriter& w, http::Request& r) {
  const auto messages = hub.Join();
  struct Leaver {
    Hub& hub;
    std::list<Hub::Channel>::iterator listener;
    ~Leaver() { hub.Leave(listener); }
  } leaver{hub, messages};  // Go's defer

  w.Header().Set("Content-Type", "text/event-stream");
  w.Header().Set("Cache-Control", "no-cache");
  const gale::Context context = r.Context();
  const gale::Ticker heartbeat = gale::NewTicker(15s);
  bool is_there = !w.Flush();
  while (is_there) {
    gale::Select(gale::OnRecv(*messages, [&](auto text) { gale::Fprintf(w, "data: %s\n\n", *text); }),
                 gale::OnRecv(heartbeat.C(), [&] { gale::Fprint(w, ":\n\n"); }),
                 gale::OnRecv(context.Done(), [&] { is_there = false; }));
    if (w.Flush()) is_there = false;
  }
}

void Say(Hub& hub, http::ResponseWriter& w, http::Request& r) {
  std::string text(r.PostFormValue("text"));  // a copy: the views of a request end with it
  for (char& c : text) {
    if (c == '\r' || c == '\n') c = ' ';  // they would end the event
  }
  hub.Say(text);
  w.WriteHeader(http::kStatusNoContent);
}

}  // namespace

int main(int argc, char** argv) {
  Hub hub;
  http::ServeMux mux;
  mux.HandleFunc("GET /{$}", [](http::ResponseWriter& w, http::Request&) { gale::Fprint(w, kPage); });
  mux.HandleFunc("GET /events", [&](auto& w, auto& r) { Listen(hub, w, r); });
  mux.HandleFunc("POST /say", [&](auto& w, auto& r) { Say(hub, w, r); });

  http::Server server({.addr = FlagValue(argc, argv, "--addr", ":8080"), .handler = &mux});
  if (auto err = http::RunUntilSignal(server, {.drain_timeout = 1s}); err && err != gale::Errc::kDeadlineExceeded) {
    std::fprintf(stderr, "%s\n", err.Message().c_str());
    return 1;
  }
}

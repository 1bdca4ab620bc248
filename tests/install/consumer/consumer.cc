// Uses a little of every floor, so that all of them must compile and link from outside.
#include <cstdio>

#include "gale/gale.h"

int main() {
  gale::http::ServeMux mux;
  mux.HandleFunc(
      "/", [](gale::http::ResponseWriter& w, gale::http::Request& r) { gale::Fprintf(w, "%s\n", r.URL().Path()); });
  gale::Chan<int> channel(1);
  channel.Send(7);
  std::printf("%s\n", gale::Error(gale::Errc::kEof).Message().c_str());
}

// H1Exchange: what a connection needs only while it answers requests: buffers, parser, request and response.
//
// An idle keep-alive connection holds none of this. It takes an exchange from the pool when bytes arrive, and gives
// it back when everything that arrived has been answered; so memory and cache footprint follow the number of requests
// in progress, not the number of connections.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "gale/http/internal/h1_body.h"
#include "gale/http/internal/h1_response.h"
#include "gale/http/internal/h1_wire.h"
#include "gale/http/internal/head_parser.h"
#include "gale/http/request.h"
#include "gale/runtime/internal/span_memory.h"

namespace gale::http::internal {

using LogFunction = std::function<void(std::string_view)>;

struct H1Exchange : gale::internal::SpanStored {
  H1Exchange(const HeadOptions& head_options, const ChunkOptions& chunk_options, const LogFunction& log)
      : parser(request.Header(), head_options),
        body(wire, request.Trailer(), chunk_options),
        response(wire, body, log) {}

  H1Wire wire;
  http::Request request;
  HeadParser parser;
  H1Body body;
  H1Response response;
  H1Exchange* next_free = nullptr;
};

// H1ExchangePool keeps the exchanges of one server. Thread-safe.
class H1ExchangePool {
 public:
  // log must outlive the pool.
  H1ExchangePool(const HeadOptions& head_options, const ChunkOptions& chunk_options, const LogFunction& log);
  ~H1ExchangePool();

  H1Exchange* Take();
  void Give(H1Exchange* exchange);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gale::http::internal

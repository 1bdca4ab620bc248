// Stats: how the soak's server is doing, as JSON.
#pragma once

#include "gale/http/response_writer.h"
#include "gale/tests/soak/counters.h"

namespace gale::soak {

// WriteStats answers with one object: goroutines, what Counters has, open descriptors, threads, memory in KiB as the
// kernel counts it (VmRSS and Pss), and the runtime's metrics.
void WriteStats(http::ResponseWriter& w, const Counters& counters);

}  // namespace gale::soak

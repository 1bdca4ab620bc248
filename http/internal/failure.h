// Failure: a MessageErrc as the result of a function.
#pragma once

#include <expected>

#include "gale/http/message_errc.h"
#include "gale/runtime/error.h"

namespace gale::http::internal {

inline gale::Error Fault(MessageErrc code) { return gale::Error(make_error_code(code)); }

inline std::unexpected<gale::Error> Failure(MessageErrc code) { return std::unexpected(Fault(code)); }

}  // namespace gale::http::internal

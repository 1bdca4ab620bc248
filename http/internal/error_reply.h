// Error replies: what a client gets whose message is not a request.
#pragma once

#include "gale/http/internal/output_buffer.h"
#include "gale/http/internal/parse_result.h"

namespace gale::http::internal {

// ErrorBody is kOmit for the answer to a HEAD request.
enum class ErrorBody : bool { kOmit, kSend };

// AppendErrorReply appends a complete response that announces the end of the connection. Its body is Go's: the
// status, and the text if there is one ("400 Bad Request: missing required Host header"). Nothing of what the client
// sent is in it.
void AppendErrorReply(OutputBuffer& out, const ParseError& error, ErrorBody send_body = ErrorBody::kSend);

}  // namespace gale::http::internal

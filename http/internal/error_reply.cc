#include "gale/http/internal/error_reply.h"

#include <string>

#include "gale/http/internal/date.h"
#include "gale/http/internal/status_line.h"
#include "gale/http/status.h"

namespace gale::http::internal {

namespace {

std::string BodyOf(const ParseError& error) {
  if (error.status == kStatusExpectationFailed) return "";
  if (error.status == kStatusNotImplemented && !error.Text().empty()) return std::string(error.Text());
  std::string body = std::to_string(error.status);
  body += ' ';
  body += StatusText(error.status);
  if (!error.Text().empty()) {
    body += ": ";
    body += error.Text();
  }
  return body;
}

}  // namespace

void AppendErrorReply(OutputBuffer& out, const ParseError& error, ErrorBody send_body) {
  std::string body = BodyOf(error);
  AppendStatusLine(out, /*minor_version=*/1, error.status);
  out.Append("Date: ");
  out.Append(CachedDate::Now().View());
  out.Append("\r\n");
  if (!body.empty()) out.Append("Content-Type: text/plain; charset=utf-8\r\n");
  out.Append("Content-Length: ");
  out.Append(std::to_string(body.size()));
  out.Append("\r\nConnection: close\r\n\r\n");
  if (send_body == ErrorBody::kSend) out.Append(body);
}

}  // namespace gale::http::internal

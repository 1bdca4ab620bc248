// Request: what a client asked for.
//
//   void Handler(http::ResponseWriter& w, http::Request& r) {
//     r.Method();                   // "GET"
//     r.URL().Path();               // "/items/7", percent-decoded
//     r.URL().Query().Get("page");  // "2"
//     r.PathValue("id");            // "7", with the pattern "/items/{id}"
//     r.Header().Get("Accept");
//     auto body = gale::ReadAll(r.Body(), 1 << 20);
//     auto rows = Query(r.Context(), "...");   // given up when the client goes away
//   }
#pragma once

#include <concepts>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gale/http/cookie.h"
#include "gale/http/header.h"
#include "gale/http/multipart_form.h"
#include "gale/http/url.h"
#include "gale/http/values.h"
#include "gale/net/io.h"
#include "gale/runtime/context.h"

namespace gale::http {

namespace internal {

// ContextSource makes the context of a request that asks for it.
class ContextSource {
 public:
  virtual gale::Context MakeContext() = 0;

 protected:
  ~ContextSource() = default;
};

}  // namespace internal

namespace internal {
struct ParsedForm;
}

// BasicCredentials is what Request::BasicAuth returns.
struct BasicCredentials {
  std::string username;  // without ":"
  std::string password;
};

// NoBody is the content of a message that has none: Read reports EOF at once. Safe to use from everywhere.
Reader& NoBody();

// Request is one request as the server received it, or as a test made it. It belongs to the server: the object
// and every view that it returns are valid until the handler returns, so copy what must live longer. For one
// goroutine at a time. Source: Go's net/http.Request.
class Request {
 public:
  // A Request made by hand is "GET / HTTP/1.1" with an empty body.
  Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  ~Request();

  std::string_view Method() const { return method_; }
  const http::URL& URL() const { return url_; }
  http::URL& URL() { return url_; }
  std::string_view Proto() const { return {proto_, sizeof proto_}; }  // "HTTP/1.1"
  int ProtoMajor() const { return proto_major_; }
  int ProtoMinor() const { return proto_minor_; }
  bool ProtoAtLeast(int major, int minor) const {
    return proto_major_ > major || (proto_major_ == major && proto_minor_ >= minor);
  }

  // Header holds the request's fields, except Host, which Host() has.
  const http::Header& Header() const { return header_; }
  http::Header& Header() { return header_; }
  // UserAgent is the field User-Agent, Referer the field of that name (HTTP misspells it), or "".
  std::string_view UserAgent() const { return header_.Get("User-Agent"); }
  std::string_view Referer() const { return header_.Get("Referer"); }
  // Trailer holds the fields that followed a chunked body; complete once Body has reported EOF. Fields that would
  // change how the request was read or routed are left out (RFC 9110 section 6.5.1).
  const http::Header& Trailer() const { return trailer_; }
  http::Header& Trailer() { return trailer_; }
  // Host is the authority asked for: of an absolute target, else of the Host field. May be "host:port".
  std::string_view Host() const { return host_; }

  // Body is the request's content; at its end, and where there is none, Read reports EOF. Never missing.
  Reader& Body() { return *body_; }
  // ContentLength is the body's size in bytes, or -1 if it is not known beforehand (chunked).
  std::int64_t ContentLength() const { return content_length_; }

  // RemoteAddr is the client's "ip:port".
  std::string_view RemoteAddr() const { return remote_addr_; }
  // RequestURI is the target of the request line, as it was sent.
  std::string_view RequestURI() const { return request_uri_; }
  // Close tells that the client wants the connection closed after the response.
  bool Close() const { return close_; }

  // Context is done when the handler has returned, when the client has gone away (it closed the connection, or its
  // direction of it, or the connection failed; what it has sent meanwhile, another request perhaps, does not matter),
  // and when the server is closed. It has what ServerOptions::base_context and conn_context gave it, and the values of
  // kServerContextKey and kLocalAddrContextKey. Unlike the request, it may be kept and used by other goroutines. A
  // request made by hand has Background(). Nothing is watched until the first call, which costs a microsecond.
  gale::Context Context() const {
    if (context_source_ != nullptr) MakeContext();
    return context_;
  }
  // SetContext replaces it, for the handlers that get the request from now on: mostly by one made from it, with
  // WithValue or WithTimeout. (Go's WithContext makes a copy of the request.)
  void SetContext(gale::Context context) {
    context_source_ = nullptr;
    context_ = std::move(context);
  }

  // Pattern is the pattern of the ServeMux that matched, or "".
  std::string_view Pattern() const { return pattern_; }
  // PathValue is what the pattern's wildcard {name} matched, percent-decoded, or "".
  std::string_view PathValue(std::string_view name) const;

  // Cookies are those that the client sent, parsed anew at each call; Cookie is the first of a name, CookiesNamed are
  // all. Malformed ones are skipped, and more than kMaxCookies make all of them disappear.
  std::vector<http::Cookie> Cookies() const { return CookiesOf(header_); }
  std::optional<http::Cookie> Cookie(std::string_view name) const { return CookieNamed(header_, name); }
  std::vector<http::Cookie> CookiesNamed(std::string_view name) const;
  // AddCookie adds name and value to the Cookie field; for clients and tests. Throws gale::Panic if they are malformed.
  void AddCookie(const http::Cookie& cookie);

  // ParseForm reads the query, and of a POST, PUT or PATCH a urlencoded body of up to 10 MiB (a MaxBytesReader as the
  // body sets another limit), into Form and PostForm. Pairs with a bad escape or a ";" are left out; the error tells
  // of the first one, or why the body could not be read, in a MessageErrc; see StatusForBodyError. Later calls do
  // nothing and return the same.
  gale::Error ParseForm();
  // Form has the body's values before those of the query, PostForm the body's alone. Empty before ParseForm.
  const Values& Form();
  const Values& PostForm();
  // FormValue is the first value of the key in Form, PostFormValue in PostForm, or "". Both parse what is not parsed
  // yet, and ignore what is wrong with it: call ParseForm to be told.
  std::string_view FormValue(std::string_view key);
  std::string_view PostFormValue(std::string_view key);

  // ParseMultipartForm calls ParseForm, reads a multipart/form-data body into MultipartForm, and adds its values to
  // Form and PostForm. FormValue and PostFormValue call it with the default options. Fails with
  // MessageErrc::kNotMultipart for other bodies, and as MultipartForm::Read does. Later calls do nothing and return
  // the same.
  gale::Error ParseMultipartForm(const MultipartOptions& options = {});
  // As in Go, with max_memory alone.
  template <std::integral Bytes>
  gale::Error ParseMultipartForm(Bytes max_memory) {
    return ParseMultipartForm({.max_memory = static_cast<std::int64_t>(max_memory)});
  }
  // MultipartForm is empty before ParseMultipartForm.
  const http::MultipartForm& MultipartForm();
  // FormFile is the first uploaded file of a form's field. Parses what is not parsed yet. Fails as that does, and with
  // MessageErrc::kMissingFile.
  std::expected<http::FormFile, gale::Error> FormFile(std::string_view field);
  // MultipartReader reads the parts of a multipart/form-data body one by one instead; see its header. Valid as long as
  // the request; for once.
  std::expected<http::MultipartReader*, gale::Error> MultipartReader(const MultipartOptions& options = {});

  // BasicAuth is what the client says in its Authorization field with the scheme Basic (RFC 7617), if anything. To
  // compare a password takes constant time only if you see to it.
  std::optional<BasicCredentials> BasicAuth() const;
  // SetBasicAuth sets that field; for clients and tests.
  void SetBasicAuth(std::string_view username, std::string_view password);

  // Clone makes a copy that lives on its own, with another Context; only the body is the same, and must outlive it.
  // What was parsed of a form is copied. The copy has the trailers that have been read so far.
  std::unique_ptr<Request> Clone(gale::Context context);

  // The setters are for servers, middleware and tests. Strings are copied.
  void SetMethod(std::string_view method) { method_ = strings_.Copy(method); }
  void SetProto(int major, int minor);  // each 0 to 9
  void SetHost(std::string_view host) { host_ = strings_.Copy(host); }
  void SetBody(Reader& body, std::int64_t content_length);  // not owned: must outlive the request
  void SetRemoteAddr(std::string_view addr) { remote_addr_ = strings_.Copy(addr); }
  void SetRequestURI(std::string_view target) { request_uri_ = strings_.Copy(target); }
  void SetClose(bool close) { close_ = close; }
  void SetPattern(std::string_view pattern) { pattern_ = strings_.Copy(pattern); }
  void SetPathValue(std::string_view name, std::string_view value);
  void ClearPathValues() { path_values_used_ = 0; }

  // Views are what BindViews takes.
  struct Views {
    std::string_view method;
    std::string_view host;
    std::string_view request_uri;
    std::string_view remote_addr;
  };
  // BindViews starts a new request: it replaces those four without copying them, and clears the pattern and the path
  // values. For servers, whose buffers outlive the request.
  void BindViews(const Views& views);

  // BindContext has the first call of Context ask `source`. After BindViews, which forgets it.
  void BindContext(internal::ContextSource& source) { context_source_ = &source; }

  // Reset makes it "GET / HTTP/1.1" again, keeping memory for reuse. Views of the former request become invalid.
  void Reset();

 private:
  void MakeContext() const;
  internal::ParsedForm& FormState();

  internal::Arena strings_;  // what the setters copy
  std::string_view method_ = "GET";
  http::URL url_;
  int proto_major_ = 1;
  int proto_minor_ = 1;
  char proto_[8] = {'H', 'T', 'T', 'P', '/', '1', '.', '1'};
  http::Header header_;
  http::Header trailer_;
  std::string_view host_;
  Reader* body_;
  std::int64_t content_length_ = 0;
  std::string_view remote_addr_;
  std::string_view request_uri_ = "/";
  bool close_ = false;
  mutable internal::ContextSource* context_source_ = nullptr;
  mutable gale::Context context_;
  std::string_view pattern_;
  // The first path_values_used_ entries are in use; the others keep their strings' memory.
  std::vector<std::pair<std::string, std::string>> path_values_;
  std::size_t path_values_used_ = 0;
  std::unique_ptr<internal::ParsedForm> form_;  // made by whoever first asks for a form
};

}  // namespace gale::http

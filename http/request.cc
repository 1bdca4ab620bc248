#include "gale/http/request.h"

#include "gale/http/internal/parsed_form.h"

namespace gale::http {
namespace {

class EmptyReader : public Reader {
 public:
  std::expected<std::size_t, gale::Error> Read(std::span<char> buffer) override {
    if (buffer.empty()) return 0;
    return std::unexpected(gale::Error(Errc::kEof));
  }
};

}  // namespace

Reader& NoBody() {
  static EmptyReader empty;
  return empty;
}

Request::Request() : body_(&NoBody()) { url_.SetPath("/"); }

Request::~Request() = default;

std::string_view Request::PathValue(std::string_view name) const {
  for (std::size_t i = 0; i < path_values_used_; ++i) {
    if (path_values_[i].first == name) return path_values_[i].second;
  }
  return {};
}

void Request::SetProto(int major, int minor) {
  proto_major_ = major;
  proto_minor_ = minor;
  proto_[5] = static_cast<char>('0' + major);
  proto_[7] = static_cast<char>('0' + minor);
}

void Request::SetBody(Reader& body, std::int64_t content_length) {
  body_ = &body;
  content_length_ = content_length;
}

void Request::SetPathValue(std::string_view name, std::string_view value) {
  for (std::size_t i = 0; i < path_values_used_; ++i) {
    if (path_values_[i].first == name) {
      path_values_[i].second = value;
      return;
    }
  }
  if (path_values_used_ == path_values_.size()) path_values_.emplace_back();
  path_values_[path_values_used_].first = name;
  path_values_[path_values_used_].second = value;
  ++path_values_used_;
}

void Request::MakeContext() const {
  context_ = context_source_->MakeContext();
  context_source_ = nullptr;
}

std::unique_ptr<Request> Request::Clone(gale::Context context) {
  auto copy = std::make_unique<Request>();
  copy->SetMethod(method_);
  copy->url_ = url_;
  copy->SetProto(proto_major_, proto_minor_);
  copy->header_ = header_;
  copy->trailer_ = trailer_;
  copy->SetHost(host_);
  copy->SetBody(*body_, content_length_);
  copy->SetRemoteAddr(remote_addr_);
  copy->SetRequestURI(request_uri_);
  copy->SetClose(close_);
  copy->SetContext(std::move(context));
  copy->SetPattern(pattern_);
  for (std::size_t i = 0; i < path_values_used_; ++i) {
    copy->SetPathValue(path_values_[i].first, path_values_[i].second);
  }
  if (form_ != nullptr) copy->form_ = form_->Clone();
  return copy;
}

void Request::BindViews(const Views& views) {
  strings_.Reset();
  method_ = views.method;
  host_ = views.host;
  request_uri_ = views.request_uri;
  remote_addr_ = views.remote_addr;
  SetContext({});
  pattern_ = {};
  ClearPathValues();
  if (form_ != nullptr) form_.reset();
}

void Request::Reset() {
  BindViews({.method = "GET", .host = {}, .request_uri = "/", .remote_addr = {}});
  url_.Clear();
  url_.SetPath("/");
  SetProto(1, 1);
  header_.Clear();
  trailer_.Clear();
  SetBody(NoBody(), 0);
  close_ = false;
}

}  // namespace gale::http

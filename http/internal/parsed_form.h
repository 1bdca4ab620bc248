// ParsedForm: what a Request keeps of its form once somebody has asked for it.
#pragma once

#include <memory>

#include "gale/http/multipart.h"
#include "gale/http/multipart_form.h"
#include "gale/http/values.h"
#include "gale/runtime/error.h"

namespace gale::http::internal {

struct ParsedForm {
  bool form_parsed = false;
  gale::Error form_error;
  Values form;
  Values post_form;

  bool multipart_parsed = false;
  gale::Error multipart_error;
  MultipartForm multipart_form;
  // What Request::MultipartReader has given out.
  std::unique_ptr<MultipartReader> multipart_reader;

  // Clone has all but the reader, whose body is that of another request.
  std::unique_ptr<ParsedForm> Clone() const;
};

}  // namespace gale::http::internal

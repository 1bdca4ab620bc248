// ParsedForm: what a Request keeps of its form once somebody has asked for it.
#pragma once

#include "gale/http/values.h"
#include "gale/runtime/error.h"

namespace gale::http::internal {

struct ParsedForm {
  bool form_parsed = false;
  gale::Error form_error;
  Values form;
  Values post_form;
};

}  // namespace gale::http::internal

// All of Gale's HTTP.
#pragma once

#include "gale/http/conn_state.h"
#include "gale/http/cookie.h"
#include "gale/http/default_serve_mux.h"
#include "gale/http/handler.h"
#include "gale/http/handler_ref.h"
#include "gale/http/header.h"
#include "gale/http/max_bytes.h"
#include "gale/http/message_errc.h"
#include "gale/http/request.h"
#include "gale/http/response_writer.h"
#include "gale/http/run_until_signal.h"
#include "gale/http/serve_mux.h"
#include "gale/http/server.h"
#include "gale/http/sniff.h"
#include "gale/http/status.h"
#include "gale/http/url.h"

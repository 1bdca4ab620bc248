// All of httptest: handlers and servers under test.
#pragma once

#include "gale/http/httptest/new_request.h"
#include "gale/http/httptest/response_recorder.h"
#include "gale/http/httptest/server.h"

// All of Gale.
#pragma once

#include "gale/http/http.h"
#include "gale/net/net.h"
#include "gale/runtime/runtime.h"

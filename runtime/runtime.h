// All of Gale's runtime.
#pragma once

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/cond.h"
#include "gale/runtime/context.h"
#include "gale/runtime/dump.h"
#include "gale/runtime/error.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/once.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/rw_mutex.h"
#include "gale/runtime/select.h"
#include "gale/runtime/thread_annotations.h"
#include "gale/runtime/time.h"
#include "gale/runtime/trace.h"
#include "gale/runtime/wait_group.h"

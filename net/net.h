// The net floor: addresses, connections, listeners, and formatted output to them.
#pragma once

#include "gale/net/accept_backoff.h"
#include "gale/net/addr.h"
#include "gale/net/conn.h"
#include "gale/net/dial.h"
#include "gale/net/fmt.h"
#include "gale/net/io.h"
#include "gale/net/listener.h"
#include "gale/net/pipe.h"
#include "gale/net/prefix.h"
#include "gale/net/proxy_protocol.h"
#include "gale/net/string_reader.h"
#include "gale/net/systemd.h"

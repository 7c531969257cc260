/* SPDX-License-Identifier: MIT */
/* What an HTTP service consists of: for http.c and exchange.c alone. */
#ifndef TOOLS_SERVER_HTTP_HTTP_SERVICE_H
#define TOOLS_SERVER_HTTP_HTTP_SERVICE_H

#include <stdatomic.h>

#include "tools/server/http/deadline.h"
#include "tools/server/http/http.h"
#include "tools/server/http/tickets.h"

struct http_service {
	struct MHD_Daemon *daemon;
	const struct route *routes, *pages;
	route_refuse_fn refuse_page;
	struct store_pool *stores;
	struct server *server;
	struct lane lanes[LANE_COUNT]; /* LANE_NONE has none */
	struct http_listener listener;
	struct deadlines deadlines;
	struct tickets tickets;
	unsigned int connections_max;
	_Atomic size_t bytes;  /* of bodies and answers that are in memory */
	atomic_uint exchanges; /* that were begun and are not over */
	atomic_bool is_serving;
};

#endif

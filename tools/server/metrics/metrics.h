/* SPDX-License-Identifier: MIT */
/* GET /metrics for Prometheus, without TLS, on an address of this machine alone.  It is not a path of
 * the API: what scrapes has no account, and should have no secret. */
#ifndef TOOLS_SERVER_METRICS_METRICS_H
#define TOOLS_SERVER_METRICS_METRICS_H

#include <netinet/in.h>

#include "common/error.h"
#include "tools/server/http/http.h"

#define METRICS_SIZE_MAX (4 * MIB)

/* Reads HOST:PORT.  -EINVAL for an address that others reach. */
must_use int metrics_read_address(const char *text, struct sockaddr_storage *ret_address,
				  struct error *error);

struct metrics_service;

/* Begins to answer; `store` becomes its own, also on failure, and the others outlive it. */
must_use int metrics_start(const struct sockaddr_storage *address, struct server *server,
			   struct http_service *http, struct store *store,
			   struct metrics_service **ret_service);

/* The port that was chosen where the address had none. */
unsigned int metrics_port(const struct metrics_service *service);

/* Accepts NULL. */
void metrics_stop(struct metrics_service *service);

#endif

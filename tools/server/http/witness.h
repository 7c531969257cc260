/* SPDX-License-Identifier: MIT */
/* Sees what happens to requests: counts it, and writes down what whoever runs the server should know. */
#ifndef TOOLS_SERVER_HTTP_WITNESS_H
#define TOOLS_SERVER_HTTP_WITNESS_H

#include "tools/server/http/http.h"

#define WITNESS_SLOW_NS (5 * SECOND_NS) /* a log-in takes one second at most, a push 20 at worst */

/* The listener of an HTTP service whose routes are ROUTES; `server` is a struct server. */
void witness_hear(void *server, const struct http_event *event);

#endif

/* SPDX-License-Identifier: MIT */
/* One request, from its first line to the end of its answer, as libmicrohttpd tells of it. */
#ifndef TOOLS_SERVER_HTTP_EXCHANGE_H
#define TOOLS_SERVER_HTTP_EXCHANGE_H

#include <microhttpd.h>

#include "tools/server/http/route.h"

struct exchange;
struct http_service;

/* Its head is there: it is refused, or `ret_exchange` begins. */
enum MHD_Result exchange_begin(struct http_service *service, struct MHD_Connection *connection,
			       const struct request *request, void **ret_exchange);

/* A piece of its body is there; `length` becomes 0.  Refusing in the middle of a body ends the
 * connection. */
enum MHD_Result exchange_take(struct exchange *exchange, const char *bytes, size_t *length);

/* All of it is there, or whoever had it has let it go: it is answered, or waits for that. */
enum MHD_Result exchange_answer(struct exchange *exchange);

/* Accepts NULL. */
void exchange_free(struct exchange *exchange);

#endif

/* SPDX-License-Identifier: MIT */
/* HTTPS with libmicrohttpd, and the guards around it (control-plane.md 5.1): what two readers could
 * take for different requests is refused, and nothing that is sent is read without end. */
#ifndef TOOLS_SERVER_HTTP_HTTP_H
#define TOOLS_SERVER_HTTP_HTTP_H

#include <netinet/in.h>

#include "common/error.h"
#include "tools/server/http/lane.h"
#include "tools/server/http/route.h"
#include "tools/server/store/store_pool.h"

#define HTTP_THREADS     4u
#define HTTP_HEADERS_MAX (32 * KIB) /* of one connection, its answers' included */
#define HTTP_IDLE_S      15u
#define HTTP_REQUEST_NS  (60 * SECOND_NS) /* from the end of its head to its last byte */
#define HTTP_ANSWER_NS   (60 * SECOND_NS) /* until it is read, and a second more for each … */
#define HTTP_ANSWER_RATE (32 * KIB)
#define HTTP_END_NS      (5 * SECOND_NS)
#define HTTP_BYTES_MAX   (256 * MIB) /* of bodies and answers at once; beyond there is 503 */
#define HTTP_CONNECTIONS 20000u      /* fewer where there are not so many descriptors */
#define HTTP_STORES      (HTTP_THREADS + LANES_THREADS + 1) /* of all threads */

enum http_event_kind {
	HTTP_ANSWERED,
	HTTP_AMBIGUOUS, /* two readers could take it for different requests; it is answered as well */
	HTTP_CUT,       /* it was too slow (deadline.h), or its body longer than its path takes */
	HTTP_ODD,       /* libmicrohttpd wonders */
};

/* What happened.  All of it lives until the listener returns. */
struct http_event {
	enum http_event_kind kind;
	const struct sockaddr *address; /* whose; NULL: nobody's */
	const struct route *route;      /* NULL: there is none */
	unsigned int status;            /* 0: there is no answer */
	uint64_t took_ns;               /* without the time for which it was held */
	const char *why;                /* "" or NULL: nothing is known */
};

/* Is told what happens, by many threads at once. */
struct http_listener {
	void (*tell)(void *context, const struct http_event *event);
	void *context;
};

struct http_settings {
	struct sockaddr_storage address;
	const char *certificate, *key;      /* PEM; the key's may be wiped afterwards */
	const struct route *routes, *pages; /* the API's, and people's with a browser */
	route_refuse_fn refuse_page; /* for those who ask for text/html; NULL: problems alone */
	struct store_pool *stores;   /* both live longer than the service */
	struct server *server;
	struct http_listener listener;
};

struct http_service;

/* What the service has to do now, and had to leave since it began. */
struct http_gauges {
	size_t connections, connections_max;
	struct lane_gauges lanes[LANE_COUNT];
};

/* A header of the request; `at` is NULL when it has none of that name. */
struct slice http_header(const struct request *request, const char *name);

/* What the path is followed by: ?name=value. */
struct slice http_argument(const struct request *request, const char *name);

/* All that stands behind the path's question mark, as it was sent. */
void http_query(const struct request *request, struct buf *out);

/* What a browser was given to keep under that name. */
struct slice http_cookie(const struct request *request, const char *name);

/* Begins to answer.  The signals that the caller waits for are blocked by now. */
must_use int http_start(const struct http_settings *settings, struct http_service **ret_service,
			struct error *error);

/* The port that was chosen where the address had none. */
unsigned int http_port(const struct http_service *service);

void http_look(struct http_service *service, struct http_gauges *ret_gauges);

/* Ends it: nobody else is heard, and answers that were begun are finished within HTTP_END_NS. */
void http_stop(struct http_service *service);

#endif

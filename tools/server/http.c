/* SPDX-License-Identifier: MIT */
#include "tools/server/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tools/server/guard.h"
#include "tools/server/lane.h"
#include "tools/server/response.h"
#include "tools/server/server.h"

#define ALLOWED_MAX 256u
#define PRIORITIES  "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct http_service {
	struct MHD_Daemon *daemon;
	const struct route *routes;
	struct store_pool *stores;
	struct server *server;
	struct lane lanes[LANE_COUNT]; /* LANE_NONE has none */
	struct http_listener listener;
	atomic_bool is_serving;
};

/* One request, from its first line to the end of its answer.  While its connection is suspended it
 * belongs to a lane or to those that are held. */
struct exchange {
	struct http_service *service;
	struct MHD_Connection *connection;
	struct request request;
	const struct route *route;
	struct buf body;
	struct reply reply;
	uint64_t until_ns;
	uint64_t held_since_ns; /* 0: it is not held */
	uint64_t held_ns;       /* for which it was */
	struct job job;
	struct held held;
	bool is_answered; /* by a lane */
};

static const struct sockaddr *address_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *told =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return told ? told->client_addr : NULL;
}

static void tell(const struct exchange *exchange, enum http_event_kind kind, unsigned int status,
		 const char *why)
{
	const struct http_listener *listener = &exchange->service->listener;
	struct http_event event = {
		.kind = kind,
		.address = address_of(exchange->connection),
		.route = exchange->route,
		.status = status,
		.took_ns = monotonic_ns() - exchange->request.begun_ns - exchange->held_ns,
		.why = why,
	};

	listener->tell(listener->context, &event);
}

static enum MHD_Result send_reply(const struct exchange *exchange, struct reply *reply,
				  const struct buf *allowed)
{
	if (reply->body.failed)
		reply_failure(reply, MHD_HTTP_INTERNAL_SERVER_ERROR, "the answer is too long",
			      "the answer is too long");
	struct MHD_Response *response = response_new(reply, allowed);
	enum MHD_Result result =
		response ? MHD_queue_response(exchange->connection, reply->status, response)
			 : MHD_NO;

	tell(exchange, HTTP_ANSWERED, reply->status, reply->why);
	if (response)
		MHD_destroy_response(response);
	return result;
}

/* What cannot be answered as it was asked. */
struct objection {
	unsigned int status;
	const char *detail;
	struct buf *allowed;
};

static enum MHD_Result refuse(const struct exchange *exchange, const struct objection *objection)
{
	SCOPED(reply_done) struct reply reply = REPLY_EMPTY;

	reply_problem(&reply, objection->status, objection->detail);
	reply.closes = guard_has_body(exchange->connection);
	return send_reply(exchange, &reply, objection->allowed);
}

static struct slice value_of(const struct request *request, enum MHD_ValueKind kind,
			     const char *name)
{
	const char *value = MHD_lookup_connection_value(
		(struct MHD_Connection *)(uintptr_t)request->connection, kind, name);

	return value ? slice_of(value) : (struct slice){ NULL, 0 };
}

struct slice http_header(const struct request *request, const char *name)
{
	return value_of(request, MHD_HEADER_KIND, name);
}

struct slice http_argument(const struct request *request, const char *name)
{
	return value_of(request, MHD_GET_ARGUMENT_KIND, name);
}

static int recognise(struct http_service *service, const struct route *route,
		     struct request *request)
{
	struct slice shown = http_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	struct store *store = store_pool_take(service->stores);
	int r = route->callers & ROUTE_AGENT ? agent_recognise(store, shown, &request->agent)
					     : person_recognise(store, shown, &request->person);

	store_pool_give(service->stores, store);
	return r;
}

/* Whether the route is for who asks.  False: `objection` says why not. */
static bool is_welcome(struct http_service *service, const struct route *route,
		       struct request *request, struct objection *objection)
{
	if (route->callers == ROUTE_ANYBODY)
		return true;
	objection->status = MHD_HTTP_UNAUTHORIZED;
	objection->detail = route->callers & ROUTE_AGENT
				    ? "this is for machines that are enrolled and were not revoked"
				    : "this is for people who logged in within the last 12 hours";
	if (recognise(service, route, request) < 0)
		return false;
	objection->status = MHD_HTTP_FORBIDDEN;
	objection->detail = "this is not for accounts of your role";
	return route->callers & ROUTE_AGENT || route->callers & request->person.role;
}

/* Finds who answers the exchange.  False: nobody, and `objection` says why. */
static bool settle(struct http_service *service, struct MHD_Connection *connection,
		   struct exchange *exchange, struct objection *objection)
{
	exchange->route = route_find(service->routes, &exchange->request, objection->allowed);
	objection->status =
		objection->allowed->length > 0 ? MHD_HTTP_METHOD_NOT_ALLOWED : MHD_HTTP_NOT_FOUND;
	if (!exchange->route)
		return false;
	buf_clear(objection->allowed);
	objection->status = MHD_HTTP_CONTENT_TOO_LARGE;
	objection->detail = "the body is longer than this path takes";
	if (guard_announced(connection) > exchange->route->body_max)
		return false;
	return is_welcome(service, exchange->route, &exchange->request, objection);
}

static enum MHD_Result begin(struct http_service *service, struct MHD_Connection *connection,
			     const struct request *request, void **ret_exchange)
{
	SCOPED(buf_done) struct buf allowed = BUF_MAX(ALLOWED_MAX);
	struct objection objection = { MHD_HTTP_BAD_REQUEST,
				       "a request has one Host, and either one Content-Length "
				       "or one Transfer-Encoding",
				       &allowed };
	struct exchange exchange = { .service = service,
				     .connection = connection,
				     .request = *request,
				     .reply = REPLY_EMPTY,
				     .until_ns = request->begun_ns + HTTP_REQUEST_NS };

	if (guard_is_ambiguous(connection)) {
		tell(&exchange, HTTP_AMBIGUOUS, objection.status, NULL);
		return refuse(&exchange, &objection);
	}
	objection.detail = NULL;
	if (!settle(service, connection, &exchange, &objection))
		return refuse(&exchange, &objection);
	exchange.body = (struct buf)BUF_MAX(exchange.route->body_max);
	*ret_exchange = malloc(sizeof(exchange));
	if (!*ret_exchange)
		return MHD_NO;
	memcpy(*ret_exchange, &exchange, sizeof(exchange));
	return MHD_YES;
}

/* Refusing in the middle of a body ends the connection. */
static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *length)
{
	buf_add(&exchange->body, bytes, *length);
	*length = 0;
	if (!exchange->body.failed && monotonic_ns() <= exchange->until_ns)
		return MHD_YES;
	tell(exchange, HTTP_CUT, 0, NULL);
	return MHD_NO;
}

static void fail(struct exchange *exchange, int code)
{
	reply_failure(&exchange->reply, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL,
		      store_reason(exchange->request.store, code));
}

static void ask_route(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	request->body = buf_view(&exchange->body);
	request->server = exchange->service->server;
	request->store = store_pool_take(exchange->service->stores);
	int r = exchange->route->answer(request, &exchange->reply);
	if (r < 0)
		fail(exchange, r);
	store_pool_give(exchange->service->stores, request->store);
}

/* A lane's: the exchange is the connection's again, and may be gone at once. */
static void run_job(struct job *job, bool is_dropped)
{
	struct exchange *exchange =
		(struct exchange *)(void *)((char *)job - offsetof(struct exchange, job));

	if (is_dropped)
		reply_problem(&exchange->reply, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "the server ends: try again in a while");
	else
		ask_route(exchange);
	MHD_resume_connection(exchange->connection);
}

static void let_go(struct held *held)
{
	struct exchange *exchange =
		(struct exchange *)(void *)((char *)held - offsetof(struct exchange, held));

	MHD_resume_connection(exchange->connection);
}

/* The connection is suspended before anybody can resume it; a lane that is full resumes it at
 * once. */
static enum MHD_Result give_to_lane(struct exchange *exchange)
{
	exchange->is_answered = true;
	exchange->job.run = run_job;
	MHD_suspend_connection(exchange->connection);
	if (!lane_add(&exchange->service->lanes[exchange->route->lane], &exchange->job)) {
		reply_failure(&exchange->reply, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "too many ask for this: try again in a while", "too many wait");
		MHD_resume_connection(exchange->connection);
	}
	return MHD_YES;
}

static enum MHD_Result hold(struct exchange *exchange)
{
	exchange->held = (struct held){ .hold = exchange->reply.hold, .let_go = let_go };
	exchange->request.was_held = true;
	exchange->held_since_ns = monotonic_ns();
	reply_done(&exchange->reply);
	exchange->reply = (struct reply)REPLY_EMPTY;
	MHD_suspend_connection(exchange->connection);
	if (!holds_add(&exchange->service->server->holds, &exchange->held)) {
		exchange->request.is_last = true;
		MHD_resume_connection(exchange->connection);
	}
	return MHD_YES;
}

/* Who was held may have been revoked meanwhile. */
static enum MHD_Result answer(struct exchange *exchange)
{
	struct buf none = BUF_MAX(0);
	struct objection objection = { .allowed = &none };

	if (exchange->held_since_ns > 0)
		exchange->held_ns += monotonic_ns() - exchange->held_since_ns;
	exchange->held_since_ns = 0;
	if (exchange->route->lane != LANE_NONE && !exchange->is_answered)
		return give_to_lane(exchange);
	if (exchange->request.was_held &&
	    !is_welcome(exchange->service, exchange->route, &exchange->request, &objection))
		return refuse(exchange, &objection);
	if (!exchange->is_answered)
		ask_route(exchange);
	if (exchange->reply.hold.until_ns > 0)
		return hold(exchange);
	return send_reply(exchange, &exchange->reply, &none);
}

/* An address of IPv4, be it mapped (RFC 4291, 2.5.5.2), or the network of one of IPv6: whoever has an
 * address of that has them all. */
static uint64_t source_of(struct MHD_Connection *connection)
{
	const struct sockaddr *address = address_of(connection);
	uint64_t halves[2] = { 0, 0 };

	if (address && address->sa_family == AF_INET)
		return ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
	if (address && address->sa_family == AF_INET6)
		memcpy(halves, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
		       sizeof(halves));
	return halves[0] ? halves[0] : halves[1];
}

/* Called when the headers are there, for each piece of the body, and at its end; path and method
 * live as long as the request (libmicrohttpd's manual, MHD_AccessHandlerCallback). */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *bytes,
			      size_t *length, void **exchange)
{
	const struct request request = { .method = slice_of(method),
					 .path = slice_of(path),
					 .source = source_of(connection),
					 .begun_ns = monotonic_ns(),
					 .connection = connection };

	(void)version;
	if (!*exchange)
		return begin(context, connection, &request, exchange);
	return *length > 0 ? take_body(*exchange, bytes, length) : answer(*exchange);
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **exchange,
			 enum MHD_RequestTerminationCode how)
{
	struct exchange *begun = *exchange;

	(void)context;
	(void)connection;
	(void)how;
	if (begun) {
		buf_done(&begun->body);
		reply_done(&begun->reply);
	}
	free(begun);
	*exchange = NULL;
}

/* Paths are compared as they were sent: one has one spelling, and no zero byte hides what stands
 * behind it. */
static size_t leave_escapes(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/* What libmicrohttpd has to say, mostly of connections that ended in the middle of something. */
__attribute__((format(printf, 2, 0))) static void hear(void *context, const char *format,
						       va_list arguments)
{
	const struct http_service *service = context;
	char text[REPLY_WHY_SIZE];
	const struct http_event event = { .kind = HTTP_ODD, .why = text };

	if (!atomic_load(&service->is_serving))
		return;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	service->listener.tell(service->listener.context, &event);
}

static int start_threads(struct http_service *service)
{
	int r = holds_start(&service->server->holds, service->stores);

	for (size_t i = LANE_NONE + 1; r == 0 && i < LANE_COUNT; i++)
		r = lane_start(&service->lanes[i]);
	return r;
}

/* Whoever waits or is worked for gets his answer; from here on nobody else does. */
static void end_threads(struct http_service *service)
{
	for (size_t i = LANE_NONE + 1; i < LANE_COUNT; i++)
		lane_end(&service->lanes[i]);
	holds_end(&service->server->holds);
}

static struct MHD_Daemon *start_daemon(const struct http_settings *settings,
				       struct http_service *service)
{
	unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_USE_ERROR_LOG |
			     MHD_ALLOW_SUSPEND_RESUME |
			     (settings->address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);

	errno = 0;
	return MHD_start_daemon(
		flags, 0, NULL, NULL, handle, service, MHD_OPTION_EXTERNAL_LOGGER, hear, service,
		MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)&settings->address,
		MHD_OPTION_HTTPS_MEM_CERT, settings->certificate, MHD_OPTION_HTTPS_MEM_KEY,
		settings->key, MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES, MHD_OPTION_THREAD_POOL_SIZE,
		HTTP_THREADS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEADERS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_S, MHD_OPTION_CONNECTION_LIMIT,
		HTTP_CONNECTIONS, MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL, MHD_OPTION_END);
}

int http_start(const struct http_settings *settings, struct http_service **ret_service,
	       struct error *error)
{
	struct http_service *service = calloc(1, sizeof(*service));

	if (!service)
		return error_system(error, -ENOMEM, "the server");
	service->routes = settings->routes;
	service->stores = settings->stores;
	service->server = settings->server;
	service->listener = settings->listener;
	int r = start_threads(service);
	if (r == 0)
		service->daemon = start_daemon(settings, service);
	if (!service->daemon) {
		int code = r < 0 ? r : errno ? -errno : -EINVAL;

		end_threads(service);
		free(service);
		return error_set(error, code, "the server cannot listen: %s",
				 code != -EINVAL ? strerror(-code)
						 : "certificate or key is not right");
	}
	atomic_store(&service->is_serving, true);
	*ret_service = service;
	return 0;
}

unsigned int http_port(const struct http_service *service)
{
	return MHD_get_daemon_info(service->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void http_stop(struct http_service *service)
{
	if (!service)
		return;
	atomic_store(&service->is_serving, false);
	end_threads(service);
	MHD_stop_daemon(service->daemon);
	free(service);
}

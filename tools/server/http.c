/* SPDX-License-Identifier: MIT */
#include "tools/server/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "common/clock.h"
#include "tools/server/guard.h"

#define ALLOWED_MAX 256u
#define PRIORITIES  "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct http_service {
	struct MHD_Daemon *daemon;
	const struct route *routes;
	struct store_pool *stores;
	struct server *server;
};

/* One request, from its first line to the end of its answer. */
struct exchange {
	struct request request;
	const struct route *route;
	struct buf body;
	uint64_t until_ns;
};

static const char *const HEADERS[][2] = {
	{ MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
};

static struct MHD_Response *respond(struct reply *reply, const struct buf *allowed)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->body.length, (void *)(uintptr_t)buf_text(&reply->body),
		MHD_RESPMEM_MUST_COPY);

	if (!response)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(HEADERS); i++)
		MHD_add_response_header(response, HEADERS[i][0], HEADERS[i][1]);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	if (reply->closes)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (allowed->length > 0)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, buf_text(allowed));
	if (reply->status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	return response;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct reply *reply,
				  const struct buf *allowed)
{
	if (reply->body.failed)
		reply_problem(reply, MHD_HTTP_INTERNAL_SERVER_ERROR, "the answer is too long");
	struct MHD_Response *response = respond(reply, allowed);
	enum MHD_Result result =
		response ? MHD_queue_response(connection, reply->status, response) : MHD_NO;

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

static enum MHD_Result refuse(struct MHD_Connection *connection, const struct objection *objection)
{
	SCOPED(reply_done) struct reply reply = REPLY_EMPTY;

	reply_problem(&reply, objection->status, objection->detail);
	reply.closes = guard_has_body(connection);
	return send_reply(connection, &reply, objection->allowed);
}

struct slice http_header(const struct request *request, const char *name)
{
	const char *value = MHD_lookup_connection_value(
		(struct MHD_Connection *)(uintptr_t)request->connection, MHD_HEADER_KIND, name);

	return value ? slice_of(value) : (struct slice){ NULL, 0 };
}

/* Whether the route is for who asks. */
static bool is_welcome(struct http_service *service, const struct route *route,
		       struct request *request)
{
	if (route->caller == ROUTE_ANYBODY)
		return true;
	struct store *store = store_pool_take(service->stores);
	int r = agent_recognise(store, http_header(request, MHD_HTTP_HEADER_AUTHORIZATION),
				&request->agent);
	store_pool_give(service->stores, store);
	return r == 0;
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
	objection->status = MHD_HTTP_UNAUTHORIZED;
	objection->detail = "this is for machines that are enrolled and were not revoked";
	return is_welcome(service, exchange->route, &exchange->request);
}

static enum MHD_Result begin(struct http_service *service, struct MHD_Connection *connection,
			     const struct request *request, void **ret_exchange)
{
	SCOPED(buf_done) struct buf allowed = BUF_MAX(ALLOWED_MAX);
	struct objection objection = { MHD_HTTP_BAD_REQUEST,
				       "a request has one Host, and either one Content-Length "
				       "or one Transfer-Encoding",
				       &allowed };
	struct exchange exchange = { .request = *request,
				     .until_ns = monotonic_ns() + HTTP_REQUEST_NS };

	if (guard_is_ambiguous(connection))
		return refuse(connection, &objection);
	objection.detail = NULL;
	if (!settle(service, connection, &exchange, &objection))
		return refuse(connection, &objection);
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
	return exchange->body.failed || monotonic_ns() > exchange->until_ns ? MHD_NO : MHD_YES;
}

static enum MHD_Result answer(struct http_service *service, struct MHD_Connection *connection,
			      struct exchange *exchange)
{
	SCOPED(reply_done) struct reply reply = REPLY_EMPTY;
	struct buf none = BUF_MAX(0);
	struct request *request = &exchange->request;

	request->body = buf_view(&exchange->body);
	request->server = service->server;
	request->store = store_pool_take(service->stores);
	if (exchange->route->answer(request, &reply) < 0)
		reply_problem(&reply, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
	store_pool_give(service->stores, request->store);
	return send_reply(connection, &reply, &none);
}

/* An address of IPv4, be it mapped (RFC 4291, 2.5.5.2), or the network of one of IPv6: whoever has an
 * address of that has them all. */
static uint64_t source_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *told =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = told ? told->client_addr : NULL;
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
					 .connection = connection };

	(void)version;
	if (!*exchange)
		return begin(context, connection, &request, exchange);
	return *length > 0 ? take_body(*exchange, bytes, length)
			   : answer(context, connection, *exchange);
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **exchange,
			 enum MHD_RequestTerminationCode how)
{
	struct exchange *begun = *exchange;

	(void)context;
	(void)connection;
	(void)how;
	if (begun)
		buf_done(&begun->body);
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

static void log_nothing(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

int http_start(const struct http_settings *settings, struct http_service **ret_service,
	       struct error *error)
{
	struct http_service *service = calloc(1, sizeof(*service));
	unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_USE_ERROR_LOG |
			     (settings->address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);

	if (!service)
		return error_system(error, -ENOMEM, "the server");
	service->routes = settings->routes;
	service->stores = settings->stores;
	service->server = settings->server;
	errno = 0;
	service->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, handle, service, MHD_OPTION_EXTERNAL_LOGGER, log_nothing,
		NULL, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)&settings->address,
		MHD_OPTION_HTTPS_MEM_CERT, settings->certificate, MHD_OPTION_HTTPS_MEM_KEY,
		settings->key, MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES, MHD_OPTION_THREAD_POOL_SIZE,
		HTTP_THREADS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEADERS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_S, MHD_OPTION_CONNECTION_LIMIT,
		HTTP_CONNECTIONS, MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL, MHD_OPTION_END);
	if (!service->daemon) {
		int code = errno ? -errno : -EINVAL;

		free(service);
		return error_set(error, code, "the server cannot listen: %s",
				 errno ? strerror(errno) : "certificate or key is not right");
	}
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
	MHD_stop_daemon(service->daemon);
	free(service);
}

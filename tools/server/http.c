/* SPDX-License-Identifier: MIT */
#include "tools/server/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"

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

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *detail)
{
	SCOPED(reply_done) struct reply reply = REPLY_EMPTY;
	struct buf none = BUF_MAX(0);

	reply_problem(&reply, status, detail);
	reply.closes = true;
	return send_reply(connection, &reply, &none);
}

struct framing {
	unsigned int lengths, encodings, hosts;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	struct framing *framing = context;

	(void)kind;
	(void)value;
	framing->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
	framing->encodings += strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
	framing->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	return MHD_YES;
}

/* libmicrohttpd before 1.0.4 takes two lengths for one: a proxy in front of it may read another
 * request than we do (CWE-444). */
static bool is_ambiguous(struct MHD_Connection *connection)
{
	struct framing framing = { 0 };

	MHD_get_connection_values(connection, MHD_HEADER_KIND, count_header, &framing);
	return framing.lengths + framing.encodings > 1 || framing.hosts > 1;
}

static uint64_t announced_length(struct MHD_Connection *connection)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						       MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t length = 0;

	if (text && slice_to_u64(slice_of(text), &length) < 0)
		return UINT64_MAX;
	return length;
}

/* What is wrong with a request before its body is read; NULL for nothing. */
static const char *first_look(struct MHD_Connection *connection, unsigned int *ret_status)
{
	*ret_status = MHD_HTTP_BAD_REQUEST;
	if (is_ambiguous(connection))
		return "a request has one Host, and either one Content-Length or one "
		       "Transfer-Encoding";
	*ret_status = MHD_HTTP_CONTENT_TOO_LARGE;
	return announced_length(connection) > HTTP_BODY_MAX ? "a body has at most 8 MiB" : NULL;
}

static enum MHD_Result begin(struct MHD_Connection *connection, void **ret_exchange)
{
	struct exchange *exchange;
	unsigned int status;
	const char *wrong = first_look(connection, &status);

	if (wrong)
		return refuse(connection, status, wrong);
	exchange = malloc(sizeof(*exchange));
	if (!exchange)
		return MHD_NO;
	*exchange = (struct exchange){ BUF_MAX(HTTP_BODY_MAX), monotonic_ns() + HTTP_REQUEST_NS };
	*ret_exchange = exchange;
	return MHD_YES;
}

/* Refusing in the middle of a body ends the connection. */
static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *length)
{
	buf_add(&exchange->body, bytes, *length);
	*length = 0;
	return exchange->body.failed || monotonic_ns() > exchange->until_ns ? MHD_NO : MHD_YES;
}

static void answer_route(struct http_service *service, const struct route *route,
			 struct request *request, struct reply *reply)
{
	request->server = service->server;
	request->store = store_pool_take(service->stores);
	if (route->answer(request, reply) < 0)
		reply_problem(reply, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
	store_pool_give(service->stores, request->store);
}

static enum MHD_Result answer(struct http_service *service, struct MHD_Connection *connection,
			      struct request *request)
{
	SCOPED(reply_done) struct reply reply = REPLY_EMPTY;
	SCOPED(buf_done) struct buf allowed = BUF_MAX(ALLOWED_MAX);
	const struct route *route = route_find(service->routes, request, &allowed);

	if (route) {
		buf_clear(&allowed);
		answer_route(service, route, request, &reply);
	} else if (allowed.length > 0) {
		reply_problem(&reply, MHD_HTTP_METHOD_NOT_ALLOWED, NULL);
	} else {
		reply_problem(&reply, MHD_HTTP_NOT_FOUND, NULL);
	}
	return send_reply(connection, &reply, &allowed);
}

/* Called when the headers are there, for each piece of the body, and at its end
 * (libmicrohttpd's manual, MHD_AccessHandlerCallback). */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *bytes,
			      size_t *length, void **exchange)
{
	(void)version;
	if (!*exchange)
		return begin(connection, exchange);
	struct exchange *begun = *exchange;
	if (*length > 0)
		return take_body(begun, bytes, length);
	struct request request = { .method = slice_of(method),
				   .path = slice_of(path),
				   .body = buf_view(&begun->body) };
	return answer(context, connection, &request);
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

/* SPDX-License-Identifier: MIT */
#include "tools/server/http/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "tools/server/http/exchange.h"
#include "tools/server/http/http_service.h"
#include "tools/server/http/server.h"
#include "tools/server/http/source.h"

#define DESCRIPTORS_OWN 128u /* that are no connections */
#define END_PAUSE_NS    (10 * 1000 * 1000)
#define PRIORITIES      "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

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

struct slice http_cookie(const struct request *request, const char *name)
{
	return value_of(request, MHD_COOKIE_KIND, name);
}

/* libmicrohttpd has made spaces of plus signs. */
static enum MHD_Result add_argument(void *out, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	struct slice parts[] = { slice_of(name), slice_of(value) };

	(void)kind;
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		buf_add_text(out, i == 1 ? "=" : ((struct buf *)out)->length > 0 ? "&" : "");
		for (size_t at = 0; at < parts[i].length; at++)
			buf_add_char(out, parts[i].at[at] == ' ' ? '+' : parts[i].at[at]);
	}
	return MHD_YES;
}

void http_query(const struct request *request, struct buf *out)
{
	MHD_get_connection_values((struct MHD_Connection *)(uintptr_t)request->connection,
				  MHD_GET_ARGUMENT_KIND, add_argument, out);
}

/* Called when the headers are there, for each piece of the body, and at its end; path and method
 * live as long as the request (libmicrohttpd's manual, MHD_AccessHandlerCallback). */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *bytes,
			      size_t *length, void **exchange)
{
	const struct request request = { .method = slice_of(method),
					 .path = slice_of(path),
					 .source = source_number(connection),
					 .begun_ns = monotonic_ns(),
					 .connection = connection };

	(void)version;
	if (!*exchange)
		return exchange_begin(context, connection, &request, exchange);
	return *length > 0 ? exchange_take(*exchange, bytes, length) : exchange_answer(*exchange);
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **exchange,
			 enum MHD_RequestTerminationCode how)
{
	(void)context;
	(void)how;
	exchange_free(*exchange);
	*exchange = NULL;
	deadline_set(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			     ->socket_context,
		     DEADLINE_NEXT_HEAD, 0);
}

/* Called when a connection begins, before its TLS, and before its socket is closed. */
static void note_connection(void *context, struct MHD_Connection *connection, void **socket_context,
			    enum MHD_ConnectionNotificationCode code)
{
	struct http_service *service = context;
	int socket =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		deadline_end(&service->deadlines, *socket_context);
		return;
	}
	*socket_context = deadline_begin(&service->deadlines, socket);
	if (*socket_context)
		tickets_offer(&service->tickets, connection);
	else
		shutdown(socket, SHUT_RDWR);
}

static void tell_cut(void *context, const struct sockaddr *address, const char *why)
{
	const struct http_service *service = context;
	const struct http_event event = { .kind = HTTP_CUT, .address = address, .why = why };

	service->listener.tell(service->listener.context, &event);
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

static const struct lane_limits LIMITS[] = {
#define LANE_LIMITS(lane, name, threads, waiting, together) [lane] = { threads, waiting, together },
	LANES(LANE_LIMITS)
#undef LANE_LIMITS
};

static int start_threads(struct http_service *service)
{
	int r = tickets_make(&service->tickets);

	if (r == 0)
		r = holds_start(&service->server->holds, service->stores);
	if (r == 0)
		r = deadlines_start(&service->deadlines, service->connections_max, tell_cut,
				    service);

	for (size_t i = LANE_NONE + 1; r == 0 && i < LANE_COUNT; i++)
		r = lane_start(&service->lanes[i], &LIMITS[i]);
	return r;
}

/* Whoever waits or is worked for gets his answer; from here on nobody else does. */
static void end_threads(struct http_service *service)
{
	for (size_t i = LANE_NONE + 1; i < LANE_COUNT; i++)
		lane_end(&service->lanes[i]);
	holds_end(&service->server->holds);
	deadlines_stop(&service->deadlines);
}

/* Each has a descriptor; the database and the log of those who wait for one need theirs. */
static unsigned int count_connections(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur >= HTTP_CONNECTIONS + DESCRIPTORS_OWN)
		return HTTP_CONNECTIONS;
	return limit.rlim_cur >= 2 * DESCRIPTORS_OWN
		       ? (unsigned int)limit.rlim_cur - DESCRIPTORS_OWN
		       : DESCRIPTORS_OWN;
}

/* Each of its threads accepts eleven connections at most before it goes on with those that it has (0.9.75), so that no more
 * handshakes are begun than get done; who comes meanwhile waits in the kernel's backlog. */
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
		service->connections_max, MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, note_connection, service,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL, MHD_OPTION_END);
}

int http_start(const struct http_settings *settings, struct http_service **ret_service,
	       struct error *error)
{
	struct http_service *service = calloc(1, sizeof(*service));

	if (!service)
		return error_system(error, -ENOMEM, "the server");
	service->routes = settings->routes;
	service->pages = settings->pages;
	service->refuse_page = settings->refuse_page;
	service->stores = settings->stores;
	service->server = settings->server;
	service->listener = settings->listener;
	service->connections_max = count_connections();
	int r = start_threads(service);
	if (r == 0)
		service->daemon = start_daemon(settings, service);
	if (!service->daemon) {
		int code = r < 0 ? r : errno ? -errno : -EINVAL;

		end_threads(service);
		tickets_done(&service->tickets);
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

void http_look(struct http_service *service, struct http_gauges *ret_gauges)
{
	*ret_gauges = (struct http_gauges){ .connections = deadlines_count(&service->deadlines),
					    .connections_max = service->connections_max };
	for (size_t i = LANE_NONE + 1; i < LANE_COUNT; i++)
		lane_look(&service->lanes[i], &ret_gauges->lanes[i]);
}

/* Waits until all answers are sent; whoever reads slowly is not waited for without end. */
static void finish(struct http_service *service)
{
	const struct timespec pause = { 0, END_PAUSE_NS };
	uint64_t until_ns = monotonic_ns() + HTTP_END_NS;

	while (atomic_load(&service->exchanges) > 0 && monotonic_ns() < until_ns)
		nanosleep(&pause, NULL);
}

void http_stop(struct http_service *service)
{
	if (!service)
		return;
	atomic_store(&service->is_serving, false);
	int listening = MHD_quiesce_daemon(service->daemon);
	end_threads(service);
	finish(service);
	MHD_stop_daemon(service->daemon);
	if (listening >= 0)
		close(listening);
	tickets_done(&service->tickets);
	free(service);
}

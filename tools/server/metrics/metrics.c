/* SPDX-License-Identifier: MIT */
#include "tools/server/metrics/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/server/http/listen.h"
#include "tools/server/http/response.h"
#include "tools/server/metrics/scrape.h"

#define CONNECTIONS_MAX 16u
#define IDLE_S          10u

struct metrics_service {
	struct MHD_Daemon *daemon;
	struct server *server;
	struct http_service *http;
	struct store *store; /* its one thread's */
};

static bool is_own(const struct sockaddr_storage *address)
{
	const struct in6_addr *six =
		&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	in_addr_t four = ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;

	return address->ss_family == AF_INET ? ntohl(four) >> 24 == IN_LOOPBACKNET
					     : IN6_IS_ADDR_LOOPBACK(six);
}

int metrics_read_address(const char *text, struct sockaddr_storage *ret_address,
			 struct error *error)
{
	int r = listen_read(text, ret_address, error);

	if (r < 0 || is_own(ret_address))
		return r;
	return error_set(error, -EINVAL,
			 "metrics are told on this machine alone, as at 127.0.0.1:9464 or "
			 "[::1]:9464, and not at '%.200s'",
			 text);
}

static void write_part(const struct scrape *scrape, const struct metric *metric)
{
	for (; metric->name; metric++) {
		exposition_family(scrape->out, metric->name, metric->type, metric->help);
		metric->write(scrape, metric->name);
	}
}

static void write_all(struct metrics_service *service, struct buf *out)
{
	struct scrape scrape = { .out = out, .server = service->server, .now_ns = realtime_ns() };
	struct slice log = slice_of(service->server->log.verifying.name);

	http_look(service->http, &scrape.http);
	scrape.has_agents =
		census_agents(service->store, (int64_t)scrape.now_ns, &scrape.agents) >= 0;
	scrape.has_log = census_log(service->store, log, &scrape.log) >= 0;
	scrape.has_bundles = census_bundles(service->store, &scrape.bundles) >= 0;
	write_part(&scrape, METRICS_REQUESTS);
	write_part(&scrape, METRICS_STATE);
	write_part(&scrape, METRICS_PROCESS);
	census_bundles_done(&scrape.bundles);
}

static void answer(struct metrics_service *service, const char *path, const char *method,
		   struct reply *reply)
{
	if (strcmp(path, "/metrics") != 0) {
		reply_problem(reply, MHD_HTTP_NOT_FOUND, "there is nothing here but /metrics");
		return;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		reply_problem(reply, MHD_HTTP_METHOD_NOT_ALLOWED, NULL);
		reply_header(reply, MHD_HTTP_HEADER_ALLOW, SLICE("GET"));
		return;
	}
	reply->status = MHD_HTTP_OK;
	reply->type = EXPOSITION_TYPE;
	reply->body.length_max = METRICS_SIZE_MAX;
	write_all(service, &reply->body);
	if (reply->body.failed)
		reply_problem(reply, MHD_HTTP_INTERNAL_SERVER_ERROR, "there are too many metrics");
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *bytes,
			      size_t *length, void **begun)
{
	SCOPED(reply_done) struct reply reply = REPLY_EMPTY;
	struct buf none = BUF_MAX(0);

	(void)version;
	(void)bytes;
	(void)begun;
	if (*length > 0)
		return MHD_NO;
	answer(context, path, method, &reply);
	reply.closes = true;
	struct MHD_Response *response = response_new(&reply, &none);
	if (!response)
		return MHD_NO;
	enum MHD_Result result = MHD_queue_response(connection, reply.status, response);
	MHD_destroy_response(response);
	return result;
}

__attribute__((format(printf, 2, 0))) static void log_nothing(void *context, const char *format,
							      va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

static struct MHD_Daemon *start_daemon(const struct sockaddr_storage *address,
				       struct metrics_service *service)
{
	unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG |
			     (address->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);

	errno = 0;
	return MHD_start_daemon(flags, 0, NULL, NULL, handle, service, MHD_OPTION_EXTERNAL_LOGGER,
				log_nothing, NULL, MHD_OPTION_SOCK_ADDR,
				(const struct sockaddr *)address,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEADERS_MAX,
				MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_CONNECTION_LIMIT,
				CONNECTIONS_MAX, MHD_OPTION_END);
}

int metrics_start(const struct sockaddr_storage *address, struct server *server,
		  struct http_service *http, struct store *store,
		  struct metrics_service **ret_service)
{
	SCOPED(store_closep) struct store *own = store;
	SCOPED(free_p) struct metrics_service *service = calloc(1, sizeof(*service));

	if (!service)
		return -ENOMEM;
	*service = (struct metrics_service){ .server = server, .http = http, .store = own };
	service->daemon = start_daemon(address, service);
	if (!service->daemon)
		return errno ? -errno : -EINVAL;
	(void)steal(own);
	*ret_service = steal(service);
	return 0;
}

unsigned int metrics_port(const struct metrics_service *service)
{
	return MHD_get_daemon_info(service->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void metrics_stop(struct metrics_service *service)
{
	if (!service)
		return;
	MHD_stop_daemon(service->daemon);
	store_close(service->store);
	free(service);
}

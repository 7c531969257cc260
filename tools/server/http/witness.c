/* SPDX-License-Identifier: MIT */
#include "tools/server/http/witness.h"

#include <microhttpd.h>
#include <netdb.h>

#include "tools/server/http/server.h"

#define ADDRESS_MAX 64u
#define PAIRS_MAX   6u

static void write_address(const struct sockaddr *address, char ret_text[ADDRESS_MAX])
{
	socklen_t length = address && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								     : sizeof(struct sockaddr_in);

	ret_text[0] = '\0';
	if (address)
		getnameinfo(address, length, ret_text, ADDRESS_MAX, NULL, 0, NI_NUMERICHOST);
}

/* The kind of an answer; JOURNAL_KIND_COUNT where there is nothing to say of it. */
static enum journal_kind kind_of_answer(const struct http_event *event)
{
	if (event->status >= MHD_HTTP_INTERNAL_SERVER_ERROR)
		return JOURNAL_FAILED;
	if (event->status == MHD_HTTP_TOO_MANY_REQUESTS)
		return JOURNAL_REFUSED;
	return event->took_ns > WITNESS_SLOW_NS ? JOURNAL_SLOW : JOURNAL_KIND_COUNT;
}

static enum journal_kind kind_of(const struct http_event *event)
{
	static const enum journal_kind KINDS[] = {
		[HTTP_AMBIGUOUS] = JOURNAL_REFUSED,
		[HTTP_CUT] = JOURNAL_LATE,
		[HTTP_ODD] = JOURNAL_ODD,
	};

	return event->kind == HTTP_ANSWERED ? kind_of_answer(event) : KINDS[event->kind];
}

static void write_down(struct journal *journal, enum journal_kind kind,
		       const struct http_event *event)
{
	char address[ADDRESS_MAX];
	struct journal_pair pairs[PAIRS_MAX];
	size_t count = 0;

	write_address(event->address, address);
	if (event->route) {
		pairs[count++] = (struct journal_pair){ "method", event->route->method, 0 };
		pairs[count++] = (struct journal_pair){ "route", event->route->path, 0 };
	}
	if (event->status > 0)
		pairs[count++] = (struct journal_pair){ "status", NULL, event->status };
	if (event->took_ns > 0)
		pairs[count++] =
			(struct journal_pair){ "ms", NULL, event->took_ns / MILLISECOND_NS };
	if (address[0])
		pairs[count++] = (struct journal_pair){ "from", address, 0 };
	if (event->why && event->why[0])
		pairs[count++] = (struct journal_pair){ "why", event->why, 0 };
	journal_write(journal, kind, pairs, count);
}

static void count(struct counters *counters, const struct http_event *event)
{
	size_t route = event->route ? (size_t)(event->route - ROUTES) : COUNTERS_NO_ROUTE;

	if (event->kind == HTTP_ANSWERED)
		counters_answer(counters, route, event->status, event->took_ns);
	else if (event->kind == HTTP_AMBIGUOUS)
		counter_add(counters, COUNTER_AMBIGUOUS, 1);
	else if (event->kind == HTTP_CUT)
		counter_add(counters, COUNTER_CUT, 1);
}

void witness_hear(void *context, const struct http_event *event)
{
	struct server *server = context;
	enum journal_kind kind = kind_of(event);

	count(&server->counters, event);
	if (kind != JOURNAL_KIND_COUNT)
		write_down(&server->journal, kind, event);
}

/* SPDX-License-Identifier: MIT */
/* The metrics of what is counted: requests, log-ins, deliveries. */
#include <stdio.h>
#include <string.h>

#include "tools/server/metrics/scrape.h"

#define NAME_MAX_BYTES 100u
#define CODE_SIZE      4u
#define PREFIX         "chaperone_server_"
#define DURATION       PREFIX "http_request_duration_seconds"

static const char *const BOUNDS[] = {
#define BOUND(bound_ns, text) text,
	COUNTERS_BOUNDS(BOUND)
#undef BOUND
};

static const struct {
	const char *family, *label, *value;
} ROWS[] = {
#define COUNTER_WORDS(counter, family, label, value) [counter] = { family, label, value },
	COUNTERS(COUNTER_WORDS)
#undef COUNTER_WORDS
};

/* What was asked for where there is no route: its path would be a label without end. */
static const struct route OTHER = { .method = "other", .path = "other" };

/* Calls `write` with each route and its counters. */
static void each_route(const struct scrape *scrape,
		       void (*write)(struct buf *out, const struct route *route,
				     const struct route_counters *counters))
{
	const struct counters *counters = &scrape->server->counters;

	for (size_t i = 0; ROUTES[i].method && i < COUNTERS_ROUTES_MAX; i++)
		write(scrape->out, &ROUTES[i], &counters->routes[i]);
	write(scrape->out, &OTHER, &counters->routes[COUNTERS_NO_ROUTE]);
}

static void write_route_requests(struct buf *out, const struct route *route,
				 const struct route_counters *counters)
{
	for (unsigned int class = 2; class < COUNTERS_CLASSES; class ++) {
		char code[CODE_SIZE] = { (char)('0' + class), 'x', 'x', '\0' };

		exposition_count(out, PREFIX "http_requests_total",
				 EXPOSITION_LABELS({ "method", slice_of(route->method) },
						   { "route", slice_of(route->path) },
						   { "code", slice_of(code) }),
				 counter_read(&counters->classes[class]));
	}
}

static void write_requests(const struct scrape *scrape, const char *name)
{
	(void)name;
	each_route(scrape, write_route_requests);
}

static void write_route_durations(struct buf *out, const struct route *route,
				  const struct route_counters *counters)
{
	const struct exposition_label method = { "method", slice_of(route->method) };
	const struct exposition_label path = { "route", slice_of(route->path) };
	uint64_t count = 0;

	for (size_t i = 0; i < COUNTERS_BUCKETS; i++) {
		count += counter_read(&counters->buckets[i]);
		exposition_count(out, DURATION "_bucket",
				 EXPOSITION_LABELS(method, path, { "le", slice_of(BOUNDS[i]) }),
				 count);
	}
	exposition_seconds(out, DURATION "_sum", EXPOSITION_LABELS(method, path),
			   counter_read(&counters->sum_ns));
	exposition_count(out, DURATION "_count", EXPOSITION_LABELS(method, path), count);
}

static void write_durations(const struct scrape *scrape, const char *name)
{
	(void)name;
	each_route(scrape, write_route_durations);
}

/* The counters whose family's name is that of the metric. */
static void write_counters(const struct scrape *scrape, const char *name)
{
	const struct counters *counters = &scrape->server->counters;

	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		char full[NAME_MAX_BYTES];

		snprintf(full, sizeof(full), PREFIX "%s_total", ROWS[i].family);
		if (strcmp(full, name) != 0)
			continue;
		const struct exposition_label label = {
			ROWS[i].label, slice_of(ROWS[i].value ? ROWS[i].value : "")
		};
		exposition_count(scrape->out, name,
				 (struct exposition_labels){ &label, ROWS[i].label ? 1 : 0 },
				 counter_read(&counters->of[i]));
	}
}

const struct metric METRICS_REQUESTS[] = {
	{ PREFIX "http_requests_total", "counter",
	  "Requests that were answered, by route and class of status.", write_requests },
	{ DURATION, "histogram",
	  "From the end of a request's head until its answer is there, without the time for which it was held.",
	  write_durations },
	{ PREFIX "requests_ambiguous_total", "counter",
	  "Requests that two readers could take for different ones.", write_counters },
	{ PREFIX "connections_cut_total", "counter",
	  "Connections that were too slow, or sent more than their path takes.", write_counters },
	{ PREFIX "logins_total", "counter", "Log-ins, by how they ended.", write_counters },
	{ PREFIX "enrolments_total", "counter", "Enrolments, by how they ended.", write_counters },
	{ PREFIX "deliveries_total", "counter",
	  "Deliveries of a machine's record, by what became of them.", write_counters },
	{ PREFIX "delivery_transactions_total", "counter",
	  "Transactions that took deliveries: those that wait at the same time have one.",
	  write_counters },
	{ PREFIX "delivered_bytes_total", "counter", "Bytes of records that were taken, unpacked.",
	  write_counters },
	{ PREFIX "delivered_entries_total", "counter", "Entries of records that were taken.",
	  write_counters },
	{ PREFIX "delivered_statements_total", "counter",
	  "Statements among the entries that were taken.", write_counters },
	{ .name = NULL },
};

/* SPDX-License-Identifier: MIT */
/* How long PQexec takes when the server takes no time.  Run with and without the shim, the
 * difference is the shim's own cost.  Prints p50 and p99 in nanoseconds: one text again and again,
 * then a new literal in every text. */
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"

#define BURST    1000 /* statements that fit into the ring before it is drained */
#define BURSTS   40
#define PAUSE_US 40000 /* in which it is */

static uint64_t samples[BURST * BURSTS];

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(PGconn *conn, const char *name, int changes)
{
	size_t count = 0;
	char text[128];

	for (int burst = 0; burst < BURSTS; burst++) {
		for (int i = 0; i < BURST; i++) {
			snprintf(text, sizeof(text),
				 "SELECT abalance FROM pgbench_accounts WHERE aid = %d;",
				 changes ? 1000000 + burst * BURST + i : 4711);
			uint64_t begin = monotonic_ns();
			PGresult *result = PQexec(conn, text);
			samples[count++] = monotonic_ns() - begin;
			if (PQntuples(result) != 1)
				exit(EXIT_FAILURE);
			PQclear(result);
		}
		usleep(PAUSE_US);
	}
	qsort(samples, count, sizeof(samples[0]), compare);
	printf("%s %llu %llu\n", name, (unsigned long long)samples[count / 2],
	       (unsigned long long)samples[count * 99 / 100]);
}

int main(void)
{
	PGconn *conn = PQconnectdb("");

	measure(conn, "exact", 0);
	measure(conn, "template", 1);
	PQfinish(conn);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "tools/server/http/counters.h"

static const uint64_t BOUNDS_NS[] = {
#define BOUND(bound_ns, text) bound_ns,
	COUNTERS_BOUNDS(BOUND)
#undef BOUND
};

static void add(_Atomic uint64_t *counter, uint64_t number)
{
	atomic_fetch_add_explicit(counter, number, memory_order_relaxed);
}

void counters_answer(struct counters *counters, size_t route, unsigned int status, uint64_t took_ns)
{
	struct route_counters *own =
		&counters->routes[route < COUNTERS_ROUTES_MAX ? route : COUNTERS_NO_ROUTE];
	unsigned int class = status / 100;
	size_t bucket = 0;

	while (took_ns > BOUNDS_NS[bucket])
		bucket++;
	add(&own->classes[class < COUNTERS_CLASSES ? class : 0], 1);
	add(&own->buckets[bucket], 1);
	add(&own->sum_ns, took_ns);
}

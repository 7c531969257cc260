/* SPDX-License-Identifier: MIT */
/* What the server counts of what it does, from its start.  Counting is one addition that waits for
 * nobody; what is read meanwhile may be of a moment before. */
#ifndef TOOLS_SERVER_HTTP_COUNTERS_H
#define TOOLS_SERVER_HTTP_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTERS_ROUTES_MAX 64u /* of the table of routes; the others count as none */
#define COUNTERS_NO_ROUTE   COUNTERS_ROUTES_MAX
#define COUNTERS_CLASSES    6u /* a status's first digit */

/* ROW(upper bound of a bucket in ns, as the label le has it) */
#define COUNTERS_BOUNDS(ROW)                                                                       \
	ROW(1000000, "0.001")                                                                      \
	ROW(5000000, "0.005")                                                                      \
	ROW(25000000, "0.025")                                                                     \
	ROW(100000000, "0.1")                                                                      \
	ROW(500000000, "0.5")                                                                      \
	ROW(2500000000, "2.5")                                                                     \
	ROW(10000000000, "10")                                                                     \
	ROW(UINT64_MAX, "+Inf")

#define COUNTERS_BUCKET(bound_ns, text) +1
enum { COUNTERS_BUCKETS = COUNTERS_BOUNDS(COUNTERS_BUCKET) };
#undef COUNTERS_BUCKET

/* The others, family by family: ROW(counter, family, label's name, its value).  Their help is in
 * metrics.c. */
#define COUNTERS(ROW)                                                                              \
	ROW(COUNTER_LOGIN_ACCEPTED, "logins", "result", "accepted")                                \
	ROW(COUNTER_LOGIN_REFUSED, "logins", "result", "refused")                                  \
	ROW(COUNTER_LOGIN_THROTTLED, "logins", "result", "throttled")                              \
	ROW(COUNTER_ENROLMENT_ACCEPTED, "enrolments", "result", "accepted")                        \
	ROW(COUNTER_ENROLMENT_REFUSED, "enrolments", "result", "refused")                          \
	ROW(COUNTER_ENROLMENT_THROTTLED, "enrolments", "result", "throttled")                      \
	ROW(COUNTER_DELIVERY_TAKEN, "deliveries", "result", "taken")                               \
	ROW(COUNTER_DELIVERY_KNOWN, "deliveries", "result", "known")                               \
	ROW(COUNTER_DELIVERY_GAP, "deliveries", "result", "gap")                                   \
	ROW(COUNTER_DELIVERY_FORK, "deliveries", "result", "fork")                                 \
	ROW(COUNTER_DELIVERY_DAMAGE, "deliveries", "result", "damage")                             \
	ROW(COUNTER_DELIVERY_SEAL, "deliveries", "result", "seal")                                 \
	ROW(COUNTER_DELIVERY_LARGE, "deliveries", "result", "large")                               \
	ROW(COUNTER_DELIVERY_TRANSACTIONS, "delivery_transactions", NULL, NULL)                    \
	ROW(COUNTER_DELIVERED_BYTES, "delivered_bytes", NULL, NULL)                                \
	ROW(COUNTER_DELIVERED_ENTRIES, "delivered_entries", NULL, NULL)                            \
	ROW(COUNTER_DELIVERED_STATEMENTS, "delivered_statements", NULL, NULL)                      \
	ROW(COUNTER_AMBIGUOUS, "requests_ambiguous", NULL, NULL)                                   \
	ROW(COUNTER_CUT, "connections_cut", NULL, NULL)

enum counter {
#define COUNTER_ENUMERATOR(counter, family, label, value) counter,
	COUNTERS(COUNTER_ENUMERATOR)
#undef COUNTER_ENUMERATOR
		COUNTER_COUNT
};

struct route_counters {
	_Atomic uint64_t classes[COUNTERS_CLASSES];
	_Atomic uint64_t buckets[COUNTERS_BUCKETS]; /* each without those below it */
	_Atomic uint64_t sum_ns;
};

struct counters {
	_Atomic uint64_t of[COUNTER_COUNT];
	struct route_counters routes[COUNTERS_ROUTES_MAX + 1]; /* the last: of no route */
};

static inline void counter_add(struct counters *counters, enum counter counter, uint64_t number)
{
	atomic_fetch_add_explicit(&counters->of[counter], number, memory_order_relaxed);
}

static inline uint64_t counter_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Counts an answer: `route` is its number in the table of routes, or COUNTERS_NO_ROUTE. */
void counters_answer(struct counters *counters, size_t route, unsigned int status,
		     uint64_t took_ns);

#endif

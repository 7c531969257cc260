/* SPDX-License-Identifier: MIT */
/* How often something may go wrong before those who try are told to wait: a bucket of tries that fills
 * again with time, for each source that tries, or a few that share one.  Threads may share them. */
#ifndef TOOLS_SERVER_COMMON_THROTTLE_H
#define TOOLS_SERVER_COMMON_THROTTLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct throttle {
	pthread_mutex_t lock;
	uint64_t every_ns; /* after which there is one more try */
	uint64_t most;     /* tries when it is full */
	uint64_t empty_ns; /* when it was empty, seen from its level now; 0: it is full */
};

#define THROTTLES 256u

struct throttles {
	struct throttle at[THROTTLES];
	uint64_t secret; /* nobody knows with whom he shares a bucket */
};

/* `tries` at once, and one more after each `every_ns`. */
void throttles_init(struct throttles *throttles, uint64_t tries, uint64_t every_ns);

/* The one of a source, which is any number that stands for it. */
struct throttle *throttle_of(struct throttles *throttles, uint64_t source);

/* Whether there is a try at `now_ns` (monotonic); `ret_wait_s` is when there will be one. */
bool throttle_has(struct throttle *throttle, uint64_t now_ns, uint64_t *ret_wait_s);

/* Takes one. */
void throttle_take(struct throttle *throttle, uint64_t now_ns);

#endif

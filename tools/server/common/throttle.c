/* SPDX-License-Identifier: MIT */
#include "tools/server/common/throttle.h"

#include <assert.h>
#include <sodium.h>

#include "common/clock.h"

/* Of 2^64 by the golden ratio: its product's top bits depend on all bits of the other number. */
#define SPREAD 0x9e3779b97f4a7c15u

void throttles_init(struct throttles *throttles, uint64_t tries, uint64_t every_ns)
{
	for (size_t i = 0; i < THROTTLES; i++)
		throttles->at[i] = (struct throttle){ .lock = PTHREAD_MUTEX_INITIALIZER,
						      .every_ns = every_ns,
						      .most = tries };
	randombytes_buf(&throttles->secret, sizeof(throttles->secret));
}

struct throttle *throttle_of(struct throttles *throttles, uint64_t source)
{
	uint64_t mixed = (source ^ throttles->secret) * SPREAD;

	static_assert(THROTTLES == 1u << 8, "eight bits tell one");
	return &throttles->at[mixed >> 56];
}

/* The level is kept as the time at which it was empty, so that it rises by itself. */
static uint64_t emptied(const struct throttle *throttle, uint64_t now_ns)
{
	uint64_t full_ns = throttle->most * throttle->every_ns;
	uint64_t earliest_ns = now_ns > full_ns ? now_ns - full_ns : 0;

	return throttle->empty_ns > earliest_ns ? throttle->empty_ns : earliest_ns;
}

bool throttle_has(struct throttle *throttle, uint64_t now_ns, uint64_t *ret_wait_s)
{
	pthread_mutex_lock(&throttle->lock);
	uint64_t next_ns = emptied(throttle, now_ns) + throttle->every_ns;
	pthread_mutex_unlock(&throttle->lock);
	*ret_wait_s = next_ns > now_ns ? (next_ns - now_ns + SECOND_NS - 1) / SECOND_NS : 0;
	return next_ns <= now_ns;
}

void throttle_take(struct throttle *throttle, uint64_t now_ns)
{
	pthread_mutex_lock(&throttle->lock);
	throttle->empty_ns = emptied(throttle, now_ns) + throttle->every_ns;
	pthread_mutex_unlock(&throttle->lock);
}

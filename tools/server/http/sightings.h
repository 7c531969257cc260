/* SPDX-License-Identifier: MIT */
/* Machines that asked for their policy, and what they said of themselves: written down some of them at a time, so
 * that those who read and write connections do not wait for the database to let them write.  A crowd asks more often than
 * a disk can be waited for. */
#ifndef TOOLS_SERVER_HTTP_SIGHTINGS_H
#define TOOLS_SERVER_HTTP_SIGHTINGS_H

#include <pthread.h>

#include "common/clock.h"
#include "tools/server/common/ticker.h"
#include "tools/server/http/agent.h"

#define SIGHTINGS_MAX       4096u
#define SIGHTINGS_EVERY_NS  (200 * MILLISECOND_NS)
#define SIGHTINGS_STATE_MAX 95u /* of the header Agent-State */

struct sighting {
	char agent[2 * AGENT_ID_SIZE + 1];
	char state[SIGHTINGS_STATE_MAX + 1];
};

struct sightings {
	struct ticker ticker;
	struct store *store;
	pthread_mutex_t lock;     /* of what follows */
	struct sighting *waiting; /* SIGHTINGS_MAX of them have room */
	size_t count;
	struct sighting *written; /* those that are on their way, as many */
};

#define SIGHTINGS_EMPTY                                                                            \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER                                                  \
	}

/* Begins to write; `store` becomes its own, also on failure.  A negative errno. */
must_use int sightings_start(struct sightings *sightings, struct store *store);

/* A machine was seen that says `state` of itself (NULL: nothing).  False: too many wait, it says too much, or nobody
 * writes; agent_see is for that. */
bool sightings_add(struct sightings *sightings, const struct agent *agent, struct slice state);

/* Writes what waits, and ends.  Does nothing to what was not started. */
void sightings_stop(struct sightings *sightings);

#endif

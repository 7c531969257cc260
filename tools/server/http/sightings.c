/* SPDX-License-Identifier: MIT */
#include "tools/server/http/sightings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TOGETHER 256u /* in one transaction, for which deliveries wait */

/* Those that are written at once. */
struct together {
	const struct sighting *at;
	size_t count;
};

static int write_together(struct store *store, void *context)
{
	const struct together *together = context;
	int r = 0;

	for (size_t i = 0; i < together->count && r == 0; i++) {
		const struct sighting *sighting = &together->at[i];
		struct agent agent = { .id = "" };

		memcpy(agent.id, sighting->agent, sizeof(agent.id));
		r = agent_see(store, &agent, slice_of(sighting->state));
	}
	return r;
}

/* Takes what waits, which has room for others then. */
static size_t take(struct sightings *sightings)
{
	pthread_mutex_lock(&sightings->lock);
	struct sighting *taken = sightings->waiting;
	size_t count = sightings->count;
	sightings->waiting = sightings->written;
	sightings->written = taken;
	sightings->count = 0;
	pthread_mutex_unlock(&sightings->lock);
	return count;
}

/* What the database does not take is said again with the next poll. */
static void write_all(void *context)
{
	struct sightings *sightings = context;
	size_t count = take(sightings);

	for (size_t i = 0; i < count; i += TOGETHER) {
		size_t rest = count - i;
		struct together together = { &sightings->written[i],
					     rest < TOGETHER ? rest : TOGETHER };

		(void)!store_transact(sightings->store, write_together, &together);
	}
}

int sightings_start(struct sightings *sightings, struct store *store)
{
	sightings->store = store;
	sightings->waiting = calloc(SIGHTINGS_MAX, sizeof(*sightings->waiting));
	sightings->written = calloc(SIGHTINGS_MAX, sizeof(*sightings->written));
	int r = sightings->waiting && sightings->written
			? ticker_start(&sightings->ticker, SIGHTINGS_EVERY_NS, write_all, sightings)
			: -ENOMEM;
	if (r < 0)
		sightings_stop(sightings);
	return r;
}

bool sightings_add(struct sightings *sightings, const struct agent *agent, struct slice state)
{
	if (state.length > SIGHTINGS_STATE_MAX)
		return false;
	pthread_mutex_lock(&sightings->lock);
	bool has_room = sightings->waiting && sightings->count < SIGHTINGS_MAX;
	if (has_room) {
		struct sighting *sighting = &sightings->waiting[sightings->count++];

		memcpy(sighting->agent, agent->id, sizeof(sighting->agent));
		snprintf(sighting->state, sizeof(sighting->state), "%.*s", SLICE_ARGUMENTS(state));
	}
	pthread_mutex_unlock(&sightings->lock);
	return has_room;
}

void sightings_stop(struct sightings *sightings)
{
	if (!sightings->store)
		return;
	bool was_started = sightings->ticker.is_started;
	ticker_stop(&sightings->ticker);
	if (was_started)
		write_all(sightings);
	free(sightings->waiting);
	free(sightings->written);
	sightings->waiting = sightings->written = NULL;
	store_close(sightings->store);
	sightings->store = NULL;
}

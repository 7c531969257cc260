/* SPDX-License-Identifier: MIT */
/* What the record holds of a ring that an earlier agent left: an agent may die after it wrote and
 * before it could say so, and no statement may stand there twice. */
#include <stdlib.h>

#include "tools/chaperone/agent.h"

#define CONNECTIONS_MAX 65536u

struct search {
	uint64_t process;
	uint64_t *connections; /* of the process */
	size_t count, capacity;
	/* the highest slot sequence seen, which is the number behind its slot */
	uint64_t recorded;
};

static bool is_of_process(const struct search *search, uint64_t connection)
{
	for (size_t i = search->count; i-- > 0;) {
		if (search->connections[i] == connection)
			return true;
	}
	return false;
}

static void add_connection(struct search *search, uint64_t connection)
{
	if (search->count == search->capacity) {
		size_t capacity = search->capacity ? 2 * search->capacity : 16;
		uint64_t *more = capacity <= CONNECTIONS_MAX
					 ? realloc(search->connections, capacity * sizeof(*more))
					 : NULL;

		if (!more)
			/* its slots may stand there twice, which is better than not at all */
			return;
		search->connections = more;
		search->capacity = capacity;
	}
	search->connections[search->count++] = connection;
}

static void look_at(struct search *search, const struct record_entry *entry)
{
	uint64_t sequence = atomic_load(&entry->slot.sequence);

	switch (entry->kind) {
	case RECORD_CONNECTION:
		if (entry->parent == search->process)
			add_connection(search, entry->number);
		return;
	case RECORD_INTENT:
	case RECORD_OUTCOME:
	case RECORD_LOST:
		if (sequence > search->recorded && is_of_process(search, entry->parent))
			search->recorded = sequence;
		return;
	default:
		return;
	}
}

uint64_t agent_orphan_recorded(const struct agent *agent, uint64_t process)
{
	SCOPED(record_reader_closep) struct record_reader *reader = NULL;
	struct search search = { .process = process };
	struct record_entry entry;
	struct error error;
	int r;

	if (record_reader_open(agent->settings.record_folder, &reader, &error) < 0)
		return 0;
	record_reader_start_at(reader, process >> 32);
	while ((r = record_reader_next(reader, &entry, &error)) != 0) {
		if (r > 0)
			look_at(&search, &entry);
	}
	free(search.connections);
	return search.recorded;
}

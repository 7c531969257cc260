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
	bool has_boot; /* of the agent that numbered the process */
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
	case RECORD_BOOT:
		search->has_boot |= entry->number == search->process >> 32;
		return;
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

uint64_t agent_orphan_recorded(const struct agent *agent, uint64_t process, bool *ret_is_known)
{
	SCOPED(record_reader_closep) struct record_reader *reader = NULL;
	struct search search = { .process = process };
	struct record_entry entry;
	struct error error;
	int r;

	*ret_is_known = false;
	if (record_reader_open(agent->settings.record_folder, &reader, &error) < 0)
		return 0;
	record_reader_start_at(reader, process >> 32);
	while ((r = record_reader_next(reader, &entry, &error)) != 0) {
		if (r > 0)
			look_at(&search, &entry);
	}
	free(search.connections);
	*ret_is_known = search.has_boot;
	return search.recorded;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* The first place of `number` among those in order, or where it would stand. */
static size_t first_of(const uint64_t *numbers, size_t count, uint64_t number)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t agent_orphan_unexplained(const struct agent *agent, uint64_t process, uint64_t *judgements,
				size_t count)
{
	SCOPED(record_reader_closep) struct record_reader *reader = NULL;
	struct record_entry entry;
	struct error error;
	size_t explained = 0;
	int r;

	if (count == 0 || record_reader_open(agent->settings.record_folder, &reader, &error) < 0)
		return count;
	qsort(judgements, count, sizeof(*judgements), compare_numbers);
	record_reader_start_at(reader, process >> 32);
	while ((r = record_reader_next(reader, &entry, &error)) != 0) {
		if (r < 0 || entry.kind != RECORD_JUDGEMENT)
			continue;
		for (size_t i = first_of(judgements, count, entry.number);
		     i < count && judgements[i] == entry.number; i++)
			explained++;
	}
	return count - explained;
}

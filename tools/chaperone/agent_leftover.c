/* SPDX-License-Identifier: MIT */
/* Puts on the record what an earlier agent kept in a file because the disk was full.  What is from
 * rings is left out: they are still there, and are taken up by themselves. */
#include "tools/chaperone/agent_leftover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"

#define ENTRY_MIN 4u /* bytes: a kind and three numbers */

struct leftover_key {
	uint64_t kind, number, parent, time_ns;
	bool is_there; /* on the record */
};

static struct leftover_key key_of(const struct record_entry *entry)
{
	return (struct leftover_key){ entry->kind, entry->number, entry->parent, entry->time_ns,
				      false };
}

static int compare_numbers(uint64_t left, uint64_t right)
{
	return (left > right) - (left < right);
}

static int compare_keys(const void *a, const void *b)
{
	const struct leftover_key *left = a, *right = b;
	int order = compare_numbers(left->time_ns, right->time_ns);

	if (order == 0)
		order = compare_numbers(left->kind, right->kind);
	if (order == 0)
		order = compare_numbers(left->number, right->number);
	return order ? order : compare_numbers(left->parent, right->parent);
}

static struct leftover_key *find_key(const struct agent_leftover *leftover,
				     const struct record_entry *entry)
{
	const struct leftover_key key = key_of(entry);

	return bsearch(&key, leftover->keys, leftover->count, sizeof(key), compare_keys);
}

/* Of the kinds that the agent writes by itself while it serves. */
static bool is_own(const struct record_entry *entry)
{
	switch (entry->kind) {
	case RECORD_PROCESS:
	case RECORD_CONNECTION:
	case RECORD_JUDGEMENT:
	case RECORD_MISS:
	case RECORD_NOTE:
	case RECORD_CLOSED:
		return true;
	case RECORD_LOST:
		return atomic_load(&entry->slot.sequence) == 0; /* it has no slot */
	default:
		return false;
	}
}

static void sort_keys(struct agent_leftover *leftover)
{
	struct leftover_key *keys = leftover->keys;
	size_t count = 0;

	qsort(keys, leftover->count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < leftover->count; i++) {
		if (count == 0 || compare_keys(&keys[count - 1], &keys[i]) != 0)
			keys[count++] = keys[i];
	}
	leftover->count = leftover->missing = count;
}

static int collect_keys(struct agent_leftover *leftover)
{
	size_t max = leftover->file.bytes.length / ENTRY_MIN + 1;
	struct record_entry entry;
	int r;

	leftover->keys = calloc(max, sizeof(*leftover->keys));
	if (!leftover->keys)
		return -ENOMEM;
	while ((r = record_leftover_next(&leftover->file, &entry)) > 0) {
		if (is_own(&entry) && leftover->count < max)
			leftover->keys[leftover->count++] = key_of(&entry);
	}
	sort_keys(leftover);
	return r;
}

static void strike(struct agent_leftover *leftover, const struct record_entry *entry)
{
	struct leftover_key *key = find_key(leftover, entry);

	if (!key || key->is_there)
		return;
	key->is_there = true;
	leftover->missing--;
}

static int look_on_record(const struct agent *agent, struct agent_leftover *leftover)
{
	SCOPED(record_reader_closep) struct record_reader *reader = NULL;
	struct record_entry entry;
	struct error error;
	bool is_known = false;
	int r;

	if (record_reader_open(agent->settings.record_folder, &reader, &error) < 0)
		return -EIO;
	record_reader_start_at(reader, leftover->file.boot);
	while ((r = record_reader_next(reader, &entry, &error)) != 0) {
		if (r < 0)
			continue;
		is_known |= entry.kind == RECORD_BOOT && entry.number == leftover->file.boot;
		strike(leftover, &entry);
	}
	return is_known ? 0 : -EXDEV;
}

int agent_leftover_look(const struct agent *agent, const char *name,
			struct agent_leftover *ret_leftover)
{
	SCOPED(agent_leftover_done) struct agent_leftover leftover = { .keys = NULL };
	int r = record_leftover_read(agent->run_folder, name, &leftover.file);

	if (r == 0)
		r = collect_keys(&leftover);
	if (r == 0 && leftover.count > 0)
		r = look_on_record(agent, &leftover);
	if (r < 0)
		return r;
	*ret_leftover = leftover;
	leftover = (struct agent_leftover){ .keys = NULL };
	return 0;
}

int agent_leftover_put(struct agent *agent, struct agent_leftover *leftover)
{
	struct record_entry entry;
	int r = 0;

	record_leftover_rewind(&leftover->file);
	while (r == 0 && record_leftover_next(&leftover->file, &entry) > 0) {
		const struct leftover_key *key = is_own(&entry) ? find_key(leftover, &entry) : NULL;

		if (!key || key->is_there)
			continue;
		r = agent_record(agent, &entry);
		if (r == 0)
			strike(leftover, &entry);
	}
	int flushed = agent_flush(agent);
	if (r == 0)
		r = flushed;
	return r < 0 ? r : record_sync(agent->record);
}

void agent_leftover_done(struct agent_leftover *leftover)
{
	record_leftover_done(&leftover->file);
	free(leftover->keys);
}

static void adopt(struct agent *agent, const char *name)
{
	SCOPED(agent_leftover_done) struct agent_leftover leftover = { .keys = NULL };
	int r = agent_leftover_look(agent, name, &leftover);
	size_t missing = leftover.missing;

	if (r < 0) {
		agent_note(agent, 0, "%.40s cannot be taken up and was left alone: %s", name,
			   strerror(-r));
		return;
	}
	if (missing > 0 && agent_leftover_put(agent, &leftover) < 0) {
		agent->has_leftovers = true;
		return;
	}
	unlinkat(agent->run_folder, name, 0);
	if (missing > 0)
		agent_note(agent, 0,
			   "%zu entries that an earlier agent could not write are on the "
			   "record now",
			   missing);
}

void agent_leftovers_adopt(struct agent *agent)
{
	DIR *folder;

	if (folder_list(agent->run_folder, &folder) < 0)
		return;
	agent->has_leftovers = false;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (strncmp(entry->d_name, RECORD_UNWRITTEN_PREFIX,
			    strlen(RECORD_UNWRITTEN_PREFIX)) == 0 &&
		    strcmp(entry->d_name, agent->unwritten.name) != 0)
			adopt(agent, entry->d_name);
	}
	closedir(folder);
}

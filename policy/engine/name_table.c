/* SPDX-License-Identifier: MIT */
/* The table of names, hashed with FNV-1a. */
#include "policy/engine/name_table.h"

#include <errno.h>
#include <string.h>

static size_t hash(const char *name)
{
	uint64_t value = 0xcbf29ce484222325u;

	for (const char *at = name; *at; at++)
		value = (value ^ (unsigned char)*at) * 0x100000001b3u;
	return (size_t)(value ^ (value >> 32));
}

/* The slot that holds `name`, or the empty one where it would stand. */
static uint32_t *slot_of(const struct name_table *table, const char *name)
{
	size_t mask = table->slot_count - 1;
	size_t at = hash(name) & mask;

	while (table->slots[at] && strcmp(table->entries[table->slots[at] - 1].name, name) != 0)
		at = (at + 1) & mask;
	return &table->slots[at];
}

uint32_t name_table_find(const struct name_table *table, const char *name)
{
	if (table->count == 0)
		return NAME_NONE;
	uint32_t slot = *slot_of(table, name);
	return slot ? slot - 1 : NAME_NONE;
}

static int make_slots(struct name_table *table, struct arena *arena)
{
	if (table->count * 2 < table->slot_count)
		return 0;
	size_t slot_count = table->slot_count ? table->slot_count * 2 : 16;
	uint32_t *slots = arena_get(arena, slot_count * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	table->slots = slots;
	table->slot_count = slot_count;
	for (size_t i = 0; i < table->count; i++)
		*slot_of(table, table->entries[i].name) = (uint32_t)i + 1;
	return 0;
}

int name_table_add(struct name_table *table, struct arena *arena, const char *name,
		   struct policy_place place)
{
	int r = make_slots(table, arena);

	if (r < 0)
		return r;
	struct name_entry *entries =
		arena_grow(arena, table->entries, table->count, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	table->entries = entries;
	uint32_t *slot = slot_of(table, name);
	entries[table->count] = (struct name_entry){ name, place };
	*slot = (uint32_t)++table->count;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* The names that a bundle defines, of one sort: found by spelling, by wildcard, by nearness. */
#ifndef POLICY_ENGINE_NAME_TABLE_H
#define POLICY_ENGINE_NAME_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "policy/engine/arena.h"
#include "policy/engine/policy.h"

#define NAME_NONE UINT32_MAX

struct name_entry {
	const char *name;
	struct policy_place place;
};

struct name_table {
	/* In order of definition: an entry's index is the named thing's. */
	struct name_entry *entries;
	size_t count;
	uint32_t *slots; /* open addressing; index + 1, 0 for empty */
	size_t slot_count;
};

/* The index of `name`, or NAME_NONE. */
uint32_t name_table_find(const struct name_table *table, const char *name);

/* Adds a name that is not in the table; `name` is borrowed. */
must_use int name_table_add(struct name_table *table, struct arena *arena, const char *name,
			    struct policy_place place);

#endif

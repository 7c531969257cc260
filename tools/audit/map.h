/* SPDX-License-Identifier: MIT */
/* A table of what the record has defined so far and what is still open, by boot, kind and two
 * numbers. */
#ifndef TOOLS_AUDIT_MAP_H
#define TOOLS_AUDIT_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define AUDIT_MAP_MAX 4000000u

struct audit_key {
	uint64_t boot, kind, a, b;
};

struct audit_node {
	struct audit_key key;
	void *value;
	struct audit_node *next;
};

struct audit_map {
	struct audit_node **buckets;
	size_t bucket_count; /* a power of two, or 0 */
	size_t count;
};

/* NULL where there is none. */
void *audit_map_get(const struct audit_map *map, const struct audit_key *key);

/* Puts `value`, which is malloc'ed and now the map's; an earlier value of the key is freed.  -E2BIG
 * beyond AUDIT_MAP_MAX. */
must_use int audit_map_put(struct audit_map *map, const struct audit_key *key, void *value);

/* Takes the value out; it is the caller's.  NULL where there is none. */
void *audit_map_take(struct audit_map *map, const struct audit_key *key);

void audit_map_done(struct audit_map *map);

#endif

/* SPDX-License-Identifier: MIT */
/* The verdict cache of one connection: exact texts and templates.  A hit always compares the full
 * key, because hashes of texts that somebody else chooses can be made to collide. */
#ifndef SHIM_GATE_CACHE_H
#define SHIM_GATE_CACHE_H

#include <stdint.h>

#include "common/slice.h"
#include "shim/gate/verdict.h"

#define CACHE_ENTRIES   512u
#define CACHE_KEY_MAX   (16 * KIB)
#define CACHE_BYTES_MAX (1 * MIB)

/* What a key is; equal bytes of different kinds are different keys. */
enum cache_kind {
	CACHE_TEXT,          /* simple protocol */
	CACHE_TEXT_EXTENDED, /* extended protocol: another number of statements is allowed */
	CACHE_NAME,          /* a prepared statement's name */
	CACHE_TEMPLATE,
	CACHE_TEMPLATE_EXTENDED,
	CACHE_KINDS,
};

struct cache_entry {
	uint64_t hash;
	struct verdict *verdict; /* NULL: free */
	char *key;               /* NUL-terminated copy: what is forwarded when it is a text */
	uint32_t key_length;
	uint32_t kind;
};

struct cache {
	struct cache_entry *entries; /* NULL until the first store */
	size_t bytes;
	/* entries of each kind: with none there is nothing to look for */
	uint32_t count[CACHE_KINDS];
};

struct cache_key {
	enum cache_kind kind;
	struct slice bytes;
	uint64_t hash;
};

struct cache_key cache_key(enum cache_kind kind, struct slice bytes);

/* The entry for `key`, whatever its verdict's age; NULL when there is none. */
const struct cache_entry *cache_find(const struct cache *cache, const struct cache_key *key);

/* Stores a reference to `verdict` under `key`, in place of what its place held.  Does nothing when
 * the key is too long or memory is short: a cache may forget. */
void cache_store(struct cache *cache, const struct cache_key *key, struct verdict *verdict);

void cache_done(struct cache *cache);

#endif

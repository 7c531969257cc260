/* SPDX-License-Identifier: MIT */
/* The verdict cache: a fixed table, two places for each hash, the older one replaced. */
#include "shim/gate/cache.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/cleanup.h"

struct cache_key cache_key(enum cache_kind kind, struct slice bytes)
{
	return (struct cache_key){ kind, bytes,
				   XXH3_64bits_withSeed(bytes.at, bytes.length, kind) };
}

static bool entry_is(const struct cache_entry *entry, const struct cache_key *key)
{
	return entry->verdict && entry->hash == key->hash && entry->kind == (uint32_t)key->kind &&
	       slice_equal((struct slice){ entry->key, entry->key_length }, key->bytes);
}

static size_t place(const struct cache_key *key)
{
	return (size_t)(key->hash % (CACHE_ENTRIES / 2)) * 2;
}

const struct cache_entry *cache_find(const struct cache *cache, const struct cache_key *key)
{
	if (!cache->entries)
		return NULL;
	const struct cache_entry *pair = &cache->entries[place(key)];
	return entry_is(&pair[0], key) ? &pair[0] : entry_is(&pair[1], key) ? &pair[1] : NULL;
}

static void empty(struct cache *cache, struct cache_entry *entry)
{
	if (!entry->verdict)
		return;
	cache->bytes -= entry->key_length;
	cache->count[entry->kind]--;
	verdict_unref(entry->verdict);
	free(entry->key);
	*entry = (struct cache_entry){ 0 };
}

void cache_store(struct cache *cache, const struct cache_key *key, struct verdict *verdict)
{
	if (key->bytes.length > CACHE_KEY_MAX)
		return;
	if (cache->bytes + key->bytes.length > CACHE_BYTES_MAX)
		cache_done(cache);
	if (!cache->entries)
		cache->entries = calloc(CACHE_ENTRIES, sizeof(*cache->entries));
	char *copy = malloc(key->bytes.length + 1);
	if (!cache->entries || !copy) {
		free(copy);
		return;
	}
	memcpy(copy, key->bytes.at, key->bytes.length);
	copy[key->bytes.length] = '\0';

	struct cache_entry *pair = &cache->entries[place(key)];
	if (!entry_is(&pair[0], key)) { /* the newest stands first; the one before it moves to the
					   second place */
		empty(cache, &pair[1]);
		pair[1] = pair[0];
		pair[0] = (struct cache_entry){ 0 };
	}
	empty(cache, &pair[0]);
	pair[0] = (struct cache_entry){ key->hash, verdict_ref(verdict), copy,
					(uint32_t)key->bytes.length, (uint32_t)key->kind };
	cache->bytes += key->bytes.length;
	cache->count[key->kind]++;
}

void cache_done(struct cache *cache)
{
	for (size_t i = 0; cache->entries && i < CACHE_ENTRIES; i++)
		empty(cache, &cache->entries[i]);
	free(cache->entries);
	*cache = (struct cache){ 0 };
}

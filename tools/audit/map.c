/* SPDX-License-Identifier: MIT */
/* The table of definitions and open events: chains in buckets that double. */
#include "tools/audit/map.h"

#include <errno.h>
#include <string.h>

static size_t bucket_of(const struct audit_key *key, size_t bucket_count)
{
	uint64_t mixed = key->boot * 0x9e3779b97f4a7c15u ^ key->kind;

	mixed = (mixed ^ key->a) * 0xff51afd7ed558ccdu;
	mixed ^= mixed >> 32;
	mixed = (mixed ^ key->b) * 0xff51afd7ed558ccdu;
	return (size_t)(mixed ^ mixed >> 32) & (bucket_count - 1);
}

static int grow(struct audit_map *map)
{
	size_t bucket_count = map->bucket_count ? map->bucket_count * 2 : 256;
	struct audit_node **buckets = calloc(bucket_count, sizeof(struct audit_node *));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; i < map->bucket_count; i++) {
		struct audit_node *node = map->buckets[i];

		while (node) {
			struct audit_node *next = node->next;
			size_t bucket = bucket_of(&node->key, bucket_count);

			node->next = buckets[bucket];
			buckets[bucket] = node;
			node = next;
		}
	}
	free(map->buckets);
	map->buckets = buckets;
	map->bucket_count = bucket_count;
	return 0;
}

/* The link that points to the node of `key`, or the NULL where it would be. */
static struct audit_node **find(const struct audit_map *map, const struct audit_key *key)
{
	struct audit_node **link = &map->buckets[bucket_of(key, map->bucket_count)];

	while (*link && memcmp(&(*link)->key, key, sizeof(*key)) != 0)
		link = &(*link)->next;
	return link;
}

void *audit_map_get(const struct audit_map *map, const struct audit_key *key)
{
	struct audit_node *node = map->bucket_count ? *find(map, key) : NULL;

	return node ? node->value : NULL;
}

int audit_map_put(struct audit_map *map, const struct audit_key *key, void *value)
{
	int r = map->count < map->bucket_count ? 0 : grow(map);

	if (r < 0)
		return r;
	struct audit_node **link = find(map, key);
	if (*link) {
		free((*link)->value);
		(*link)->value = value;
		return 0;
	}
	if (map->count >= AUDIT_MAP_MAX)
		return -E2BIG;
	struct audit_node *node = malloc(sizeof(*node));
	if (!node)
		return -ENOMEM;
	*node = (struct audit_node){ .key = *key, .value = value };
	*link = node;
	map->count++;
	return 0;
}

void *audit_map_take(struct audit_map *map, const struct audit_key *key)
{
	struct audit_node **link = map->bucket_count ? find(map, key) : NULL;

	if (!link || !*link)
		return NULL;
	struct audit_node *node = *link;
	void *value = node->value;
	*link = node->next;
	free(node);
	map->count--;
	return value;
}

void audit_map_done(struct audit_map *map)
{
	for (size_t i = 0; i < map->bucket_count; i++) {
		struct audit_node *node = map->buckets[i];

		while (node) {
			struct audit_node *next = node->next;

			free(node->value);
			free(node);
			node = next;
		}
	}
	free(map->buckets);
	*map = (struct audit_map){ 0 };
}

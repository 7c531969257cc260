/* SPDX-License-Identifier: MIT */
/* The arena: blocks in a list, filled from the front. */
#include "policy/engine/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BLOCK_SIZE (16 * KIB)
#define ALIGNMENT  16

struct block {
	struct block *next;
	size_t used, size; /* of `bytes` */
	_Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena {
	struct block *newest;
	size_t left; /* bytes that may still be handed out */
};

struct arena *arena_new(size_t size_max)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena)
		arena->left = size_max;
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->newest) {
		struct block *block = arena->newest;

		arena->newest = block->next;
		free(block);
	}
	free(arena);
}

static struct block *add_block(struct arena *arena, size_t size_min)
{
	size_t size = size_min > BLOCK_SIZE ? size_min : BLOCK_SIZE;
	struct block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->size = size;
	block->next = arena->newest;
	arena->newest = block;
	return block;
}

void *arena_get(struct arena *arena, size_t size)
{
	struct block *block = arena->newest;

	if (size > arena->left || size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!block || block->size - block->used < size)
		block = add_block(arena, size);
	if (!block)
		return NULL;
	void *room = block->bytes + block->used;
	block->used += size;
	arena->left -= size < arena->left ? size : arena->left;
	return room;
}

const char *arena_text(struct arena *arena, struct slice text)
{
	char *copy = arena_get(arena, text.length + 1);

	if (copy && text.length)
		memcpy(copy, text.at, text.length);
	return copy;
}

/* The capacity follows from the count, so that arrays need no field for it: 4, then powers of two.
 * */
static bool is_full(size_t count)
{
	return count == 0 || (count >= 4 && (count & (count - 1)) == 0);
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t size)
{
	if (!is_full(count))
		return items;
	if (count > SIZE_MAX / 4 / size)
		return NULL;
	void *larger = arena_get(arena, (count ? count * 2 : 4) * size);
	if (larger && count)
		memcpy(larger, items, count * size);
	return larger;
}

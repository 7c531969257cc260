/* SPDX-License-Identifier: MIT */
/* Memory that is taken piece by piece and given back all at once, up to a stated maximum. */
#ifndef POLICY_ENGINE_ARENA_H
#define POLICY_ENGINE_ARENA_H

#include <stddef.h>

#include "common/cleanup.h"
#include "common/slice.h"

struct arena;

/* An arena that hands out at most `size_max` bytes; NULL when there is no memory. */
must_use struct arena *arena_new(size_t size_max);
void arena_free(struct arena *arena);
DEFINE_FREEP(struct arena, arena_freep, arena_free)

/* Zeroed room for anything, good until the arena is freed.  NULL when memory or the maximum is
 * used up. */
must_use void *arena_get(struct arena *arena, size_t size);

/* A NUL-terminated copy of `text`, or NULL. */
must_use const char *arena_text(struct arena *arena, struct slice text);

/* Where an array of `count` elements of `size` bytes, made by this function alone, has room for
 * one more: `items`
 * itself or a larger copy.  NULL when there is no memory; `items` is then as it was. */
must_use void *arena_grow(struct arena *arena, void *items, size_t count, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/* Puts a block of facts together: arrays that grow, a pool in which every text stands once. */
#ifndef POLICY_ENGINE_FACTS_BUILD_H
#define POLICY_ENGINE_FACTS_BUILD_H

#include "common/buf.h"
#include "policy/engine/facts.h"

struct facts_name_slot;

/* Zeroed memory is a builder whose facts_build_reset has not been called yet. */
struct facts_build {
	struct buf statements;
	struct buf bodies; /* statements inside statements; they follow `statements` in the block */
	struct buf effects;
	struct buf relations;
	struct buf outputs;
	struct buf sources;
	struct buf probes;
	struct buf writes;
	struct buf equalities;
	struct buf pool;
	struct facts_name_slot *slots; /* open addressing over the pool's texts */
	uint32_t slot_count;           /* a power of two */
	uint32_t slots_used;
	uint32_t round; /* slots of earlier rounds are empty */
	struct facts_text unknown;
	uint32_t parameter_max;
	int failed; /* -ENOMEM of the slots */
};

/* Bodies are numbered from here while the number of top-level statements is not known yet. */
#define FACTS_BODY_BASE 0x40000000u

/* Forgets what was built; keeps the memory. */
void facts_build_reset(struct facts_build *build);
void facts_build_done(struct facts_build *build);

/* `text` in the pool.  Equal texts give equal results. */
struct facts_text facts_build_text(struct facts_build *build, struct slice text);

/* How many entries of `size` bytes `array` has. */
uint32_t facts_build_count(const struct buf *array, size_t size);

/* Appends `count` entries of `size` bytes to `array` and returns where they are. */
struct facts_range facts_build_add(struct buf *array, const void *entries, uint32_t count,
				   size_t size);

/* Writes the block into `out` (cleared first).  -E2BIG or -ENOMEM. */
must_use int facts_build_finish(struct facts_build *build, struct buf *out);

/* Writes the block of a text that is not understood for `reason` into `out` (cleared first).  -E2BIG
 * or -ENOMEM. */
must_use int facts_build_unknown(const char *reason, struct buf *out);

#endif

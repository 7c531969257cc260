/* SPDX-License-Identifier: MIT */
/* Puts a block of facts together. */
#include "policy/engine/facts_build.h"

#include <errno.h>
#include <string.h>

struct facts_name_slot {
	uint32_t round;
	uint32_t hash;
	struct facts_text text;
};

#define SLOT_COUNT_FIRST 256u
#define SLOT_COUNT_MAX   (1u << 22)

static void reset_array(struct buf *array)
{
	array->length_max = FACTS_SIZE_MAX;
	buf_clear(array);
}

void facts_build_reset(struct facts_build *build)
{
	struct buf *arrays[] = { &build->statements, &build->bodies,  &build->effects,
				 &build->relations,  &build->outputs, &build->sources,
				 &build->probes,     &build->writes,  &build->equalities,
				 &build->pool };

	for (size_t i = 0; i < COUNT_OF(arrays); i++)
		reset_array(arrays[i]);
	if (++build->round == 0) {
		memset(build->slots, 0, build->slot_count * sizeof(*build->slots));
		build->round = 1;
	}
	build->slots_used = 0;
	build->unknown = (struct facts_text){ 0, 0 };
	build->parameter_max = 0;
	build->failed = 0;
}

void facts_build_done(struct facts_build *build)
{
	struct buf *arrays[] = { &build->statements, &build->bodies,  &build->effects,
				 &build->relations,  &build->outputs, &build->sources,
				 &build->probes,     &build->writes,  &build->equalities,
				 &build->pool };

	for (size_t i = 0; i < COUNT_OF(arrays); i++)
		buf_done(arrays[i]);
	free(build->slots);
	memset(build, 0, sizeof(*build));
}

/* FNV-1a.  Collisions cost time only, and the work of one call is bounded by its text. */
static uint32_t hash_of(struct slice text)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static struct facts_name_slot *slot_for(struct facts_build *build, uint32_t hash, struct slice text)
{
	uint32_t mask = build->slot_count - 1;

	for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
		struct facts_name_slot *slot = &build->slots[i];

		if (slot->round != build->round)
			return slot;
		if (slot->hash == hash && slot->text.length == text.length &&
		    memcmp(build->pool.at + slot->text.offset, text.at, text.length) == 0)
			return slot;
	}
}

static bool grow_slots(struct facts_build *build)
{
	struct facts_name_slot *old = build->slots;
	uint32_t old_count = build->slot_count;
	uint32_t count = old_count == 0 ? SLOT_COUNT_FIRST : old_count * 2;
	struct facts_name_slot *slots =
		count <= SLOT_COUNT_MAX ? calloc(count, sizeof(*slots)) : NULL;

	if (slots == NULL) {
		build->failed = -ENOMEM;
		return false;
	}
	build->slots = slots;
	build->slot_count = count;
	for (uint32_t i = 0; i < old_count; i++) {
		if (old[i].round != build->round)
			continue;
		uint32_t at = old[i].hash & (count - 1);
		while (slots[at].round == build->round)
			at = (at + 1) & (count - 1);
		slots[at] = old[i];
	}
	free(old);
	return true;
}

struct facts_text facts_build_text(struct facts_build *build, struct slice text)
{
	struct facts_text none = { 0, 0 };

	if (text.length == 0 || text.length > FACTS_SIZE_MAX)
		return none;
	if (build->slots_used * 2 >= build->slot_count && !grow_slots(build))
		return none;

	uint32_t hash = hash_of(text);
	struct facts_name_slot *slot = slot_for(build, hash, text);

	if (slot->round == build->round)
		return slot->text;
	slot->round = build->round;
	slot->hash = hash;
	slot->text = (struct facts_text){ (uint32_t)build->pool.length, (uint32_t)text.length };
	build->slots_used++;
	buf_add_slice(&build->pool, text);
	if (build->pool.failed != 0)
		slot->text = none;
	return slot->text;
}

uint32_t facts_build_count(const struct buf *array, size_t size)
{
	return (uint32_t)(array->length / size);
}

struct facts_range facts_build_add(struct buf *array, const void *entries, uint32_t count,
				   size_t size)
{
	struct facts_range range = { facts_build_count(array, size), count };

	if (count > 0)
		buf_add(array, entries, count * size);
	return range;
}

/* Bodies get their final numbers: behind the top-level statements. */
static void renumber(struct facts_build *build, uint32_t top_level_count)
{
	struct buf *arrays[] = { &build->statements, &build->bodies };

	for (size_t i = 0; i < COUNT_OF(arrays); i++) {
		struct facts_statement *at = (void *)arrays[i]->at;
		uint32_t count = facts_build_count(arrays[i], sizeof(*at));

		for (uint32_t j = 0; j < count; j++)
			if (at[j].body != FACTS_NONE)
				at[j].body = at[j].body - FACTS_BODY_BASE + top_level_count;
	}

	struct facts_relation *relations = (void *)build->relations.at;
	uint32_t count = facts_build_count(&build->relations, sizeof(*relations));

	for (uint32_t i = 0; i < count; i++)
		if (relations[i].statement >= FACTS_BODY_BASE)
			relations[i].statement += top_level_count - FACTS_BODY_BASE;
}

static uint32_t total_size(const struct buf *const *arrays, size_t count)
{
	size_t size = sizeof(struct facts);

	for (size_t i = 0; i < count; i++)
		size += arrays[i]->length;
	return size > FACTS_SIZE_MAX ? 0 : (uint32_t)size;
}

int facts_build_finish(struct facts_build *build, struct buf *out)
{
	const struct buf *const arrays[] = { &build->statements, &build->bodies,
					     &build->effects,    &build->relations,
					     &build->outputs,    &build->sources,
					     &build->probes,     &build->writes,
					     &build->equalities, &build->pool };
	uint32_t top = facts_build_count(&build->statements, sizeof(struct facts_statement));
	uint32_t size = total_size(arrays, COUNT_OF(arrays));

	for (size_t i = 0; i < COUNT_OF(arrays); i++)
		if (arrays[i]->failed != 0)
			return arrays[i]->failed;
	if (build->failed != 0 || size == 0)
		return build->failed != 0 ? build->failed : -E2BIG;
	renumber(build, top);

	struct facts facts = {
		.magic = FACTS_MAGIC,
		.size = size,
		.top_level_count = top,
		.statement_count =
			top + facts_build_count(&build->bodies, sizeof(struct facts_statement)),
		.effect_count = facts_build_count(&build->effects, sizeof(struct facts_effect)),
		.relation_count =
			facts_build_count(&build->relations, sizeof(struct facts_relation)),
		.output_count = facts_build_count(&build->outputs, sizeof(struct facts_output)),
		.source_count = facts_build_count(&build->sources, sizeof(struct facts_source)),
		.probe_count = facts_build_count(&build->probes, sizeof(struct facts_probe)),
		.write_count = facts_build_count(&build->writes, sizeof(struct facts_write)),
		.equality_count =
			facts_build_count(&build->equalities, sizeof(struct facts_equality)),
		.pool_size = (uint32_t)build->pool.length,
		.unknown = build->unknown,
		.parameter_max = build->parameter_max,
	};

	buf_clear(out);
	buf_add(out, &facts, sizeof(facts));
	for (size_t i = 0; i < COUNT_OF(arrays); i++)
		buf_add(out, arrays[i]->at, arrays[i]->length);
	return out->failed;
}

int facts_build_unknown(const char *reason, struct buf *out)
{
	SCOPED(facts_build_done) struct facts_build build = { 0 };

	facts_build_reset(&build);
	build.unknown = facts_build_text(&build, slice_of(reason));
	return facts_build_finish(&build, out);
}

/* SPDX-License-Identifier: MIT */
/* Prepared names and cursors: what each may stand for while the fate of calls is open. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "policy/engine/session_private.h"

static void swap_statements(struct facts *facts, uint32_t statement)
{
	/* The accessors give the block's own memory, which is ours here. */
	struct facts_statement *statements =
		(struct facts_statement *)(uintptr_t)facts_statements(facts);
	struct facts_relation *relations =
		(struct facts_relation *)(uintptr_t)facts_relations(facts);
	struct facts_statement first = statements[0];

	statements[0] = statements[statement];
	statements[statement] = first;
	for (uint32_t i = 0; i < facts->relation_count; i++) {
		if (relations[i].statement == 0)
			relations[i].statement = statement;
		else if (relations[i].statement == statement)
			relations[i].statement = 0;
	}
}

/* A copy of the block in which `statement` is the only one at the top. */
struct held_facts *held_facts_new(const struct facts *facts, uint32_t statement)
{
	struct held_facts *held = malloc(sizeof(*held) + facts->size);

	if (!held)
		return NULL;
	held->references = 1;
	held->made_by = 0;
	held->is_touched = held->is_outdated = false;
	memcpy(held->block, facts, facts->size);
	if (statement != FACTS_NONE && facts->statement_count > 0) {
		struct facts *copy = (struct facts *)held->block;

		if (statement != 0)
			swap_statements(copy, statement);
		copy->top_level_count = 1;
	}
	held->digest = XXH3_64bits(held->block, facts->size);
	return held;
}

void held_facts_drop(struct held_facts *held)
{
	if (held && --held->references == 0)
		free(held);
}

int held_names_add(struct held_names *names, const struct held_name *name)
{
	struct held_name *items;
	char *copy;

	if (names->count == SESSION_NAMES_MAX)
		return -E2BIG;
	items = reallocarray(names->items, names->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	names->items = items;
	copy = malloc(name->name.length + 1);
	if (!copy)
		return -ENOMEM;
	if (name->name.length > 0)
		memcpy(copy, name->name.at, name->name.length);
	items[names->count] = *name;
	items[names->count++].name.at = copy;
	name->facts->references++;
	return 0;
}

int held_names_find(const struct held_names *names, struct slice name, bool is_lost,
		    const struct facts **ret_facts, size_t max)
{
	bool is_whole = !is_lost;
	size_t found = 0;

	for (size_t i = 0; i < names->count; i++) {
		if (!slice_equal(names->items[i].name, name))
			continue;
		if (found == max)
			return -E2BIG;
		is_whole |= names->items[i].call == 0;
		ret_facts[found++] = (const struct facts *)names->items[i].facts->block;
	}
	return found > 0 && is_whole ? (int)found : -ENOENT;
}

static void drop_at(struct held_names *names, size_t i)
{
	held_facts_drop(names->items[i].facts);
	free((char *)(uintptr_t)names->items[i].name.at);
	memmove(&names->items[i], &names->items[i + 1],
		(names->count - i - 1) * sizeof(*names->items));
	names->count--;
}

void held_names_remove(struct held_names *names, struct slice name, bool any_name,
		       uint64_t up_to_call)
{
	for (size_t i = names->count; i-- > 0;) {
		if (names->items[i].call < up_to_call &&
		    (any_name || slice_equal(names->items[i].name, name)))
			drop_at(names, i);
	}
}

void held_names_settle(struct held_names *names, uint64_t call, uint32_t statement, bool has_worked)
{
	for (size_t i = names->count; i-- > 0;) {
		if (names->items[i].call != call || names->items[i].statement != statement)
			continue;
		if (has_worked)
			names->items[i].call = 0;
		else
			drop_at(names, i);
	}
}

void held_names_end_transaction(struct held_names *names, uint64_t up_to_call)
{
	for (size_t i = names->count; i-- > 0;) {
		if (names->items[i].call < up_to_call && names->items[i].ends_with_transaction)
			drop_at(names, i);
	}
}

void held_names_done(struct held_names *names)
{
	while (names->count > 0)
		drop_at(names, names->count - 1);
	free(names->items);
	names->items = NULL;
}

uint64_t held_names_digest(const struct held_names *names)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < names->count; i++)
		sum += XXH3_64bits_withSeed(names->items[i].name.at, names->items[i].name.length,
					    names->items[i].facts->digest +
						    names->items[i].facts->is_outdated);
	return sum;
}

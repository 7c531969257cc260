/* SPDX-License-Identifier: MIT */
/* Sets of sources, and vectors: the columns that a query or FROM item has, as far as its text
 * tells. */
#include "policy/engine/analysis.h"

static uint64_t work;

void lineage_work_begin(void)
{
	work = 0;
}

void lineage_work_add(uint64_t comparisons)
{
	work += comparisons;
}

uint64_t lineage_work(void)
{
	return work;
}

static bool same_place(const struct facts_source *a, const struct facts_source *b)
{
	return a->relation == b->relation && a->position == b->position &&
	       text_equal(a->column, b->column);
}

static void fill(struct sources *set)
{
	set->count = 0;
	set->capacity = 0;
	set->at = analysis_grow(NULL, 0, &set->capacity, sizeof(*set->at));
	set->at[set->count++] = (struct facts_source){ .relation = FACTS_TOP };
	set->is_full = true;
}

void sources_add(struct sources *set, struct facts_source source)
{
	if (set->is_full)
		return;
	work += set->count + 1;
	for (uint32_t i = 0; i < set->count; i++) {
		if (same_place(&set->at[i], &source)) {
			set->at[i].flags &= source.flags;
			return;
		}
	}
	if (set->count >= ANALYSIS_SOURCES_MAX) {
		fill(set);
		return;
	}
	set->at = analysis_grow(set->at, set->count, &set->capacity, sizeof(*set->at));
	set->at[set->count++] = source;
}

void sources_union_flagged(struct sources *set, const struct sources *other, uint32_t flags)
{
	for (uint32_t i = 0; i < other->count; i++) {
		struct facts_source source = other->at[i];

		source.flags |= flags;
		sources_add(set, source);
	}
}

void sources_union(struct sources *set, const struct sources *other)
{
	sources_union_flagged(set, other, 0);
}

void sources_top(struct sources *set)
{
	sources_add(set, (struct facts_source){ .relation = FACTS_TOP });
}

void value_union(struct value *value, const struct value *other)
{
	sources_union(&value->sources, &other->sources);
	value->derived = value->derived || other->derived;
}

struct item *vector_push(struct vector *vector, struct item item)
{
	vector->at =
		analysis_grow(vector->at, vector->count, &vector->capacity, sizeof(*vector->at));
	vector->at[vector->count] = item;
	return &vector->at[vector->count++];
}

/* A copy that may grow without writing into the original's memory. */
static struct item item_copy(const struct item *item)
{
	work++;

	struct item copy = *item;
	struct sources own = { NULL, 0, 0, false };

	sources_union(&own, &item->sources);
	own.is_full = item->sources.is_full;
	copy.sources = own;
	return copy;
}

void vector_append(struct vector *vector, const struct vector *other)
{
	for (uint32_t i = 0; i < other->count; i++)
		vector_push(vector, item_copy(&other->at[i]));
}

void vector_push_column(struct vector *vector, struct facts_text name, const struct value *value)
{
	vector_push(vector, (struct item){ .kind = ITEM_COLUMN,
					   .derived = value->derived,
					   .name = name,
					   .relation = FACTS_NONE,
					   .sources = value->sources });
}

static void item_whole(const struct item *item, struct sources *set)
{
	if (item->kind == ITEM_STAR)
		sources_add(set, (struct facts_source){ .relation = item->relation });
	else
		sources_union(set, &item->sources);
}

static void whole_from(const struct vector *vector, uint32_t first, struct sources *set)
{
	for (uint32_t i = first; i < vector->count; i++)
		item_whole(&vector->at[i], set);
}

void vector_whole(const struct vector *vector, struct sources *set)
{
	whole_from(vector, 0, set);
}

void vector_at(const struct vector *vector, uint32_t position, struct value *value)
{
	uint32_t first = 0;

	/* Up to the first item of unknown width, positions are certain. */
	while (first < vector->count && vector->at[first].kind == ITEM_COLUMN)
		first++;
	if (position <= first) {
		const struct item *item = &vector->at[position - 1];

		sources_union(&value->sources, &item->sources);
		value->derived = value->derived || item->derived;
		return;
	}
	if (first == vector->count)
		return;

	const struct item *wide = &vector->at[first];

	if (wide->kind == ITEM_STAR && !wide->is_partial) {
		sources_add(&value->sources, (struct facts_source){ .relation = wide->relation,
								    .position = position - first });
		first++;
	}
	whole_from(vector, first, &value->sources);
	value->derived = value->derived || first < vector->count;
}

static bool same_relation(const struct analysis *analysis, const struct item *a,
			  const struct item *b)
{
	struct facts_relation left = relation_at(analysis, a->relation);
	struct facts_relation right = relation_at(analysis, b->relation);

	return !a->is_partial && !b->is_partial && text_equal(left.schema, right.schema) &&
	       text_equal(left.name, right.name) && a->alias_count == 0 && b->alias_count == 0;
}

/* Whether two items, one above the other in a set operation, stay one item. */
static bool aligns(const struct analysis *analysis, const struct item *a, const struct item *b)
{
	if (a->kind != b->kind || a->kind == ITEM_ANY)
		return false;
	return a->kind == ITEM_COLUMN || same_relation(analysis, a, b);
}

struct vector vector_union(struct analysis *analysis, const struct vector *left,
			   const struct vector *right)
{
	struct vector both = { NULL, 0, 0 };
	struct value rest = { .derived = true };
	uint32_t i = 0;

	for (; i < left->count && i < right->count; i++) {
		if (!aligns(analysis, &left->at[i], &right->at[i]))
			break;
		struct item *item = vector_push(&both, item_copy(&left->at[i]));
		sources_union(&item->sources, &right->at[i].sources);
		item->derived = item->derived || right->at[i].derived;
	}
	if (i == left->count && i == right->count)
		return both;
	whole_from(left, i, &rest.sources);
	whole_from(right, i, &rest.sources);
	vector_push(&both, (struct item){ .kind = ITEM_ANY,
					  .derived = true,
					  .relation = FACTS_NONE,
					  .sources = rest.sources });
	return both;
}

static bool sources_equal(const struct sources *a, const struct sources *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!same_place(&a->at[i], &b->at[i]) || a->at[i].flags != b->at[i].flags)
			return false;
	return true;
}

bool vector_equal(const struct vector *a, const struct vector *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (a->at[i].kind != b->at[i].kind || a->at[i].derived != b->at[i].derived ||
		    !sources_equal(&a->at[i].sources, &b->at[i].sources))
			return false;
	return true;
}

/* Names for the columns of a star: the new ones, then what is left of the old ones. */
static void rename_star(struct analysis *analysis, struct item *star, List *names, uint32_t first)
{
	uint32_t count = (uint32_t)list_length(names) - first;
	uint32_t total = count > star->alias_count ? count : star->alias_count;
	struct facts_text *aliases = palloc(total * sizeof(*aliases));

	for (uint32_t i = 0; i < total; i++)
		aliases[i] = i < count ? analysis_text(analysis,
						       strVal(list_nth(names, (int)(first + i))))
				       : star->aliases[i];
	star->aliases = aliases;
	star->alias_count = total;
}

/* Column by column, where an item of unknown width has others behind it. */
static struct vector rename_loosely(struct analysis *analysis, const struct vector *vector,
				    List *names)
{
	struct vector renamed = { NULL, 0, 0 };
	struct sources all = { NULL, 0, 0, false };
	uint32_t count = (uint32_t)list_length(names);

	for (uint32_t i = 0; i < count; i++) {
		struct value value = { .derived = false };

		vector_at(vector, i + 1, &value);
		vector_push_column(
			&renamed, analysis_text(analysis, strVal(list_nth(names, (int)i))), &value);
	}
	vector_whole(vector, &all);
	vector_push(&renamed, (struct item){ .kind = ITEM_ANY,
					     .derived = true,
					     .relation = FACTS_NONE,
					     .sources = all });
	return renamed;
}

struct vector vector_rename(struct analysis *analysis, const struct vector *vector, List *names)
{
	struct vector renamed = { NULL, 0, 0 };
	uint32_t count = (uint32_t)list_length(names), first = 0;

	vector_append(&renamed, vector);
	while (first < count && first < renamed.count && renamed.at[first].kind == ITEM_COLUMN) {
		renamed.at[first].name =
			analysis_text(analysis, strVal(list_nth(names, (int)first)));
		first++;
	}
	if (first == count || first == renamed.count)
		return renamed;
	struct item *wide = &renamed.at[first];

	if (wide->kind != ITEM_STAR || wide->is_partial || first + 1 != renamed.count)
		return rename_loosely(analysis, vector, names);
	rename_star(analysis, wide, names, first);
	return renamed;
}

static bool star_find(const struct item *star, struct facts_text name, struct value *value)
{
	for (uint32_t i = 0; i < star->alias_count; i++) {
		if (text_equal(star->aliases[i], name)) {
			sources_add(&value->sources,
				    (struct facts_source){ .relation = star->relation,
							   .position = i + 1 });
			return true;
		}
	}
	return false;
}

bool vector_find(const struct vector *vector, struct facts_text name, struct value *value)
{
	bool found = false;

	work += vector->count + 1;
	for (uint32_t i = 0; i < vector->count; i++) {
		const struct item *item = &vector->at[i];

		if (item->kind == ITEM_STAR) {
			found = star_find(item, name, value) || found;
		} else if (item->kind == ITEM_COLUMN && text_equal(item->name, name)) {
			sources_union(&value->sources, &item->sources);
			value->derived = value->derived || item->derived;
			found = true;
		}
	}
	return found;
}

bool vector_find_possible(const struct vector *vector, struct facts_text name, struct value *value)
{
	bool found = false;

	for (uint32_t i = 0; i < vector->count; i++) {
		const struct item *item = &vector->at[i];

		if (item->kind == ITEM_COLUMN)
			continue;
		if (item->kind == ITEM_STAR)
			sources_add(&value->sources,
				    (struct facts_source){ .relation = item->relation,
							   .column = name });
		else
			sources_union(&value->sources, &item->sources);
		value->derived = value->derived || item->kind == ITEM_ANY;
		found = true;
	}
	return found;
}

bool vector_is_closed(const struct vector *vector)
{
	for (uint32_t i = 0; i < vector->count; i++)
		if (vector->at[i].kind != ITEM_COLUMN)
			return false;
	return true;
}

/* SPDX-License-Identifier: MIT */
/* Lays masks over relations: families of parents and children share them, views hand them on. */
#include "policy/engine/cover.h"

#include <errno.h>
#include <string.h>

static bool is_view(const struct catalogue_relation *relation)
{
	return relation->kind == 'v' || relation->kind == 'm';
}

static void add_rule(struct shield *shield, uint32_t rule)
{
	for (size_t i = 0; i < shield->rule_count; i++) {
		if (shield->rules[i] == rule)
			return;
	}
	if (shield->rule_count < SHIELD_RULES_MAX)
		shield->rules[shield->rule_count++] = rule;
}

static void add_probe(struct shield *shield, enum policy_probe probe)
{
	/* enum policy_probe goes from the strictest to the mildest. */
	if (!shield_holds(shield) || probe < shield->probe)
		shield->probe = probe;
}

void shield_add(struct shield *shield, const struct policy *policy, const struct guard *guard,
		enum mask_how how)
{
	const struct policy_rule *rule = &policy->rules[guard->rule];
	struct mask mask = guard->mask;

	if (how > (enum mask_how)mask.how)
		mask = (struct mask){ .how = (uint8_t)how };
	add_probe(shield, rule->probe);
	shield->mask = mask_stricter(shield->mask, mask);
	shield->is_counted_masked |= !rule->derived_allow;
	shield->is_copy_denied |= !rule->copied_allow;
	shield->is_write_back_denied |= !rule->write_back_allow;
	add_rule(shield, guard->rule);
}

void shield_add_all(struct shield *shield, const struct guards *guards)
{
	for (size_t i = 0; i < guards->count; i++)
		shield_add(shield, guards->policy, &guards->items[i], MASK_REDACT);
}

void shield_join(struct shield *shield, const struct shield *other)
{
	if (!shield_holds(other))
		return;
	add_probe(shield, other->probe);
	shield->mask = mask_stricter(shield->mask, other->mask);
	shield->is_counted_masked |= other->is_counted_masked;
	shield->is_copy_denied |= other->is_copy_denied;
	shield->is_write_back_denied |= other->is_write_back_denied;
	for (size_t i = 0; i < other->rule_count; i++)
		add_rule(shield, other->rules[i]);
}

/* Adds a relation once; false when it was there or there is no room. */
static void reach_add(struct reach *reach, const struct catalogue_relation *relation)
{
	size_t slot = (relation->oid * 2654435761u) % COUNT_OF(reach->slots);

	while (reach->slots[slot] != 0) {
		if (reach->relations[reach->slots[slot] - 1] == relation)
			return;
		slot = (slot + 1) % COUNT_OF(reach->slots);
	}
	if (reach->count == REACH_MAX) {
		reach->is_open = true;
		return;
	}
	reach->relations[reach->count++] = relation;
	reach->slots[slot] = (uint16_t)reach->count;
}

static void reach_bases(struct reach *reach, const struct catalogue *catalogue,
			const struct catalogue_relation *relation)
{
	for (size_t i = 0; i < relation->base_count; i++) {
		const struct catalogue_relation *base =
			catalogue_by_oid(catalogue, relation->bases[i]);

		if (base)
			reach_add(reach, base);
		else
			reach->is_open = true;
	}
}

static void reach_children(struct reach *reach, const struct catalogue *catalogue,
			   const struct catalogue_relation *relation)
{
	for (size_t i = 0; i < relation->dependent_count; i++) {
		const struct catalogue_relation *child =
			catalogue_by_oid(catalogue, relation->dependents[i]);

		if (child && !is_view(child))
			reach_add(reach, child);
	}
}

void reach_collect(struct reach *reach, const struct catalogue *catalogue,
		   const struct catalogue_relation *relation)
{
	memset(reach->slots, 0, sizeof(reach->slots));
	reach->count = 0;
	reach->is_open = false;
	reach_add(reach, relation);
	for (size_t i = 0; i < reach->count && !reach->is_open; i++) {
		reach_bases(reach, catalogue, reach->relations[i]);
		if (!is_view(reach->relations[i]))
			reach_children(reach, catalogue, reach->relations[i]);
	}
}

static bool table_matches(const struct policy_column *pattern, struct slice schema,
			  struct slice name)
{
	if (pattern->schema && schema.length > 0 &&
	    !slice_matches(schema, slice_of(pattern->schema)))
		return false;
	return slice_matches(name, slice_of(pattern->table));
}

static bool column_matches(const struct guard *guard, struct slice column)
{
	return slice_matches(column, slice_of(guard->column->column));
}

/* Whether the relation has a column that the guard means.  Relations of which no column is known
 * have none: the catalogue's query asks for the columns of all that patterns can mean. */
static bool has_column(const struct catalogue_relation *relation, const struct guard *guard)
{
	for (size_t i = 0; i < relation->column_count; i++) {
		if (column_matches(guard, relation->columns[i].name))
			return true;
	}
	return false;
}

static bool reveals(const struct catalogue_relation *relation)
{
	return builtin_columns(relation->schema, relation->name);
}

static bool any_matches(const struct reach *reach, const struct guard *guard, bool needs_column)
{
	for (size_t i = 0; i < reach->count; i++) {
		const struct catalogue_relation *member = reach->relations[i];

		if (table_matches(guard->column, member->schema, member->name) &&
		    (!needs_column || has_column(member, guard)))
			return true;
	}
	return false;
}

static bool any_reveals(const struct reach *reach)
{
	for (size_t i = 1; i < reach->count; i++) {
		if (reveals(reach->relations[i]))
			return true;
	}
	return false;
}

static void find_by_name(struct cover *cover, const struct cover_name *name)
{
	for (size_t i = 0; i < cover->guards->count; i++) {
		if (table_matches(cover->guards->items[i].column, name->schema, name->name))
			cover->direct[cover->direct_count++] = (uint32_t)i;
	}
}

static void find_by_reach(struct cover *cover, const struct reach *reach, bool through_view)
{
	uint32_t *found = through_view ? cover->derived : cover->direct;
	size_t count = 0;

	for (size_t i = 0; i < cover->guards->count; i++) {
		if (any_matches(reach, &cover->guards->items[i], through_view))
			found[count++] = (uint32_t)i;
	}
	if (through_view)
		cover->derived_count = count;
	else
		cover->direct_count = count;
}

int cover_find(struct cover *ret_cover, const struct guards *guards,
	       const struct catalogue *catalogue, const struct cover_name *name,
	       struct arena *memory)
{
	struct cover cover = { .guards = guards,
			       .relation = name->relation,
			       .builtin = name->builtin,
			       .is_open = name->is_open };

	cover.direct = arena_get(memory, (guards->count + 1) * sizeof(uint32_t));
	cover.derived = arena_get(memory, (guards->count + 1) * sizeof(uint32_t));
	if (!cover.direct || !cover.derived)
		return -ENOMEM;
	if (!name->relation || !catalogue) {
		find_by_name(&cover, name);
	} else {
		struct reach *reach = arena_get(memory, sizeof(*reach));

		if (!reach)
			return -ENOMEM;
		reach_collect(reach, catalogue, name->relation);
		cover.is_open |= reach->is_open || any_reveals(reach);
		find_by_reach(&cover, reach, is_view(name->relation));
		if (is_view(name->relation))
			find_by_name(&cover, name);
	}
	*ret_cover = cover;
	return 0;
}

/* A view's column that has a protected column's name is taken for it; every other column of the
 * view may be computed from any protected one. */
static void add_derived(const struct cover *cover, struct slice column, struct shield *shield)
{
	enum mask_how how = MASK_REDACT;

	for (size_t i = 0; i < cover->derived_count && column.length > 0; i++) {
		if (column_matches(&cover->guards->items[cover->derived[i]], column))
			how = MASK_NONE;
	}
	for (size_t i = 0; i < cover->derived_count; i++)
		shield_add(shield, cover->guards->policy, &cover->guards->items[cover->derived[i]],
			   how);
}

bool cover_has_not(const struct cover *cover, struct slice column)
{
	if (cover->is_open)
		return false;
	if (cover->builtin)
		return builtin_column(cover->builtin, column) == BUILTIN_COLUMN_UNKNOWN &&
		       cover->builtin->relation[0] != '\0';
	for (size_t i = 0; cover->relation && i < cover->relation->column_count; i++) {
		if (slice_equal(cover->relation->columns[i].name, column))
			return false;
	}
	return cover->relation && cover->relation->column_count > 0;
}

bool cover_is_options(const struct cover *cover, struct slice column)
{
	return cover->builtin && !cover->is_open &&
	       builtin_column(cover->builtin, column) == BUILTIN_COLUMN_OPTIONS;
}

/* A program that finds no password or option leaves it out; one that finds a mask would use it. */
static void add_builtin(const struct cover *cover, struct slice column, struct shield *shield)
{
	enum builtin_column class = builtin_column(cover->builtin, column);
	bool is_secret = class == BUILTIN_COLUMN_SECRET || class == BUILTIN_COLUMN_OPTIONS;

	for (size_t i = 0; class != BUILTIN_COLUMN_HARMLESS && i < cover->guards->count; i++)
		shield_add(shield, cover->guards->policy, &cover->guards->items[i],
			   is_secret ? MASK_BLANK : MASK_REDACT);
}

void cover_column(const struct cover *cover, struct slice column, struct shield *shield)
{
	if (cover->is_open)
		shield_add_all(shield, cover->guards);
	if (cover->builtin)
		add_builtin(cover, column, shield);
	for (size_t i = 0; i < cover->direct_count; i++) {
		const struct guard *guard = &cover->guards->items[cover->direct[i]];

		if (column_matches(guard, column))
			shield_add(shield, cover->guards->policy, guard, MASK_NONE);
	}
	add_derived(cover, column, shield);
}

static bool may_have_column(const struct cover *cover, const struct guard *guard)
{
	if (cover->relation)
		return has_column(cover->relation, guard);
	return !cover->guards->is_rehearsed || !strchr(guard->column->table, '*');
}

void cover_whole(const struct cover *cover, struct shield *shield)
{
	if (cover_reveals(cover))
		shield_add_all(shield, cover->guards);
	for (size_t i = 0; i < cover->direct_count; i++) {
		const struct guard *guard = &cover->guards->items[cover->direct[i]];

		if (may_have_column(cover, guard))
			shield_add(shield, cover->guards->policy, guard, MASK_REDACT);
	}
	add_derived(cover, SLICE(""), shield);
}

void cover_rest(const struct cover *cover, struct shield *shield)
{
	if (cover_reveals(cover))
		shield_add_all(shield, cover->guards);
	add_derived(cover, SLICE(""), shield);
}

const struct catalogue_column *cover_find_column(const struct cover *cover, struct slice name)
{
	for (size_t i = 0; cover_is_listed(cover) && i < cover->relation->column_count; i++) {
		if (slice_equal(cover->relation->columns[i].name, name))
			return &cover->relation->columns[i];
	}
	return NULL;
}

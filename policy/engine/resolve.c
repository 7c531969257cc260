/* SPDX-License-Identifier: MIT */
/* Names to indexes, once all files of a bundle are known. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/engine/bundle.h"
#include "policy/engine/nearest.h"

/* Indexes that names stand for. */
struct indexes {
	uint32_t *items;
	size_t count;
};

static const char *const RESERVED[NOUN_COUNT] = {
	[NOUN_PEOPLE] = "everyone",
	[NOUN_DATABASES] = "other",
};

static int add_index(struct bundle *bundle, struct indexes *indexes, uint32_t index)
{
	uint32_t *items =
		arena_grow(bundle->binder.memory, indexes->items, indexes->count, sizeof(*items));

	if (!items)
		return bind_out_of_memory(&bundle->binder);
	indexes->items = items;
	items[indexes->count++] = index;
	return 0;
}

static int undefined(struct bundle *bundle, enum bundle_noun noun, const struct name_use *use)
{
	const struct name_table *table = &bundle->names[noun];
	struct nearest nearest = nearest_to(slice_of(use->text));
	char hint[NEAREST_HINT_SIZE];

	for (size_t i = 0; i < table->count; i++)
		nearest_try(&nearest, table->entries[i].name);
	if (RESERVED[noun])
		nearest_try(&nearest, RESERVED[noun]);
	nearest_hint(&nearest, hint);
	return bundle_refuse(bundle, use->place, "no %s is called '%.64s'%s", BUNDLE_NOUNS[noun],
			     use->text, hint);
}

/* Whether a wildcard may stand for the rule: only approve rules can be overridden. */
static bool is_approve(const struct bundle *bundle, uint32_t rule)
{
	return bundle->drafts[rule].rule.then == THEN_APPROVE;
}

static int expand(struct bundle *bundle, enum bundle_noun noun, const struct name_use *use,
		  struct indexes *indexes)
{
	const struct name_table *table = &bundle->names[noun];
	size_t before = indexes->count;

	for (size_t i = 0; i < table->count; i++) {
		if (!slice_matches(slice_of(table->entries[i].name), slice_of(use->text)))
			continue;
		if (noun == NOUN_RULES && !is_approve(bundle, (uint32_t)i))
			continue;
		int r = add_index(bundle, indexes, (uint32_t)i);
		if (r < 0)
			return r;
	}
	if (indexes->count > before)
		return 0;
	return bundle_refuse(bundle, use->place, "no %s%s matches '%.64s'",
			     noun == NOUN_RULES ? "approve " : "", BUNDLE_NOUNS[noun], use->text);
}

static int resolve_use(struct bundle *bundle, enum bundle_noun noun, const struct name_use *use,
		       struct indexes *indexes)
{
	if (strchr(use->text, '*'))
		return expand(bundle, noun, use, indexes);
	uint32_t index = name_table_find(&bundle->names[noun], use->text);
	if (index == NAME_NONE)
		return undefined(bundle, noun, use);
	if (noun == NOUN_RULES && !is_approve(bundle, index))
		return bundle_refuse(bundle, use->place,
				     "rule '%.64s' does not ask for approval; only 'then: approve' "
				     "rules can be overridden",
				     use->text);
	return add_index(bundle, indexes, index);
}

/* All names of a list; `ret_is_reserved` says whether the reserved one was among them. */
static int resolve_uses(struct bundle *bundle, enum bundle_noun noun, const struct name_uses *uses,
			struct indexes *indexes, bool *ret_is_reserved)
{
	for (size_t i = 0; i < uses->count; i++) {
		const struct name_use *use = &uses->items[i];

		if (RESERVED[noun] && strcmp(use->text, RESERVED[noun]) == 0) {
			*ret_is_reserved = true;
			continue;
		}
		int r = resolve_use(bundle, noun, use, indexes);
		if (r < 0)
			return r;
	}
	return 0;
}

static int resolve_people(struct bundle *bundle, const struct name_uses *uses,
			  struct policy_whom *whom)
{
	struct indexes people = { NULL, 0 };
	int r = resolve_uses(bundle, NOUN_PEOPLE, uses, &people, &whom->is_everyone);

	whom->people = people.items;
	whom->people_count = people.count;
	return r;
}

static int resolve_whom(struct bundle *bundle, const struct whom_draft *draft,
			struct policy_whom *whom)
{
	whom->is_given = draft->is_given;
	whom->who = draft->who;
	return resolve_people(bundle, &draft->names, whom);
}

static int resolve_databases(struct bundle *bundle, struct rule_draft *draft)
{
	struct indexes databases = { NULL, 0 };
	int r = resolve_uses(bundle, NOUN_DATABASES, &draft->databases, &databases,
			     &draft->rule.matches_other_database);

	draft->rule.databases = databases.items;
	draft->rule.database_count = databases.count;
	return r;
}

static int resolve_overrides(struct bundle *bundle, struct rule_draft *draft)
{
	struct indexes rules = { NULL, 0 };
	bool never = false;
	int r = resolve_uses(bundle, NOUN_RULES, &draft->overrides, &rules, &never);

	draft->rule.overrides = rules.items;
	draft->rule.override_count = rules.count;
	return r;
}

static int resolve_mask(struct bundle *bundle, const struct mask_draft *mask,
			struct policy_rule *rule)
{
	struct indexes groups = { NULL, 0 };
	int r = resolve_use(bundle, NOUN_COLUMNS, &mask->group, &groups);

	for (size_t i = 0; i < groups.count && r == 0; i++) {
		struct policy_mask *masks = arena_grow(bundle->binder.memory, rule->masks,
						       rule->mask_count, sizeof(*masks));

		if (!masks)
			return bind_out_of_memory(&bundle->binder);
		rule->masks = masks;
		masks[rule->mask_count++] = (struct policy_mask){ groups.items[i], mask->mask };
	}
	return r;
}

static int resolve_masks(struct bundle *bundle, struct rule_draft *draft)
{
	memcpy(draft->rule.found, draft->masks.found, sizeof(draft->rule.found));
	for (size_t i = 0; i < draft->masks.count; i++) {
		int r = resolve_mask(bundle, &draft->masks.items[i], &draft->rule);

		if (r < 0)
			return r;
	}
	return 0;
}

static int resolve_terms(struct bundle *bundle, struct rule_draft *draft)
{
	int r = 0;

	if (draft->approve) {
		draft->rule.approve = &draft->approve->approve;
		draft->rule.approve->by.is_given = true;
		r = resolve_people(bundle, &draft->approve->by, &draft->rule.approve->by);
	}
	if (r == 0 && draft->glass) {
		draft->rule.break_glass = &draft->glass->glass;
		draft->rule.break_glass->by.is_given = true;
		r = resolve_people(bundle, &draft->glass->by, &draft->rule.break_glass->by);
	}
	return r;
}

static int resolve_rule(struct bundle *bundle, struct rule_draft *draft)
{
	int r = resolve_databases(bundle, draft);

	if (r == 0)
		r = resolve_whom(bundle, &draft->for_whom, &draft->rule.for_whom);
	if (r == 0)
		r = resolve_whom(bundle, &draft->except, &draft->rule.except);
	if (r == 0)
		r = resolve_overrides(bundle, draft);
	if (r == 0)
		r = resolve_masks(bundle, draft);
	if (r == 0)
		r = resolve_terms(bundle, draft);
	return r;
}

int bundle_resolve(struct bundle *bundle)
{
	struct policy *policy = &bundle->policy;

	policy->rules =
		arena_get(bundle->binder.memory, (policy->rule_count + 1) * sizeof(*policy->rules));
	if (!policy->rules)
		return bind_out_of_memory(&bundle->binder);
	for (size_t i = 0; i < policy->rule_count; i++) {
		int r = resolve_rule(bundle, &bundle->drafts[i]);

		if (r < 0)
			return r;
		policy->rules[i] = bundle->drafts[i].rule;
	}
	return 0;
}

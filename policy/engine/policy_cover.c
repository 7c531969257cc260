/* SPDX-License-Identifier: MIT */
/* Covering, part by part. */
#include "policy/engine/policy_cover.h"

/* Each pattern of `inner` is one of `outer`, or narrower than one. */
static bool globs_cover(const struct globs *outer, const struct globs *inner)
{
	for (size_t i = 0; i < inner->count; i++) {
		if (!globs_match(outer, slice_of(inner->items[i])))
			return false;
	}
	return inner->count > 0;
}

static bool condition_covers(const struct globs *outer, const struct globs *inner)
{
	return outer->count == 0 || globs_cover(outer, inner);
}

bool who_covers(const struct policy_who *outer, const struct policy_who *inner)
{
	return (outer->kind == KIND_NONE || outer->kind == inner->kind) &&
	       condition_covers(&outer->group, &inner->group) &&
	       condition_covers(&outer->subject, &inner->subject) &&
	       condition_covers(&outer->workload, &inner->workload) &&
	       condition_covers(&outer->exe, &inner->exe) &&
	       condition_covers(&outer->db_user, &inner->db_user) &&
	       condition_covers(&outer->user, &inner->user);
}

static bool covers_who(const struct policy *policy, const struct policy_whom *outer,
		       const struct policy_who *inner)
{
	if (outer->who)
		return who_covers(outer->who, inner);
	for (size_t i = 0; i < outer->people_count; i++) {
		if (who_covers(&policy->people[outer->people[i]].who, inner))
			return true;
	}
	return false;
}

bool whom_covers(const struct policy *policy, const struct policy_whom *outer,
		 const struct policy_whom *inner)
{
	if (!outer->is_given || outer->is_everyone)
		return true;
	if (!inner->is_given || inner->is_everyone)
		return false;
	if (inner->who)
		return covers_who(policy, outer, inner->who);
	for (size_t i = 0; i < inner->people_count; i++) {
		if (!covers_who(policy, outer, &policy->people[inner->people[i]].who))
			return false;
	}
	return true;
}

static bool has_index(const uint32_t *items, size_t count, uint32_t wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (items[i] == wanted)
			return true;
	}
	return false;
}

static bool databases_cover(const struct policy_rule *outer, const struct policy_rule *inner)
{
	if (!outer->has_database)
		return true;
	if (!inner->has_database ||
	    (inner->matches_other_database && !outer->matches_other_database))
		return false;
	for (size_t i = 0; i < inner->database_count; i++) {
		if (!has_index(outer->databases, outer->database_count, inner->databases[i]))
			return false;
	}
	return true;
}

/* A bare table name matches in any schema when it restricts, so only equal or wider patterns
 * count. */
static bool objects_cover(const struct policy_rule *outer, const struct policy_rule *inner)
{
	return condition_covers(&outer->tables, &inner->tables) &&
	       condition_covers(&outer->functions, &inner->functions);
}

bool rule_covers(const struct policy *policy, const struct policy_rule *outer,
		 const struct policy_rule *inner)
{
	verb_set all = VERB_BIT(VERB_COUNT) - 1;
	verb_set inner_verbs = inner->has_verbs ? inner->verbs : all;

	/* What stands under `except`, a window or a condition on columns leaves a part out. */
	if (outer->except.is_given || outer->during || outer->only_where_count > 0)
		return false;
	if (outer->has_verbs && (inner_verbs & ~outer->verbs))
		return false;
	return databases_cover(outer, inner) && objects_cover(outer, inner) &&
	       whom_covers(policy, &outer->for_whom, &inner->for_whom);
}

/* SPDX-License-Identifier: MIT */
/* Policies as others see them: questions about a bundle that has been read. */
#include "policy/engine/policy.h"

#include <stdio.h>

#include "policy/engine/arena.h"

bool globs_match(const struct globs *globs, struct slice text)
{
	for (size_t i = 0; i < globs->count; i++) {
		if (slice_matches(text, slice_of(globs->items[i])))
			return true;
	}
	return false;
}

const char *decision_text(enum decision decision)
{
	static const char *const TEXTS[] = { "none", "allow", "approve", "deny" };

	return (unsigned)decision < COUNT_OF(TEXTS) ? TEXTS[decision] : "?";
}

const char *caller_kind_text(enum caller_kind kind)
{
	static const char *const TEXTS[] = { "none", "agent", "job", "person", "service" };

	return (unsigned)kind < COUNT_OF(TEXTS) ? TEXTS[kind] : "?";
}

void policy_free(struct policy *policy)
{
	/* The policy itself lies in its memory. */
	if (policy)
		arena_free(policy->memory);
}

static bool rule_allows_everything(const struct policy_rule *rule)
{
	for (size_t i = 0; i < DETECTOR_COUNT; i++) {
		if (rule->found[i].how != MASK_NONE)
			return false;
	}
	return rule->mask_count == 0 && !rule->has_limit &&
	       (rule->then == THEN_ALLOW || rule->then == THEN_NONE);
}

static bool database_allows_everything(const struct policy_database *database)
{
	return (database->default_decision == DECISION_NONE ||
		database->default_decision == DECISION_ALLOW) &&
	       (database->unknown == DECISION_NONE || database->unknown == DECISION_ALLOW);
}

bool policy_allows_everything(const struct policy *policy)
{
	if (policy->default_decision != DECISION_ALLOW || policy->unknown != DECISION_ALLOW)
		return false;
	for (size_t i = 0; i < policy->database_count; i++) {
		if (!database_allows_everything(&policy->databases[i]))
			return false;
	}
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (!rule_allows_everything(&policy->rules[i]))
			return false;
	}
	return true;
}

bool policy_unenforced(const struct policy *policy, size_t n, struct error *error)
{
	if (n >= policy->gap_count)
		return false;
	const struct policy_gap *gap = &policy->gaps[n];
	error_set_at(error, 0, (int)gap->place.line, (int)gap->place.column,
		     "%s is not enforced by this version", gap->what);
	if (error)
		snprintf(error->file, sizeof(error->file), "%s",
			 policy->files[gap->place.file].path);
	return true;
}

/* SPDX-License-Identifier: MIT */
/* Finds the rules that can apply to a caller on a connection at a time. */
#include <errno.h>

#include "policy/engine/judge_private.h"
#include "policy/engine/window.h"

bool rule_covers_database(const struct policy_rule *rule, uint32_t database)
{
	if (!rule->has_database)
		return true;
	if (database == FACTS_NONE)
		return rule->matches_other_database;
	for (size_t i = 0; i < rule->database_count; i++) {
		if (rule->databases[i] == database)
			return true;
	}
	return false;
}

static void find_databases(struct judging *judging)
{
	for (uint32_t i = 0; i < judging->policy->database_count; i++) {
		if (session_may_be_database(judging->session, i))
			judging->databases[judging->database_count++] = i;
	}
	judging->may_be_other = session_may_be_other_database(judging->session);
}

static bool database_may_match(const struct judging *judging, const struct policy_rule *rule)
{
	if (judging->may_be_other && rule_covers_database(rule, FACTS_NONE))
		return true;
	for (size_t i = 0; i < judging->database_count; i++) {
		if (rule_covers_database(rule, judging->databases[i]))
			return true;
	}
	return false;
}

/* A claim restricts and never grants: so what is excepted from an allow is excepted already by a
 * claim, and what is excepted from a restriction is not. */
static bool caller_fits(const struct judging *judging, const struct policy_rule *rule,
			enum caller_use use)
{
	const struct judge_question *question = judging->question;
	enum caller_use other = use == CALLER_GRANTS ? CALLER_RESTRICTS : CALLER_GRANTS;

	return caller_matches(question->caller, judging->policy, &rule->for_whom, use) &&
	       !(rule->except.is_given &&
		 caller_matches(question->caller, judging->policy, &rule->except, other));
}

static bool holds_now(struct judging *judging, const struct policy_rule *rule)
{
	if (!rule->during)
		return true;
	struct window_answer answer = window_at(rule->during, judging->question->now);
	if (answer.until < judging->judgement->valid_until)
		judging->judgement->valid_until = answer.until;
	return answer.holds;
}

static bool is_active(struct judging *judging, uint32_t index, struct active_rule *ret_active)
{
	const struct policy_rule *rule = &judging->policy->rules[index];
	struct active_rule active = { .index = index };

	if (!database_may_match(judging, rule))
		return false;
	active.restricts = caller_fits(judging, rule, CALLER_RESTRICTS);
	active.grants = rule->then == THEN_ALLOW && caller_fits(judging, rule, CALLER_GRANTS);
	if (!(active.restricts || active.grants) || !holds_now(judging, rule))
		return false;
	if (rule->is_trial) {
		judging->has_trial = true;
		if (!judging->includes_trial)
			return false;
	}
	*ret_active = active;
	return true;
}

static int add_guards(struct judging *judging, uint32_t index)
{
	const struct policy_rule *rule = &judging->policy->rules[index];

	for (size_t i = 0; i < rule->mask_count; i++) {
		const struct policy_column_group *group =
			&judging->policy->column_groups[rule->masks[i].group];

		for (size_t k = 0; k < group->count; k++) {
			struct guard *items = arena_grow(judging->memory, judging->guards.items,
							 judging->guards.count, sizeof(*items));

			if (!items)
				return -ENOMEM;
			judging->guards.items = items;
			items[judging->guards.count++] =
				(struct guard){ &group->columns[k], rule->masks[i].mask, index };
		}
	}
	return 0;
}

int judge_collect(struct judging *judging)
{
	const struct policy *policy = judging->policy;

	find_databases(judging);
	judging->guards.policy = policy;
	judging->guards.is_rehearsed = !judging->catalogue && session_is_assumed(judging->session);
	judging->rules =
		arena_get(judging->memory, (policy->rule_count + 1) * sizeof(*judging->rules));
	if (!judging->rules)
		return -ENOMEM;
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		struct active_rule active;

		if (!is_active(judging, i, &active))
			continue;
		judging->rules[judging->rule_count++] = active;
		int r = active.restricts ? add_guards(judging, i) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

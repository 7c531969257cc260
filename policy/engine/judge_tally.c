/* SPDX-License-Identifier: MIT */
/* Collects what speaks for and against a call; the strictest decision's charges are what counts. */
#include "policy/engine/judge_private.h"

/* Of charges with one decision, the smaller rank is the one that a person reads. */
static const unsigned RANKS[] = {
	[REASON_RULE] = 1,  [REASON_UNKNOWN] = 2, [REASON_DEFAULT] = 3,    [REASON_LIMIT] = 4,
	[REASON_PROBE] = 5, [REASON_COPIED] = 6,  [REASON_WRITE_BACK] = 7, [REASON_STALE] = 8,
};

static void add_rule(struct tally *tally, uint32_t rule)
{
	for (size_t i = 0; i < tally->rule_count; i++) {
		if (tally->rules[i] == rule)
			return;
	}
	if (tally->rule_count == JUDGEMENT_RULES_MAX)
		tally->is_truncated = true;
	else
		tally->rules[tally->rule_count++] = rule;
}

/* Whether this caller may lift the charge for a while. */
static bool is_breakable(const struct judging *judging, const struct charge *charge)
{
	const struct policy_break_glass *glass;

	if (charge->rule == FACTS_NONE || charge->reason != REASON_RULE)
		return false;
	glass = judging->policy->rules[charge->rule].break_glass;
	return glass && caller_matches(judging->question->caller, judging->policy, &glass->by,
				       CALLER_GRANTS);
}

void charge_add(struct judging *judging, const struct charge *charge)
{
	struct tally *tally = &judging->tallies[charge->decision];

	if (!tally->is_used || RANKS[charge->reason] < tally->rank) {
		tally->is_used = true;
		tally->rank = RANKS[charge->reason];
		tally->first = *charge;
	}
	if (!is_breakable(judging, charge))
		tally->is_unbreakable = true;
	if (charge->rule != FACTS_NONE)
		add_rule(tally, charge->rule);
}

void allow_add(struct judging *judging, uint32_t rule)
{
	add_rule(&judging->tallies[DECISION_ALLOW], rule);
}

void rules_add(struct judgement *judgement, const uint32_t *rules, size_t count)
{
	struct tally all = { .rule_count = judgement->rule_count };

	for (size_t i = 0; i < judgement->rule_count; i++)
		all.rules[i] = judgement->rules[i];
	for (size_t i = 0; i < count; i++)
		add_rule(&all, rules[i]);
	for (size_t i = 0; i < all.rule_count; i++)
		judgement->rules[i] = all.rules[i];
	judgement->rule_count = all.rule_count;
	judgement->is_truncated |= all.is_truncated;
}

/* SPDX-License-Identifier: MIT */
/* Collects limits, the smaller number of each, and judges the one that the text alone can break. */
#include <inttypes.h>
#include <stdio.h>

#include "policy/engine/judge_private.h"

static void take_smaller(uint64_t *limit, uint64_t other)
{
	if (other != 0 && (*limit == 0 || other < *limit))
		*limit = other;
}

static bool is_keyless(const struct policy_rule *rule)
{
	return !rule->has_verbs && rule->tables.count == 0 && rule->functions.count == 0 &&
	       rule->only_where_count == 0;
}

static void judge_statement_count(struct judging *judging, uint32_t index, uint64_t limit)
{
	const struct facts *facts = judging->question->facts;
	struct charge charge = {
		.decision = DECISION_DENY, .reason = REASON_LIMIT, .rule = index, .verb = VERB_COUNT
	};

	if (limit == 0 || !facts || facts->top_level_count <= limit)
		return;
	snprintf(charge.what, sizeof(charge.what),
		 "%" PRIu32 " statements in one call, where %" PRIu64 " %s allowed",
		 facts->top_level_count, limit, limit == 1 ? "is" : "are");
	snprintf(charge.hint, sizeof(charge.hint), "Send the statements one by one.");
	charge_add(judging, &charge);
}

void judge_limits(struct judging *judging)
{
	struct policy_limit *limit = &judging->judgement->limit;

	limit->changed_rows = UINT64_MAX;
	for (size_t i = 0; i < judging->rule_count; i++) {
		const struct active_rule *active = &judging->rules[i];
		const struct policy_rule *rule = &judging->policy->rules[active->index];

		if (!rule->has_limit || !active->restricts ||
		    !(active->had_effect_match || is_keyless(rule)))
			continue;
		take_smaller(&limit->rows, rule->limit.rows);
		take_smaller(&limit->bytes, rule->limit.bytes);
		take_smaller(&limit->time_ms, rule->limit.time_ms);
		take_smaller(&limit->per_minute, rule->limit.per_minute);
		take_smaller(&limit->statements, rule->limit.statements);
		if (rule->limit.changed_rows < limit->changed_rows)
			limit->changed_rows = rule->limit.changed_rows;
		judge_statement_count(judging, active->index, rule->limit.statements);
	}
}

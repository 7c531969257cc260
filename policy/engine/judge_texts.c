/* SPDX-License-Identifier: MIT */
/* The texts of a refusal, for people and for programs (design: MESSAGE, DETAIL with one line of
 * JSON, HINT).  They never quote a literal of the statement. */
#include <inttypes.h>
#include <stdio.h>

#include "policy/engine/judge_private.h"

static void add_member(struct buf *out, const char *name, const char *value)
{
	if (!value || value[0] == '\0')
		return;
	buf_printf(out, ",\"%s\":", name);
	buf_add_json(out, slice_of(value));
}

static const struct policy_rule *rule_of(const struct policy *policy, const struct charge *charge)
{
	return charge->rule == FACTS_NONE ? NULL : &policy->rules[charge->rule];
}

static void write_json(struct buf *out, const struct policy *policy, const struct charge *charge)
{
	const struct policy_rule *rule = rule_of(policy, charge);

	buf_printf(out, "{\"chaperone\":1,\"verdict\":\"%s\"", decision_text(charge->decision));
	add_member(out, "rule", rule ? rule->name : NULL);
	add_member(out, "effect", charge->verb < VERB_COUNT ? verb_text(charge->verb) : NULL);
	add_member(out, "object", charge->object);
	if (charge->reason != REASON_RULE)
		add_member(out, "reason", reason_text(charge->reason));
	if (charge->columns[0]) {
		buf_add_text(out, ",\"columns\":[");
		buf_add_json(out, slice_of(charge->columns));
		buf_add_char(out, ']');
	}
	/* The same text may pass once it is approved. */
	buf_printf(out, ",\"retry\":%s", charge->decision == DECISION_APPROVE ? "true" : "false");
	add_member(out, "allowed_instead", charge->instead);
	buf_add_char(out, '}');
}

static void write_detail(struct buf *out, const struct policy *policy, const struct charge *charge,
			 struct slice event)
{
	const struct policy_rule *rule = rule_of(policy, charge);
	const char *file = policy->file_count > 0 ? policy->files[0].name : "";

	if (rule)
		buf_printf(out, "Rule %s of policy %s", rule->name,
			   policy->files[rule->place.file].name);
	else
		buf_printf(out, "The %s of policy %s",
			   charge->reason == REASON_UNKNOWN ? "answer to unknown statements"
							    : "default",
			   file);
	if (policy->version > 0)
		buf_printf(out, " (v%" PRIu64 ")", policy->version);
	buf_add_text(out, ". Nothing was sent.");
	if (event.length > 0)
		buf_printf(out, " Event %.*s.", SLICE_ARGUMENTS(event));
	buf_add_char(out, '\n');
	write_json(out, policy, charge);
}

int judge_texts(struct judgement *judgement, const struct policy *policy,
		const struct charge *charge, struct slice event)
{
	const struct policy_rule *rule = rule_of(policy, charge);
	bool waits = charge->decision == DECISION_APPROVE;

	buf_printf(&judgement->message, "chaperone %s: %s",
		   waits ? "needs approval" : "refused this", charge->what);
	write_detail(&judgement->detail, policy, charge, event);
	if (rule && rule->say && charge->reason == REASON_RULE)
		buf_add_text(&judgement->hint, rule->say);
	else if (charge->hint[0])
		buf_add_text(&judgement->hint, charge->hint);
	else if (waits)
		buf_add_text(
			&judgement->hint,
			"Run exactly this statement with the same values again after approval.");
	else
		buf_add_text(&judgement->hint,
			     "Ask an owner of the policy; do not retry this text.");
	snprintf(judgement->sqlstate, sizeof(judgement->sqlstate), "%s", waits ? "ZG701" : "42501");
	if (judgement->message.failed)
		return judgement->message.failed;
	return judgement->detail.failed ? judgement->detail.failed : judgement->hint.failed;
}

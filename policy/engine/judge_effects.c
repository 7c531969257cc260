/* SPDX-License-Identifier: MIT */
/* Decides one effect: any deny; else any approve that no allow overrides; else an allow from
 * every database entry that the connection is; else the default. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "policy/engine/judge_private.h"

static void shout(char *ret_text, size_t size, const char *text)
{
	size_t i = 0;

	for (; text[i] && i + 1 < size; i++)
		ret_text[i] = (char)toupper((unsigned char)text[i]);
	ret_text[i] = '\0';
}

void effect_object(const struct effect *effect, char *ret_text, size_t size)
{
	struct slice schema = effect->place.is_known ? effect->place.schema : effect->schema;
	struct slice name = effect->name;

	if (name.length == 0 && schema.length > 0)
		snprintf(ret_text, size, "%.*s.*", SLICE_ARGUMENTS(schema));
	else if (schema.length > 0)
		snprintf(ret_text, size, "%.*s.%.*s", SLICE_ARGUMENTS(schema),
			 SLICE_ARGUMENTS(name));
	else
		snprintf(ret_text, size, "%.*s", SLICE_ARGUMENTS(name));
}

static bool is_whole_table(enum verb verb)
{
	return verb == VERB_UPDATE_ALL || verb == VERB_DELETE_ALL;
}

static void describe_whole_table(const struct effect *effect, struct charge *charge)
{
	const char *verb = effect->verb == VERB_UPDATE_ALL ? "UPDATE" : "DELETE";
	struct slice detail = facts_slice(effect->reading->facts, effect->facts->detail);

	if ((effect->facts->flags & EFFECT_TAUTOLOGY) && slice_starts_with(detail, "WHERE"))
		snprintf(charge->what, sizeof(charge->what),
			 "%s of every row of %s (%.*s excludes none)", verb, charge->object,
			 (int)(detail.length < 80 ? detail.length : 80), detail.at);
	else if (effect->facts->flags & EFFECT_TAUTOLOGY)
		snprintf(charge->what, sizeof(charge->what),
			 "%s of every row of %s (its WHERE excludes none)", verb, charge->object);
	else
		snprintf(charge->what, sizeof(charge->what),
			 "%s of every row of %s (there is no WHERE)", verb, charge->object);
	snprintf(charge->instead, sizeof(charge->instead), "%s with a WHERE on a column of %.*s",
		 verb, (int)(effect->name.length < 63 ? effect->name.length : 63), effect->name.at);
	snprintf(charge->hint, sizeof(charge->hint),
		 "Name the rows: add WHERE id = \xe2\x80\xa6; do not retry this text.");
}

static void describe(const struct effect *effect, struct charge *charge)
{
	char verb[24];

	charge->verb = effect->verb;
	effect_object(effect, charge->object, sizeof(charge->object));
	if (is_whole_table(effect->verb)) {
		describe_whole_table(effect, charge);
		return;
	}
	shout(verb, sizeof(verb), verb_text(effect->verb));
	snprintf(charge->what, sizeof(charge->what), "%s%s%s", verb,
		 charge->object[0] ? " on " : "", charge->object);
}

static void charge_effect(struct judging *judging, const struct effect *effect,
			  enum decision decision, uint32_t rule)
{
	struct charge charge = { .decision = decision, .rule = rule };

	charge.reason = rule == FACTS_NONE ? REASON_DEFAULT : REASON_RULE;
	describe(effect, &charge);
	if (rule == FACTS_NONE) {
		strncat(charge.what, ", which no rule allows",
			sizeof(charge.what) - strlen(charge.what) - 1);
		snprintf(charge.hint, sizeof(charge.hint),
			 "Ask an owner of the policy for a rule that allows it; do not retry this "
			 "text.");
	}
	charge_add(judging, &charge);
}

/* Marks the rules that meet the effect as restrictions, and charges those that deny. */
static bool is_denied(struct judging *judging, const struct effect *effect)
{
	bool denied = false;

	for (size_t i = 0; i < judging->rule_count; i++) {
		struct active_rule *active = &judging->rules[i];
		const struct policy_rule *rule = &judging->policy->rules[active->index];
		bool meets;

		if (!active->restricts)
			continue;
		meets = effect->is_harmless ? effect_is_named_by(judging, effect, rule)
					    : effect_is_restricted_by(judging, effect, rule);
		active->had_effect_match |= meets;
		if (!meets)
			continue;
		judging->judgement->warns |= rule->then == THEN_WARN;
		if (rule->then != THEN_DENY)
			continue;
		charge_effect(judging, effect, DECISION_DENY, active->index);
		denied = true;
	}
	return denied;
}

static bool grants_everywhere(struct judging *judging, const struct effect *effect,
			      const struct policy_rule *rule)
{
	if (judging->may_be_other && !(rule_covers_database(rule, FACTS_NONE) &&
				       effect_is_granted_by(judging, effect, rule, FACTS_NONE)))
		return false;
	for (size_t i = 0; i < judging->database_count; i++) {
		if (!rule_covers_database(rule, judging->databases[i]) ||
		    !effect_is_granted_by(judging, effect, rule, judging->databases[i]))
			return false;
	}
	return true;
}

static bool overrides(const struct policy_rule *rule, uint32_t index)
{
	for (size_t i = 0; i < rule->override_count; i++) {
		if (rule->overrides[i] == index)
			return true;
	}
	return false;
}

static bool is_overridden(struct judging *judging, const struct effect *effect, uint32_t index)
{
	for (size_t i = 0; i < judging->rule_count; i++) {
		const struct policy_rule *rule = &judging->policy->rules[judging->rules[i].index];

		if (judging->rules[i].grants && overrides(rule, index) &&
		    grants_everywhere(judging, effect, rule))
			return true;
	}
	return false;
}

static bool needs_approval(struct judging *judging, const struct effect *effect)
{
	bool needs = false;

	for (size_t i = 0; i < judging->rule_count; i++) {
		uint32_t index = judging->rules[i].index;
		const struct policy_rule *rule = &judging->policy->rules[index];

		if (!judging->rules[i].restricts || rule->then != THEN_APPROVE ||
		    !effect_is_restricted_by(judging, effect, rule) ||
		    is_overridden(judging, effect, index))
			continue;
		charge_effect(judging, effect, DECISION_APPROVE, index);
		needs = true;
	}
	return needs;
}

/* Whether the rules allow the effect on one entry (FACTS_NONE: other). */
static bool is_allowed_on(struct judging *judging, const struct effect *effect, uint32_t database)
{
	bool allowed = false;

	for (size_t i = 0; i < judging->rule_count; i++) {
		uint32_t index = judging->rules[i].index;
		const struct policy_rule *rule = &judging->policy->rules[index];

		if (!judging->rules[i].grants || !rule_covers_database(rule, database) ||
		    !effect_is_granted_by(judging, effect, rule, database))
			continue;
		allow_add(judging, index);
		allowed = true;
	}
	return allowed;
}

static enum decision default_of(const struct policy *policy, uint32_t database)
{
	if (database != FACTS_NONE && policy->databases[database].default_decision != DECISION_NONE)
		return policy->databases[database].default_decision;
	return policy->default_decision;
}

static enum decision decide_on(struct judging *judging, const struct effect *effect,
			       uint32_t database)
{
	if (is_allowed_on(judging, effect, database))
		return DECISION_ALLOW;
	return default_of(judging->policy, database);
}

static enum decision decide(struct judging *judging, const struct effect *effect)
{
	enum decision decision = DECISION_ALLOW;

	if (is_denied(judging, effect))
		return DECISION_DENY;
	if (effect->is_harmless)
		return DECISION_ALLOW;
	if (needs_approval(judging, effect))
		return DECISION_APPROVE;
	if (judging->may_be_other)
		decision = decide_on(judging, effect, FACTS_NONE);
	for (size_t i = 0; i < judging->database_count; i++) {
		enum decision here = decide_on(judging, effect, judging->databases[i]);

		if (here > decision)
			decision = here;
	}
	if (decision == DECISION_DENY)
		charge_effect(judging, effect, DECISION_DENY, FACTS_NONE);
	return decision;
}

static void report(struct judgement *judgement, const struct effect *effect, enum decision decision)
{
	struct judged_effect judged = { .verb = effect->verb, .decision = decision };

	effect_object(effect, judged.object, sizeof(judged.object));
	if (judgement->effect_count == JUDGEMENT_EFFECTS_MAX) {
		judgement->is_truncated = true;
		return;
	}
	judgement->effects[judgement->effect_count++] = judged;
	/* The deciding one stands first. */
	if (decision > judgement->effects[0].decision) {
		judgement->effects[judgement->effect_count - 1] = judgement->effects[0];
		judgement->effects[0] = judged;
	}
}

void judge_effect(struct judging *judging, struct effect *effect)
{
	enum decision decision = decide(judging, effect);

	if (!(verb_group_set(GROUP_READ) & VERB_BIT(effect->verb)) && !effect->is_harmless)
		judging->judgement->writes = true;
	/* What is harmless is no news, however much of it there is. */
	if (effect->is_harmless && decision == DECISION_ALLOW &&
	    effect->facts->object == OBJECT_FUNCTION)
		return;
	report(judging->judgement, effect, decision);
}

static enum decision unknown_of(const struct policy *policy, uint32_t database)
{
	if (database != FACTS_NONE && policy->databases[database].unknown != DECISION_NONE)
		return policy->databases[database].unknown;
	return policy->unknown;
}

static enum decision unknown_decision(const struct judging *judging)
{
	enum decision decision = DECISION_ALLOW;

	if (judging->may_be_other)
		decision = unknown_of(judging->policy, FACTS_NONE);
	for (size_t i = 0; i < judging->database_count; i++) {
		enum decision here = unknown_of(judging->policy, judging->databases[i]);

		if (here > decision)
			decision = here;
	}
	return decision;
}

static bool matches_anything(const struct policy_rule *rule)
{
	return !rule->has_verbs && rule->tables.count == 0 && rule->functions.count == 0 &&
	       rule->only_where_count == 0;
}

/* Their grammar is not SQL's, and what its parser says of them helps nobody. */
static void explain_replication(struct charge *charge)
{
	snprintf(charge->what, sizeof(charge->what),
		 "what replication commands do is not read from their text");
	snprintf(charge->hint, sizeof(charge->hint),
		 "Where replication is wanted, the policy has to allow replicate, and unknown "
		 "statements.");
}

void judge_unknown(struct judging *judging, const char *why, size_t length)
{
	struct charge charge = { .reason = REASON_UNKNOWN, .rule = FACTS_NONE, .verb = VERB_COUNT };

	judging->is_unknown = true;
	judging->judgement->writes = true;
	snprintf(charge.what, sizeof(charge.what), "%.*s", (int)(length < 250 ? length : 250), why);
	snprintf(charge.hint, sizeof(charge.hint),
		 "Say the same in statements whose effect can be read from their text.");
	if (session_address(judging->session)->is_physical)
		explain_replication(&charge);
	for (size_t i = 0; i < judging->rule_count; i++) {
		struct active_rule *active = &judging->rules[i];
		const struct policy_rule *rule = &judging->policy->rules[active->index];

		active->had_effect_match = true;
		if (!active->restricts || !matches_anything(rule))
			continue;
		judging->judgement->warns |= rule->then == THEN_WARN;
		if (rule->then != THEN_DENY && rule->then != THEN_APPROVE)
			continue;
		charge.decision = rule->then == THEN_DENY ? DECISION_DENY : DECISION_APPROVE;
		charge.rule = active->index;
		charge_add(judging, &charge);
	}
	charge.rule = FACTS_NONE;
	charge.decision = unknown_decision(judging);
	if (charge.decision != DECISION_ALLOW)
		charge_add(judging, &charge);
}

/* SPDX-License-Identifier: MIT */
/* Lists are taken apart, sorted and put together again: their order is the judge's business. */
#include "tools/chaperone/replay_verdict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/record_verdict.h"

#define LIST_MAX (64 * KIB)

void replay_verdict_done(struct replay_verdict *verdict)
{
	free(verdict->rules);
	free(verdict->masked);
	*verdict = (struct replay_verdict){ 0 };
}

static int compare_texts(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* Sorts the texts and writes them, each once. */
static int list_of(struct slice *texts, size_t count, char **ret_list)
{
	SCOPED(buf_done) struct buf list = BUF_MAX(LIST_MAX);

	if (count > 0)
		qsort(texts, count, sizeof(*texts), compare_texts);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && slice_equal(texts[i], texts[i - 1]))
			continue;
		buf_add_text(&list, list.length ? ", " : "");
		buf_add_slice(&list, texts[i]);
	}
	if (list.failed)
		return list.failed;
	char *copy = strdup(buf_text(&list));
	*ret_list = copy;
	return copy ? 0 : -ENOMEM;
}

/* "customers.email, customers.phone" */
static int sorted_masks(struct slice masked, char **ret_list)
{
	struct slice columns[256];
	size_t count = 0;

	while (masked.length > 0 && count < COUNT_OF(columns))
		columns[count++] = slice_trim(slice_cut(&masked, ','));
	return list_of(columns, count, ret_list);
}

/* What the kill switch lifted was decided all the same. */
static const char *verdict_of(const struct audit_event *event)
{
	struct record_entry decided = *event->judgement;

	if (audit_event_fact(event, "off").length > 0)
		decided.decision = decided.would_decide;
	return record_verdict(&decided);
}

int replay_verdict_recorded(const struct audit_event *event, struct replay_verdict *ret_verdict)
{
	const struct record_entry *judgement = event->judgement;
	struct slice rules[RECORD_TEXTS_MAX];
	struct replay_verdict verdict = { .verdict = verdict_of(event) };

	memcpy(rules, judgement->rules, judgement->rule_count * sizeof(*rules));
	snprintf(verdict.reason, sizeof(verdict.reason), "%.*s",
		 SLICE_ARGUMENTS(judgement->reason));
	int r = list_of(rules, judgement->rule_count, &verdict.rules);
	if (r == 0)
		r = sorted_masks(judgement->masked, &verdict.masked);
	if (r < 0)
		replay_verdict_done(&verdict);
	else
		*ret_verdict = verdict;
	return r;
}

static int made_rules(const struct policy *policy, const struct judgement *judgement,
		      char **ret_list)
{
	SCOPED(buf_done) struct buf names = BUF_MAX(LIST_MAX);
	struct slice rules[JUDGEMENT_RULES_MAX], rest;

	for (size_t i = 0; i < judgement->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[judgement->rules[i]];

		buf_printf(&names, "%s/%s%c", policy->files[rule->place.file].name, rule->name,
			   '\0');
	}
	if (names.failed)
		return names.failed;
	rest = buf_view(&names);
	for (size_t i = 0; i < judgement->rule_count; i++)
		rules[i] = slice_cut(&rest, '\0');
	return list_of(rules, judgement->rule_count, ret_list);
}

int replay_verdict_made(const struct policy *policy, const struct judgement *judgement,
			struct replay_verdict *ret_verdict)
{
	const struct record_entry decided = {
		.decision = slice_of(decision_text(judgement->decision)),
		.would_decide = slice_of(decision_text(judgement->would_decide)),
	};
	struct replay_verdict verdict = { .verdict = record_verdict(&decided) };

	snprintf(verdict.reason, sizeof(verdict.reason), "%s", reason_text(judgement->reason));
	int r = made_rules(policy, judgement, &verdict.rules);
	if (r == 0)
		r = sorted_masks(slice_of(judgement->masked_columns), &verdict.masked);
	if (r < 0)
		replay_verdict_done(&verdict);
	else
		*ret_verdict = verdict;
	return r;
}

static bool is_one_of(const char *verdict, const char *a, const char *b)
{
	return strcmp(verdict, a) == 0 || strcmp(verdict, b) == 0;
}

enum replay_change replay_compare(const struct replay_verdict *was, const struct replay_verdict *is)
{
	if (strcmp(was->verdict, is->verdict) != 0) {
		if (strcmp(is->verdict, "deny") == 0)
			return REPLAY_REFUSED;
		if (strcmp(is->verdict, "approve") == 0)
			return REPLAY_WAITING;
		return is_one_of(was->verdict, "deny", "approve") ? REPLAY_ALLOWED : REPLAY_TRIAL;
	}
	if (strcmp(was->masked, is->masked) != 0)
		return REPLAY_MASKS;
	if (strcmp(was->rules, is->rules) != 0 || strcmp(was->reason, is->reason) != 0)
		return REPLAY_RULES;
	return REPLAY_SAME_VERDICT;
}

static bool is_rule(const struct policy *policy, const struct policy_rule *rule, struct slice name)
{
	struct slice file = slice_cut(&name, '/');

	return slice_is(file, policy->files[rule->place.file].name) && slice_is(name, rule->name);
}

static bool is_lost(struct slice name, const struct policy *policy, const struct judgement *made)
{
	for (size_t i = 0; i < made->rule_count; i++) {
		if (is_rule(policy, &policy->rules[made->rules[i]], name))
			return false;
	}
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (is_rule(policy, &policy->rules[i], name))
			return true;
	}
	return false;
}

bool replay_lost_rule(const struct record_entry *recorded, const struct policy *policy,
		      const struct judgement *made)
{
	for (size_t i = 0; i < recorded->rule_count; i++) {
		if (is_lost(recorded->rules[i], policy, made))
			return true;
	}
	return false;
}

/* Takes `effect` out of the texts; false when it is not among them. */
static bool take(struct slice *texts, size_t *count, struct slice effect)
{
	for (size_t i = 0; i < *count; i++) {
		if (!slice_equal(texts[i], effect))
			continue;
		texts[i] = texts[--*count];
		return true;
	}
	return false;
}

bool replay_effects_agree(const struct record_entry *recorded, const struct judgement *made)
{
	struct slice left[RECORD_TEXTS_MAX];
	size_t count = recorded->effect_count;

	memcpy(left, recorded->effects, count * sizeof(*left));
	for (size_t i = 0; i < made->effect_count; i++) {
		const struct judged_effect *effect = &made->effects[i];
		char text[192];

		snprintf(text, sizeof(text), "%s %s", verb_text(effect->verb), effect->object);
		/* as agent_record writes them: no space behind a verb without an object */
		if (!effect->object[0])
			text[strlen(text) - 1] = '\0';
		if (!take(left, &count, slice_of(text)) &&
		    !(effect->verb == VERB_CALL && effect->decision != DECISION_ALLOW))
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (slice_is(recorded->decision, "allow") || !slice_starts_with(left[i], "call "))
			return false;
	}
	return true;
}

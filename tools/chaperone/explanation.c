/* SPDX-License-Identifier: MIT */
/* Writes what was decided, by which rules, where they stand, and what each result column is
 * masked with. */
#include "tools/chaperone/explanation.h"

#include <inttypes.h>
#include <stdio.h>

#include "policy/core/plan.h"

static const char *const MASK_WORDS[] = {
	[MASK_NONE] = "shown", [MASK_KEEP_LAST] = "keep-last", [MASK_KEEP_FIRST] = "keep-first",
	[MASK_HASH] = "hash",  [MASK_REDACT] = "redact",       [MASK_BLANK] = "blank",
};

/* Calls `add` for each predicted column of each statement. */
struct column {
	uint32_t statement;   /* from 1 */
	const char *position; /* "1", "2", …, "*", "last" */
	struct slice name;    /* as far as the text says it */
	struct mask mask;
};
typedef void add_column(struct buf *out, const struct column *column);

static struct slice output_name(const struct facts *facts, uint32_t statement, uint32_t index,
				uint32_t head)
{
	const struct facts_statement *text;

	if (statement >= facts->top_level_count)
		return SLICE("");
	text = &facts_statements(facts)[statement];
	/* A star that was spelled out has more columns than outputs. */
	if (text->outputs.count != head || index >= head)
		return SLICE("");
	return facts_slice(facts, facts_outputs(facts)[text->outputs.first + index].name);
}

static void add_statement(const struct facts *facts, const struct plan *plan, uint32_t index,
			  add_column *add, struct buf *out)
{
	const struct plan_statement *statements = (const struct plan_statement *)(plan + 1);
	const struct plan_column *columns =
		(const struct plan_column *)(statements + plan->statement_count);
	const struct plan_statement *statement = &statements[index];
	uint32_t count = (uint32_t)statement->head + statement->tail;
	char position[32];

	for (uint32_t i = 0; i <= count; i++) {
		struct column column = { .statement = index + 1, .position = position };

		if (i == statement->head && statement->has_star) {
			column.position = "*";
			column.mask = plan->unpredicted;
			add(out, &column);
		}
		if (i == count)
			break;
		snprintf(position, sizeof(position), "%s%" PRIu32, i < statement->head ? "" : "-",
			 i < statement->head ? i + 1 : count - i);
		column.mask = columns[statement->first_column + i].mask;
		column.name = output_name(facts, index, i, statement->head);
		add(out, &column);
	}
}

static void add_columns(const struct facts *facts, const struct judgement *judgement,
			add_column *add, struct buf *out)
{
	const struct plan *plan = plan_read(buf_view(&judgement->plan));

	for (uint32_t i = 0; plan && i < plan->statement_count; i++)
		add_statement(facts, plan, i, add, out);
}

static void text_column(struct buf *out, const struct column *column)
{
	buf_printf(out, "  %" PRIu32 ".%-4s %-24.*s ", column->statement, column->position,
		   SLICE_ARGUMENTS(column->name));
	if (column->position[0] == '*')
		buf_printf(out, "by origin; %s where that is not known\n",
			   MASK_WORDS[column->mask.how]);
	else if (column->mask.how == MASK_KEEP_LAST || column->mask.how == MASK_KEEP_FIRST)
		buf_printf(out, "%s %u\n", MASK_WORDS[column->mask.how], column->mask.keep);
	else
		buf_printf(out, "%s\n", MASK_WORDS[column->mask.how]);
}

static void text_limits(const struct policy_limit *limit, struct buf *out)
{
	const struct {
		const char *name;
		uint64_t value;
	} limits[] = {
		{ "rows", limit->rows },
		{ "bytes", limit->bytes },
		{ "time-ms", limit->time_ms },
		{ "per-minute", limit->per_minute },
		{ "statements", limit->statements },
		{ "changed-rows", limit->changed_rows == UINT64_MAX ? 0 : limit->changed_rows },
	};

	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		if (limits[i].value != 0)
			buf_printf(out, "limit %s %" PRIu64 "\n", limits[i].name, limits[i].value);
	}
}

static void text_rules(const struct policy *policy, const struct judgement *judgement,
		       struct buf *out)
{
	for (size_t i = 0; i < judgement->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[judgement->rules[i]];

		buf_printf(out, "  rule %s  %s:%" PRIu32 "%s\n", rule->name,
			   policy->files[rule->place.file].path, rule->place.line,
			   rule->is_trial ? "  (on trial)" : "");
	}
}

void explanation_text(const struct policy *policy, const struct facts *facts,
		      const struct judgement *judgement, struct buf *out)
{
	buf_printf(out, "%s, because of: %s\n", decision_text(judgement->decision),
		   reason_text(judgement->reason));
	if (judgement->would_decide != judgement->decision)
		buf_printf(out, "  without trial marks: %s\n",
			   decision_text(judgement->would_decide));
	text_rules(policy, judgement, out);
	if (judgement->break_glass)
		buf_add_text(out, "  a broken glass lifts it\n");
	for (size_t i = 0; i < judgement->effect_count; i++) {
		const struct judged_effect *effect = &judgement->effects[i];

		buf_printf(out, "effect %-10s %-32s %s\n", verb_text(effect->verb), effect->object,
			   decision_text(effect->decision));
	}
	if (judgement->plan.length > 0)
		buf_add_text(out, "columns\n");
	add_columns(facts, judgement, text_column, out);
	text_limits(&judgement->limit, out);
	if (judgement->message.length > 0)
		buf_printf(out, "\n%s\n%s\n%s\n", buf_text(&judgement->message),
			   buf_text(&judgement->detail), buf_text(&judgement->hint));
}

static void json_column(struct buf *out, const struct column *column)
{
	if (out->length > 0 && out->at[out->length - 1] == '}')
		buf_add_char(out, ',');
	buf_printf(out, "{\"statement\":%" PRIu32 ",\"column\":\"%s\",\"name\":", column->statement,
		   column->position);
	buf_add_json(out, column->name);
	buf_printf(out, ",\"mask\":\"%s\"}", MASK_WORDS[column->mask.how]);
}

static void json_effects(const struct judgement *judgement, struct buf *out)
{
	buf_add_text(out, ",\"effects\":[");
	for (size_t i = 0; i < judgement->effect_count; i++) {
		const struct judged_effect *effect = &judgement->effects[i];

		buf_printf(out, "%s{\"verb\":\"%s\",\"object\":", i ? "," : "",
			   verb_text(effect->verb));
		buf_add_json(out, slice_of(effect->object));
		buf_printf(out, ",\"decision\":\"%s\"}", decision_text(effect->decision));
	}
	buf_add_char(out, ']');
}

static void json_rules(const struct policy *policy, const struct judgement *judgement,
		       struct buf *out)
{
	buf_add_text(out, ",\"rules\":[");
	for (size_t i = 0; i < judgement->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[judgement->rules[i]];

		buf_printf(out, "%s{\"name\":", i ? "," : "");
		buf_add_json(out, slice_of(rule->name));
		buf_add_text(out, ",\"file\":");
		buf_add_json(out, slice_of(policy->files[rule->place.file].path));
		buf_printf(out, ",\"line\":%" PRIu32 "}", rule->place.line);
	}
	buf_add_char(out, ']');
}

void explanation_json(const struct policy *policy, const struct facts *facts,
		      const struct judgement *judgement, struct buf *out)
{
	buf_printf(out, "{\"decision\":\"%s\",\"would_decide\":\"%s\",\"reason\":\"%s\"",
		   decision_text(judgement->decision), decision_text(judgement->would_decide),
		   reason_text(judgement->reason));
	json_rules(policy, judgement, out);
	json_effects(judgement, out);
	buf_add_text(out, ",\"columns\":[");
	add_columns(facts, judgement, json_column, out);
	buf_printf(out,
		   "],\"people\":%" PRIu32 ",\"break_glass\":%s,\"message\":", judgement->people,
		   judgement->break_glass ? "true" : "false");
	buf_add_json(out, buf_view(&judgement->message));
	buf_add_text(out, ",\"detail\":");
	buf_add_json(out, buf_view(&judgement->detail));
	buf_add_text(out, ",\"hint\":");
	buf_add_json(out, buf_view(&judgement->hint));
	buf_add_text(out, "}\n");
}

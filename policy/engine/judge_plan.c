/* SPDX-License-Identifier: MIT */
/* Makes the mask plan of an allowed call: what each result column will be masked with, and which
 * origins are known (policy/core/plan.h). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/core/plan_build.h"
#include "policy/engine/judge_private.h"

#define COLUMNS_MAX                                                                                \
	1664 /* of one result: MaxTupleAttributeNumber, src/include/access/htup_details.h */

/* A statement's columns from the left, collected first: what cannot be predicted has none. */
struct prediction {
	struct mask mask;
	bool is_star;
	bool is_bound; /* the plan's origins have what it comes from */
	uint32_t type; /* 0: not known */
	int32_t modifier;
};

struct plan_making {
	struct judging *judging;
	struct plan_build build;
	struct prediction predictions[COLUMNS_MAX];
	uint32_t count;
	bool is_refused; /* the statement's columns cannot be predicted */
	bool leaves_generated_out;
	const struct facts_statement *copy; /* the statement, when it is one with the client */
	struct copy_format copy_format;
};

static void note_masked(struct judging *judging, const char *text)
{
	char *list = judging->judgement->masked_columns;
	size_t length = strlen(list), size = sizeof(judging->judgement->masked_columns);
	int r;

	if (judging->is_cut || strstr(list, text))
		return;
	r = snprintf(list + length, size - length, "%s%s", length > 0 ? ", " : "", text);
	if (r < 0 || (size_t)r >= size - length) {
		list[length] = '\0';
		judging->is_cut = true;
	}
}

static void note_output(struct judging *judging, const struct shield *shield)
{
	if (!shield_holds(shield))
		return;
	judging->shows_masked = true;
	judging->judgement->masked_column_count++;
	shield_join(&judging->outputs, shield);
}

static void note_sources(struct judging *judging, const struct reading *reading,
			 struct facts_range sources)
{
	for (uint32_t i = 0; i < sources.count; i++) {
		const struct facts_source *source =
			&facts_sources(reading->facts)[sources.first + i];
		struct shield shield = { .mask = { 0 } };
		char text[160];

		source_shield(reading, judging, source, &shield);
		if (!shield_holds(&shield))
			continue;
		source_text(reading, source, text, sizeof(text));
		note_masked(judging, text);
	}
}

static void add_prediction(struct plan_making *making, const struct prediction *prediction)
{
	if (making->count == COLUMNS_MAX)
		making->is_refused = true;
	else
		making->predictions[making->count++] = *prediction;
}

static void add_column(struct plan_making *making, struct mask mask, bool is_bound)
{
	add_prediction(making,
		       &(struct prediction){ .mask = mask, .is_bound = is_bound, .modifier = -1 });
}

static void add_star(struct plan_making *making)
{
	add_prediction(making, &(struct prediction){ .is_star = true, .modifier = -1 });
}

/* Whether origins of this relation's columns are in the plan. */
static bool has_origins(const struct cover *cover)
{
	return cover->relation && !cover->builtin && !cover->is_open;
}

static bool sources_are_bound(const struct reading *reading, struct facts_range sources)
{
	for (uint32_t i = 0; i < sources.count; i++) {
		uint32_t relation = facts_sources(reading->facts)[sources.first + i].relation;

		if (relation >= reading->facts->relation_count ||
		    !has_origins(&reading->covers[relation]))
			return false;
	}
	return true;
}

static void add_named(struct plan_making *making, const struct reading *reading, uint32_t relation,
		      struct slice name)
{
	struct facts_source source = { .relation = relation };
	struct shield shield = { .mask = { 0 } };
	char text[160];

	cover_column(&reading->covers[relation], name, &shield);
	if (reading->is_untraceable)
		shield_add_all(&shield, &making->judging->guards);
	if (shield_holds(&shield)) {
		snprintf(text, sizeof(text), "%.*s.%.*s",
			 SLICE_ARGUMENTS(reading->places[source.relation].name),
			 SLICE_ARGUMENTS(name));
		note_masked(making->judging, text);
	}
	note_output(making->judging, &shield);
	add_column(making, shield.mask, has_origins(&reading->covers[relation]));
}

static uint32_t count_outputs(const struct reading *reading, struct facts_range range, bool stars)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < range.count; i++)
		count += (facts_outputs(reading->facts)[range.first + i].kind != OUTPUT_COLUMN) ==
			 stars;
	return count;
}

/* Without a server the names of a result say what its only star stands for. */
static bool expand_assumed(struct plan_making *making, const struct reading *reading,
			   struct facts_range range, uint32_t relation)
{
	const struct slice *names;
	size_t count = session_assumed_columns(making->judging->session, &names);
	uint32_t others = count_outputs(reading, range, false);

	if (count < others || count == 0 || count_outputs(reading, range, true) != 1)
		return false;
	for (size_t i = 0; i < count - others; i++)
		add_named(making, reading, relation, names[making->count]);
	return true;
}

/* Says what type the prediction added last has. */
static void type_last(struct plan_making *making, const struct catalogue_column *column)
{
	if (making->count == 0 || making->is_refused)
		return;
	making->predictions[making->count - 1].type = column->type;
	making->predictions[making->count - 1].modifier = column->modifier;
}

static void add_listed(struct plan_making *making, const struct reading *reading, uint32_t relation)
{
	const struct catalogue_relation *listed = reading->covers[relation].relation;

	for (size_t i = 0; i < listed->column_count; i++) {
		if (making->leaves_generated_out && listed->columns[i].is_generated)
			continue;
		add_named(making, reading, relation, listed->columns[i].name);
		type_last(making, &listed->columns[i]);
	}
}

static void add_relation_star(struct plan_making *making, const struct reading *reading,
			      struct facts_range range, const struct facts_output *output)
{
	const struct cover *cover = &reading->covers[output->relation];
	const struct place *place = &reading->places[output->relation];
	struct shield shield = { .mask = { 0 } };

	if (cover_is_listed(cover)) {
		add_listed(making, reading, output->relation);
		return;
	}
	if (expand_assumed(making, reading, range, output->relation))
		return;
	cover_whole(cover, &shield);
	note_output(making->judging, &shield);
	/* An origin below 16384 counts as known, so that one which may be pg_stats must not be
	 * left to it. */
	if (cover->builtin ||
	    (cover->is_open && !cover->relation && place->builtin != BUILTIN_RELATION_HARMLESS))
		making->is_refused = true;
	add_star(making);
}

/* A column as it is has the type that the catalogue says. */
static void type_output(struct plan_making *making, const struct reading *reading,
			const struct facts_output *output)
{
	const struct facts_source *source = &facts_sources(reading->facts)[output->sources.first];
	const struct catalogue_column *column;

	if ((output->flags & OUTPUT_DERIVED) || output->sources.count != 1 ||
	    source->relation >= reading->facts->relation_count)
		return;
	column = cover_find_column(&reading->covers[source->relation],
				   facts_slice(reading->facts, source->column));
	if (column)
		type_last(making, column);
}

static void add_output(struct plan_making *making, const struct reading *reading,
		       struct facts_range range, const struct facts_output *output)
{
	struct shield shield = { .mask = { 0 } };

	if (output->kind == OUTPUT_STAR && output->relation < reading->facts->relation_count) {
		add_relation_star(making, reading, range, output);
		return;
	}
	output_shield(reading, making->judging, output, &shield);
	note_sources(making->judging, reading, output->sources);
	note_output(making->judging, &shield);
	if (output->kind == OUTPUT_COLUMN) {
		add_column(making, shield.mask, sources_are_bound(reading, output->sources));
		type_output(making, reading, output);
		return;
	}
	/* Any number of columns, and what lies over them is more than their origins can tell. */
	making->is_refused |= shield_holds(&shield);
	add_star(making);
}

static void add_origins(struct plan_making *making, const struct reading *reading)
{
	making->build.plan.flags |= hidden_texts(making->judging, reading);
	for (uint32_t i = 0; i < reading->facts->relation_count; i++) {
		const struct cover *cover = &reading->covers[i];
		struct shield rest = { .mask = { 0 } };

		if (!has_origins(cover))
			continue;
		cover_rest(cover, &rest);
		plan_build_origin(&making->build, cover->relation->oid, 0, rest.mask);
		for (size_t k = 0; k < cover->relation->column_count; k++) {
			struct shield shield = { .mask = { 0 } };

			cover_column(cover, cover->relation->columns[k].name, &shield);
			if (memcmp(&shield.mask, &rest.mask, sizeof(rest.mask)) != 0)
				plan_build_origin(&making->build, cover->relation->oid,
						  cover->relation->columns[k].attribute,
						  shield.mask);
		}
	}
}

/* Rows whose columns are not known do not fit a plan with masks, and are withheld. */
static void finish_copy(struct plan_making *making)
{
	bool is_from = making->copy->kind == STATEMENT_COPY_FROM;
	bool is_masked = making->is_refused && !is_from;

	for (uint32_t i = 0; i < making->count && !is_from; i++)
		is_masked |= making->predictions[i].mask.how != MASK_NONE;
	for (uint32_t i = 0; i < making->count && is_masked; i++)
		making->is_refused |= making->predictions[i].is_star;
	if (is_masked && !copy_format_is_readable(&making->copy_format)) {
		making->is_refused = true;
		making->copy_format = copy_format_of(COPY_TEXT);
	}
	plan_build_copy(&making->build, &making->copy_format, is_from, is_masked);
}

static void finish_column(struct plan_making *making, const struct prediction *prediction)
{
	plan_build_column(&making->build, prediction->mask, true);
	if (prediction->type != 0)
		plan_build_type(&making->build, prediction->type, prediction->modifier);
}

/* Between two stars a column is found by its origin alone, and all of the server's own count as
 * known there. */
static bool loses_masks(const struct plan_making *making)
{
	bool is_behind_star = false, is_masked = false;

	for (uint32_t i = 0; i < making->count; i++) {
		const struct prediction *prediction = &making->predictions[i];

		if (prediction->is_star && is_masked)
			return true;
		is_behind_star |= prediction->is_star;
		is_masked |= is_behind_star && !prediction->is_bound &&
			     prediction->mask.how != MASK_NONE;
	}
	return false;
}

/* Every prediction counts as computed: the server names no origin behind set operations,
 * recursion and casts, and what cannot be traced is masked by lineage already. */
static void finish_statement(struct plan_making *making)
{
	plan_build_statement(&making->build);
	if (making->copy)
		finish_copy(making);
	making->is_refused |= loses_masks(making);
	if (making->is_refused) {
		making->build.plan.flags |= PLAN_HIDES_TEXTS;
		shield_add_all(&making->judging->outputs, &making->judging->guards);
		making->judging->shows_masked |= making->judging->guards.count > 0;
		return;
	}
	for (uint32_t i = 0; i < making->count; i++) {
		if (making->predictions[i].is_star)
			plan_build_star(&making->build);
		else
			finish_column(making, &making->predictions[i]);
	}
}

/* EXPLAIN's plan and the value that SHOW shows are one column each, which comes from no
 * relation. */
static bool shows_one_column(const struct reading *reading, const struct facts_statement *statement)
{
	return (statement->kind == STATEMENT_EXPLAIN || statement->kind == STATEMENT_SHOW) &&
	       statement->outputs.count == 1 &&
	       facts_outputs(reading->facts)[statement->outputs.first].sources.count == 0;
}

static void note_copy(struct plan_making *making, const struct reading *reading,
		      const struct facts_statement *statement)
{
	if ((statement->kind != STATEMENT_COPY_TO && statement->kind != STATEMENT_COPY_FROM) ||
	    (statement->flags & FACTS_ON_SERVER))
		return;
	making->copy = statement;
	making->copy_format = facts_copy_format(reading->facts, statement);
}

static void predict(struct plan_making *making, const struct reading *reading, uint32_t index)
{
	const struct facts_statement *statement = &facts_statements(reading->facts)[index];

	making->is_refused |= statement->unknown.length > 0;
	making->leaves_generated_out = (statement->flags & FACTS_STORED_COLUMNS) != 0;
	note_copy(making, reading, statement);
	if (shows_one_column(reading, statement) && !reading->is_untraceable) {
		add_column(making, (struct mask){ .how = MASK_NONE }, false);
		return;
	}
	for (uint32_t i = 0; i < statement->outputs.count; i++)
		add_output(making, reading, statement->outputs,
			   &facts_outputs(reading->facts)[statement->outputs.first + i]);
}

/* A name that may stand for several texts has the columns of none. */
static int predict_named(struct plan_making *making, const struct reading *reading, uint32_t index)
{
	struct meanings meanings = meanings_find(making->judging, reading->facts, index);
	struct reading other;
	int r;

	if (meanings.block_count == 0 && meanings.local != FACTS_NONE) {
		predict(making, reading, meanings.local);
		return 0;
	}
	if (meanings.block_count != 1 || meanings.local != FACTS_NONE) {
		making->is_refused = true;
		return 0;
	}
	r = reading_open(making->judging, meanings.blocks[0], &other);
	if (r < 0)
		return r;
	if (other.facts->top_level_count == 0)
		making->is_refused = true;
	else
		predict(making, &other, 0);
	add_origins(making, &other);
	return 0;
}

static int plan_statement(struct plan_making *making, const struct reading *reading, uint32_t index)
{
	enum facts_statement_kind kind =
		(enum facts_statement_kind)facts_statements(reading->facts)[index].kind;
	int r = 0;

	making->count = 0;
	making->is_refused = false;
	making->copy = NULL;
	if (kind == STATEMENT_EXECUTE || kind == STATEMENT_FETCH || kind == STATEMENT_MOVE)
		r = predict_named(making, reading, index);
	else if (kind != STATEMENT_PREPARE && kind != STATEMENT_DECLARE)
		predict(making, reading, index);
	finish_statement(making);
	return r;
}

static int plan_block(struct plan_making *making, const struct facts *facts)
{
	struct reading reading;
	int r = reading_open(making->judging, facts, &reading);

	for (uint32_t i = 0; r == 0 && i < facts->top_level_count; i++)
		r = plan_statement(making, &reading, i);
	if (r == 0)
		add_origins(making, &reading);
	return r;
}

static int plan_call(struct plan_making *making)
{
	const struct judge_question *question = making->judging->question;
	const struct facts *blocks[POSSIBILITIES_MAX];
	int count;

	if (question->call == CALL_FASTPATH)
		making->build.plan.flags |= PLAN_HIDES_TEXTS;
	if (question->call != CALL_EXECUTE && !question->other)
		return question->facts ? plan_block(making, question->facts) : 0;
	count = question->other ? 2
				: session_prepared(making->judging->session, question->name, blocks,
						   POSSIBILITIES_MAX);
	if (count == 1)
		return plan_block(making, blocks[0]);
	making->is_refused = true;
	finish_statement(making);
	return 0;
}

bool rule_searches(const struct judging *judging, const struct active_rule *active)
{
	const struct policy_rule *rule = &judging->policy->rules[active->index];

	for (size_t k = 0; k < DETECTOR_COUNT && active->restricts; k++) {
		if (rule->found[k].how != MASK_NONE)
			return true;
	}
	return false;
}

static bool add_found(struct judging *judging, struct plan *plan)
{
	struct judgement *judgement = judging->judgement;

	for (size_t i = 0; i < judging->rule_count; i++) {
		const struct policy_rule *rule = &judging->policy->rules[judging->rules[i].index];

		if (!rule_searches(judging, &judging->rules[i]))
			continue;
		for (size_t k = 0; k < DETECTOR_COUNT; k++)
			plan->found[k] = mask_stricter(plan->found[k], rule->found[k]);
		if (judgement->found_rule_count < JUDGEMENT_RULES_MAX)
			judgement->found_rules[judgement->found_rule_count++] =
				judging->rules[i].index;
	}
	return judgement->found_rule_count > 0;
}

int judge_plan(struct judging *judging)
{
	struct plan plan = { .flags = 0 };
	struct plan_making *making;
	int r;

	bool has_found = add_found(judging, &plan);
	if (!has_found && judging->guards.count == 0)
		return 0;
	making = arena_get(judging->memory, sizeof(*making));
	if (!making)
		return -ENOMEM;
	if (judging->guards.count > 0) {
		plan.flags = PLAN_CHECKS_ORIGINS;
		plan.unpredicted = (struct mask){ .how = MASK_REDACT };
	}
	making->judging = judging;
	plan_build_init(&making->build);
	making->build.plan = plan;
	r = plan_call(making);
	if (r == 0)
		r = plan_build_finish(&making->build, &judging->judgement->plan);
	plan_build_done(&making->build);
	return r;
}

/* SPDX-License-Identifier: MIT */
/* Judges uses of masked values that tell about them without showing them. */
#include <stdio.h>

#include "policy/core/lex.h"
#include "policy/engine/judge_private.h"

static bool is_answered(const struct facts_probe *probe, const struct shield *shield)
{
	return shield->probe == PROBE_ANSWER_ALLOW ||
	       (shield->probe == PROBE_ANSWER_LOOKUP && (probe->flags & PROBE_LOOKUP));
}

static struct slice table_of(const struct reading *reading, const struct facts_source *source)
{
	struct slice name = SLICE("the table");

	if (source->relation < reading->facts->relation_count)
		name = reading->places[source->relation].name;
	return slice_part(name, 0, IDENTIFIER_BYTES);
}

/* A column of the same table that anybody may compare; false when none is known. */
static bool find_open_column(const struct reading *reading, const struct facts_source *source,
			     struct slice *ret_column)
{
	if (source->relation >= reading->facts->relation_count)
		return false;
	const struct cover *cover = &reading->covers[source->relation];
	size_t count = cover->relation ? cover->relation->column_count : 0;

	for (size_t i = 0; i < count; i++) {
		struct slice name = cover->relation->columns[i].name;
		struct shield shield = { .mask = { 0 } };

		cover_column(cover, name, &shield);
		*ret_column = slice_part(name, 0, IDENTIFIER_BYTES);
		if (!shield_holds(&shield))
			return true;
	}
	return false;
}

static void explain_masked(const struct reading *reading, const struct facts_source *source,
			   const char *place, struct charge *charge)
{
	struct slice table = table_of(reading, source), column;
	char example[160] = "";

	if (find_open_column(reading, source, &column))
		snprintf(example, sizeof(example), " (for example %.*s.%.*s)",
			 SLICE_ARGUMENTS(table), SLICE_ARGUMENTS(column));
	snprintf(charge->what, sizeof(charge->what), "%s %s, which is masked for you", place,
		 charge->columns);
	snprintf(charge->hint, sizeof(charge->hint),
		 "Select by another column%s, or ask the policy's owners for probe: lookup.",
		 example);
}

static void explain_strange(const struct reading *reading, const struct facts_source *source,
			    const char *place, struct charge *charge)
{
	struct slice table = table_of(reading, source);

	snprintf(charge->what, sizeof(charge->what), "%s %s, and no table %.*s is known here",
		 place, charge->columns, SLICE_ARGUMENTS(table));
	snprintf(
		charge->hint, sizeof(charge->hint),
		"Check the table's name and schema. What this transaction made can be compared once it is "
		"committed.");
}

static void charge_probe(struct judging *judging, const struct reading *reading,
			 const struct facts_source *source, const struct shield *shield,
			 const char *place)
{
	struct charge charge = { .reason = REASON_PROBE, .rule = FACTS_NONE, .verb = VERB_COUNT };

	charge.decision = shield->probe == PROBE_ANSWER_APPROVE ? DECISION_APPROVE : DECISION_DENY;
	source_text(reading, source, charge.columns, sizeof(charge.columns));
	if (source_is_strange(reading, source))
		explain_strange(reading, source, place, &charge);
	else
		explain_masked(reading, source, place, &charge);
	for (size_t i = 0; i < shield->rule_count; i++) {
		if (judging->policy->rules[shield->rules[i]].probe != shield->probe)
			continue;
		charge.rule = shield->rules[i];
		charge_add(judging, &charge);
	}
}

static void judge_probe(struct judging *judging, const struct reading *reading,
			const struct facts_probe *probe)
{
	for (uint32_t i = 0; i < probe->sources.count; i++) {
		const struct facts_source *source =
			&facts_sources(reading->facts)[probe->sources.first + i];
		struct shield shield = { .mask = { 0 } };

		source_shield(reading, judging, source, &shield);
		if (shield_holds(&shield) && !is_answered(probe, &shield))
			charge_probe(judging, reading, source, &shield,
				     facts_probe_text((enum facts_probe_place)probe->place));
	}
}

/* A function that is not the server's own is given whatever the statement reads. */
static void judge_untraceable(struct judging *judging, const struct reading *reading)
{
	for (uint32_t i = 0; i < reading->facts->relation_count; i++) {
		struct facts_source source = { .relation = i };
		struct shield shield = { .mask = { 0 } };

		cover_whole(&reading->covers[i], &shield);
		if (shield_holds(&shield) && shield.probe != PROBE_ANSWER_ALLOW)
			charge_probe(judging, reading, &source, &shield,
				     "a function that is not the server's own may be given");
	}
}

void judge_probes(struct judging *judging, const struct reading *reading, uint32_t statement)
{
	struct facts_range range = facts_statements(reading->facts)[statement].probes;

	if (judging->guards.count == 0)
		return;
	if (reading->is_untraceable)
		judge_untraceable(judging, reading);
	for (uint32_t i = 0; i < range.count; i++)
		judge_probe(judging, reading, &facts_probes(reading->facts)[range.first + i]);
}

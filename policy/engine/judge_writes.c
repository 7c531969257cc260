/* SPDX-License-Identifier: MIT */
/* Judges writes: masked values that go to an unprotected place, and masked columns that are
 * written. */
#include <stdio.h>

#include "policy/engine/judge_private.h"

/* What lies over the column that is written.  Whether the relation is known does not matter
 * here: a new table protects by its name alone. */
static void target_shield(const struct reading *reading, const struct facts_write *write,
			  struct shield *shield)
{
	struct slice column = facts_slice(reading->facts, write->column);
	struct cover cover;

	if (write->relation >= reading->facts->relation_count)
		return;
	cover = reading->covers[write->relation];
	cover.is_open = false;
	cover.builtin = NULL;
	if (column.length > 0)
		cover_column(&cover, column, shield);
	else if (write->position > 0 && cover.relation &&
		 write->position <= cover.relation->column_count)
		cover_column(&cover, cover.relation->columns[write->position - 1].name, shield);
	else
		cover_whole(&cover, shield);
}

static void target_text(const struct reading *reading, const struct facts_write *write,
			char *ret_text, size_t size)
{
	struct facts_source target = { .relation = write->relation, .column = write->column };

	source_text(reading, &target, ret_text, size);
}

static void charge_copy(struct judging *judging, const struct reading *reading,
			const struct facts_write *write, const struct shield *shield)
{
	struct charge charge = { .decision = DECISION_DENY,
				 .reason = REASON_COPIED,
				 .verb = VERB_COUNT };
	const struct facts_source *source = &facts_sources(reading->facts)[write->sources.first];
	bool is_strange = source_is_strange(reading, source);
	char target[140];

	source_text(reading, source, charge.columns, sizeof(charge.columns));
	target_text(reading, write, target, sizeof(target));
	snprintf(charge.what, sizeof(charge.what), "%.100s takes its value from %.120s, %s", target,
		 charge.columns,
		 is_strange ? "of which no table is known here" : "which is masked for you");
	snprintf(
		charge.hint, sizeof(charge.hint), "%s",
		is_strange
			? "Check the table's name and schema. What this transaction made can be copied "
			  "once it is committed."
			: "Leave the masked column out; values cannot be copied to where they "
			  "are not masked.");
	for (size_t i = 0; i < shield->rule_count; i++) {
		if (judging->policy->rules[shield->rules[i]].copied_allow)
			continue;
		charge.rule = shield->rules[i];
		charge_add(judging, &charge);
	}
}

static void charge_write_back(struct judging *judging, const struct reading *reading,
			      const struct facts_write *write, const struct shield *shield)
{
	struct charge charge = { .decision = DECISION_DENY,
				 .reason = REASON_WRITE_BACK,
				 .verb = VERB_COUNT };

	target_text(reading, write, charge.columns, sizeof(charge.columns));
	snprintf(charge.what, sizeof(charge.what),
		 "%.200s would be written, which is masked for you", charge.columns);
	snprintf(charge.hint, sizeof(charge.hint),
		 "Write the other columns by name; a masked value that is saved again would "
		 "replace the real one.");
	for (size_t i = 0; i < shield->rule_count; i++) {
		if (judging->policy->rules[shield->rules[i]].write_back_allow)
			continue;
		charge.rule = shield->rules[i];
		charge_add(judging, &charge);
	}
}

static void judge_write(struct judging *judging, const struct reading *reading,
			const struct facts_write *write)
{
	struct shield from = { .mask = { 0 } }, to = { .mask = { 0 } };

	sources_shield(reading, judging, write->sources, &from);
	target_shield(reading, write, &to);
	judging->judgement->copies_masked |= shield_holds(&from);
	if (shield_holds(&from) && from.is_copy_denied && to.mask.how < from.mask.how)
		charge_copy(judging, reading, write, &from);
	if (shield_holds(&to) && to.is_write_back_denied)
		charge_write_back(judging, reading, write, &to);
}

void judge_writes(struct judging *judging, const struct reading *reading, uint32_t statement)
{
	struct facts_range range = facts_statements(reading->facts)[statement].writes;

	for (uint32_t i = 0; i < range.count && judging->guards.count > 0; i++)
		judge_write(judging, reading, &facts_writes(reading->facts)[range.first + i]);
}

/* SPDX-License-Identifier: MIT */
/* What lies over a value, from where it comes. */
#include <stdio.h>

#include "policy/engine/judge_private.h"

static bool has_column(const struct cover *cover, struct slice column)
{
	const struct catalogue_relation *relation = cover->relation;

	for (size_t i = 0; relation && i < relation->column_count; i++) {
		if (slice_equal(relation->columns[i].name, column))
			return true;
	}
	return false;
}

bool source_may_be_call(const struct reading *reading, const struct judging *judging,
			const struct facts_source *source)
{
	struct slice column = facts_slice(reading->facts, source->column);
	const struct cover *cover;

	if (!judging->catalogue || column.length == 0 ||
	    source->relation >= reading->facts->relation_count)
		return false;
	cover = &reading->covers[source->relation];
	if (has_column(cover, column))
		return false;
	if (reading->places[source->relation].is_own &&
	    session_field_is_new(judging->session, column))
		return true;
	return catalogue_has_field(judging->catalogue, cover->relation, column);
}

static void position_shield(const struct cover *cover, uint32_t position, struct shield *shield)
{
	const struct catalogue_relation *relation = cover->relation;

	if (relation && !cover->is_open && position <= relation->column_count)
		cover_column(cover, relation->columns[position - 1].name, shield);
	else
		cover_whole(cover, shield);
}

void source_shield(const struct reading *reading, const struct judging *judging,
		   const struct facts_source *source, struct shield *shield)
{
	struct slice column = facts_slice(reading->facts, source->column);
	const struct cover *cover;

	if (judging->guards.count == 0)
		return;
	if (source->relation >= reading->facts->relation_count) {
		shield_add_all(shield, &judging->guards);
		return;
	}
	cover = &reading->covers[source->relation];
	if (source_may_be_call(reading, judging, source))
		shield_add_all(shield, &judging->guards);
	else if ((source->flags & SOURCE_OUTLINE) && cover_is_options(cover, column))
		return;
	if (column.length == 0 && source->position > 0)
		position_shield(cover, source->position, shield);
	else if (column.length == 0)
		cover_whole(cover, shield);
	else if (!(source->flags & SOURCE_CANDIDATE) || !cover_has_not(cover, column))
		cover_column(cover, column, shield);
}

void sources_shield(const struct reading *reading, const struct judging *judging,
		    struct facts_range sources, struct shield *shield)
{
	for (uint32_t i = 0; i < sources.count; i++) {
		const struct facts_source *source =
			&facts_sources(reading->facts)[sources.first + i];
		struct shield one = { .mask = { 0 } };

		source_shield(reading, judging, source, &one);
		if ((source->flags & SOURCE_COUNTED) && !one.is_counted_masked)
			continue;
		shield_join(shield, &one);
	}
}

void output_shield(const struct reading *reading, const struct judging *judging,
		   const struct facts_output *output, struct shield *shield)
{
	if (output->kind == OUTPUT_STAR && output->relation < reading->facts->relation_count)
		cover_whole(&reading->covers[output->relation], shield);
	sources_shield(reading, judging, output->sources, shield);
	if (reading->is_untraceable)
		shield_add_all(shield, &judging->guards);
	/* What is computed from a masked value is masked whole, whatever a part of it would
	 * show. */
	if ((output->flags & OUTPUT_DERIVED) && shield_holds(shield))
		shield->mask = mask_stricter(shield->mask, (struct mask){ .how = MASK_REDACT });
}

bool source_is_strange(const struct reading *reading, const struct facts_source *source)
{
	struct slice column = facts_slice(reading->facts, source->column);
	struct shield shield = { .mask = { 0 } };

	if (source->relation >= reading->facts->relation_count)
		return false;
	struct cover cover = reading->covers[source->relation];
	if (cover.relation || !cover.is_open)
		return false;
	cover.is_open = false;
	if (column.length > 0)
		cover_column(&cover, column, &shield);
	else
		cover_whole(&cover, &shield);
	return !shield_holds(&shield);
}

void source_text(const struct reading *reading, const struct facts_source *source, char *ret_text,
		 size_t size)
{
	struct slice column = facts_slice(reading->facts, source->column), table;

	if (source->relation >= reading->facts->relation_count) {
		snprintf(ret_text, size, "a value that cannot be traced");
		return;
	}
	table = reading->places[source->relation].name;
	if (column.length > 0)
		snprintf(ret_text, size, "%.*s.%.*s", SLICE_ARGUMENTS(table),
			 SLICE_ARGUMENTS(column));
	else
		snprintf(ret_text, size, "%.*s.*", SLICE_ARGUMENTS(table));
}

/* SPDX-License-Identifier: MIT */
/* Limits of the analysis and the texts it keeps. */
#include "policy/engine/analysis.h"

void analysis_stop(struct analysis *analysis, const char *reason)
{
	if (analysis->stopped == NULL)
		analysis->stopped = reason;
}

bool analysis_enter(struct analysis *analysis)
{
	if (analysis->stopped != NULL)
		return false;
	if (++analysis->work > ANALYSIS_WORK_MAX || lineage_work() > ANALYSIS_COMPARISONS_MAX) {
		analysis_stop(analysis, "the text is too complex to judge");
		return false;
	}
	if (analysis->depth >= ANALYSIS_DEPTH_MAX) {
		analysis_stop(analysis, "the statement is nested too deep");
		return false;
	}
	analysis->depth++;
	return true;
}

void analysis_leave(struct analysis *analysis)
{
	analysis->depth--;
}

struct facts_text analysis_text(struct analysis *analysis, const char *text)
{
	return facts_build_text(analysis->build, slice_of(text));
}

bool text_equal(struct facts_text a, struct facts_text b)
{
	return a.offset == b.offset && a.length == b.length;
}

struct slice analysis_slice(const struct analysis *analysis, struct facts_text text)
{
	if (text.length == 0)
		return (struct slice){ "", 0 };
	return (struct slice){ analysis->build->pool.at + text.offset, text.length };
}

bool text_is(const struct analysis *analysis, struct facts_text text, const char *word)
{
	return slice_is(analysis_slice(analysis, text), word);
}

List *list_head_copy(const List *list, int count)
{
	return list_truncate(list_copy(list), count);
}

void *analysis_grow(void *at, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count < *capacity)
		return at;

	uint32_t larger = *capacity == 0 ? 4 : *capacity * 2;
	void *moved = palloc(larger * size);

	if (count > 0)
		memcpy(moved, at, count * size);
	*capacity = larger;
	return moved;
}

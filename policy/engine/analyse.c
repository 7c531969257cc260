/* SPDX-License-Identifier: MIT */
/* From text to a block of facts: checks, parsing, and one statement after the other. */
#include "policy/engine/analyse.h"

#include <errno.h>

#include "policy/engine/analysis.h"

/* Kept from call to call; the analyser runs in one thread of a process of its own. */
static struct facts_build kept_build;
static MemoryContext kept_context;

static void all_unknown(struct facts_build *build, const char *reason)
{
	facts_build_reset(build);
	build->unknown = facts_build_text(build, slice_of(reason));
}

/* Where a statement stands, comments and white space in front of it aside. */
static void place_statement(struct slice text, const RawStmt *raw,
			    struct facts_statement *statement)
{
	size_t offset = raw->stmt_location > 0 ? (size_t)raw->stmt_location : 0;
	size_t length = raw->stmt_len > 0 ? (size_t)raw->stmt_len : text.length - offset;
	struct slice part = slice_trim(slice_part(text, offset, length));

	statement->text_offset = (uint32_t)(part.at - text.at);
	statement->text_length = (uint32_t)part.length;
}

static void analyse_list(struct analysis *analysis, struct slice text, List *statements)
{
	ListCell *cell;
	uint32_t index = 0;

	foreach (cell, statements) {
		RawStmt *raw = lfirst_node(RawStmt, cell);
		struct parts *parts = palloc(sizeof(*parts));

		parts_begin(analysis, parts, index++);
		place_statement(text, raw, &parts->statement);
		analyse_node(analysis, raw->stmt);
		struct facts_statement statement = parts_end(analysis);

		facts_build_add(&analysis->build->statements, &statement, 1, sizeof(statement));
	}
}

static void analyse_text(struct facts_build *build, struct slice text,
			 const struct analyse_settings *settings)
{
	struct analysis analysis = { .build = build, .watched = FACTS_NONE };
	char *copy = palloc(text.length + 1);

	if (text.length > 0)
		memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	List *statements = postgres_parse(copy, settings);

	if (list_length(statements) > ANALYSIS_ENTRIES_MAX)
		all_unknown(build, "the text has more statements than can be judged");
	else if (settings->single_statement && list_length(statements) > 1)
		all_unknown(build, "several statements where the server takes one");
	else
		analyse_list(&analysis, text, statements);
}

static const char *refusal_of(struct slice text, const struct analyse_settings *settings)
{
	if (text.length > ANALYSE_TEXT_MAX)
		return "the text is longer than 16 MB";
	if (text.length > 0 && memchr(text.at, '\0', text.length) != NULL)
		return "the text holds a NUL byte";
	if (settings->is_utf8 && !slice_is_utf8(text))
		return "the text is not valid in its encoding";
	return NULL;
}

static void analyse_guarded(struct facts_build *build, struct slice text,
			    const struct analyse_settings *settings)
{
	MemoryContext outer = CurrentMemoryContext;
	char reason[320];

	MemoryContextSwitchTo(kept_context);
	PG_TRY();
	{
		analyse_text(build, text, settings);
	}
	PG_CATCH();
	{
		/* Out of memory is one of the errors: there must be some to describe it. */
		MemoryContextSwitchTo(kept_context);
		MemoryContextReset(kept_context);
		postgres_error_text(reason, sizeof(reason));
		all_unknown(build, reason);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(outer);
	MemoryContextReset(kept_context);
}

int analyse_postgres(struct slice text, const struct analyse_settings *settings, struct buf *out)
{
	const char *refusal = refusal_of(text, settings);
	int r;

	postgres_parse_init();
	if (kept_context == NULL)
		kept_context = AllocSetContextCreateInternal(TopMemoryContext, "analyse", 0,
							     64 * KIB, 8 * MIB);
	facts_build_reset(&kept_build);
	lineage_work_begin();
	if (refusal != NULL)
		all_unknown(&kept_build, refusal);
	else
		analyse_guarded(&kept_build, text, settings);
	r = facts_build_finish(&kept_build, out);
	if (r != -E2BIG || out->failed != 0)
		return r;
	all_unknown(&kept_build, "the text does more than can be judged");
	return facts_build_finish(&kept_build, out);
}

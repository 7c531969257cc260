/* SPDX-License-Identifier: MIT */
/* Walks through a call: its statements, what stands inside them, and what names in them stand
 * for. */
#include "policy/engine/judge_private.h"

#include <stdio.h>

static struct place creation_place(const struct judging *judging, const struct effect *effect)
{
	const struct catalogue_identity *identity;

	if (effect->facts->flags & EFFECT_TEMPORARY)
		return place_find(judging, SLICE("pg_temp"), effect->name, true);
	if (!effect->path_is_known)
		return (struct place){ .name = effect->name };
	if (!judging->catalogue)
		return place_find(judging, SLICE("public"), effect->name, true);
	if (session_path_is_bare(judging->session))
		return (struct place){ .name = effect->name };
	identity = catalogue_identity(judging->catalogue);
	for (size_t i = 0; i < identity->path_count; i++) {
		/* Both are on every path without being asked for; nothing is created there. */
		if (!slice_starts_with(identity->path[i], "pg_"))
			return place_find(judging, identity->path[i], effect->name, true);
	}
	return (struct place){ .name = effect->name };
}

/* CREATE INDEX is a `create` on a table that exists, CREATE TABLE on one that does not: a name
 * that means one thing as the one and another as the other is not known. */
static struct place find_created(const struct judging *judging, const struct effect *effect)
{
	struct place existing =
		place_find(judging, effect->schema, effect->name, effect->path_is_known);
	struct place created;

	if (effect->schema.length > 0)
		return existing;
	created = creation_place(judging, effect);
	if (judging->catalogue && existing.is_known && created.is_known &&
	    !slice_equal(existing.schema, created.schema))
		return (struct place){ .name = effect->name };
	return created;
}

static void find_place(const struct judging *judging, struct effect *effect)
{
	if (effect->facts->object != OBJECT_RELATION)
		effect->place = (struct place){ .name = effect->name };
	else if (effect->verb == VERB_CREATE)
		effect->place = find_created(judging, effect);
	else if (effect->facts->relation < effect->reading->facts->relation_count)
		effect->place = effect->reading->places[effect->facts->relation];
	else
		effect->place =
			place_find(judging, effect->schema, effect->name, effect->path_is_known);
}

static bool reads_harmlessly(const struct effect *effect)
{
	return effect->facts->object == OBJECT_RELATION && effect->verb == VERB_SELECT &&
	       effect->place.builtin == BUILTIN_RELATION_HARMLESS;
}

/* EXPLAIN reads what the statement would read, and runs what the planner runs. */
static bool explained_verb(enum verb verb, enum verb *ret_verb)
{
	switch (verb) {
	case VERB_UPDATE:
	case VERB_UPDATE_ALL:
	case VERB_DELETE:
	case VERB_DELETE_ALL:
	case VERB_MERGE:
		*ret_verb = VERB_SELECT;
		return true;
	case VERB_SELECT:
	case VERB_CALL:
		*ret_verb = verb;
		return true;
	default:
		return false;
	}
}

static void judge_one_effect(struct judging *judging, const struct reading *reading,
			     uint32_t statement, const struct facts_effect *facts,
			     bool is_explained)
{
	struct effect effect = {
		.reading = reading,
		.facts = facts,
		.statement = statement,
		.verb = (enum verb)facts->verb,
		.schema = facts_slice(reading->facts, facts->schema),
		.name = facts_slice(reading->facts, facts->name),
		.path_is_known = reading_path_is_known(judging, reading, statement),
	};

	/* Operators and casts are nobody's effect while they are the server's own. */
	if ((facts->flags & EFFECT_SYNTAX) && !reading->is_untraceable)
		return;
	if (is_explained && !explained_verb(effect.verb, &effect.verb))
		return;
	find_place(judging, &effect);
	effect.is_harmless = reads_harmlessly(&effect);
	if (facts->flags & EFFECT_HARMLESS)
		effect.is_harmless = facts->object != OBJECT_FUNCTION || !reading->is_untraceable ||
				     function_is_own(judging, reading, statement, facts);
	if ((facts->flags & EFFECT_SYNTAX) && effect.is_harmless)
		return;
	judge_effect(judging, &effect);
}

static const char *definition_of(enum facts_statement_kind kind)
{
	return kind == STATEMENT_EXECUTE ? "prepared statement" : "cursor";
}

static uint32_t find_local(const struct facts *facts, uint32_t statement)
{
	const struct facts_statement *user = &facts_statements(facts)[statement];
	enum facts_statement_kind maker =
		user->kind == STATEMENT_EXECUTE ? STATEMENT_PREPARE : STATEMENT_DECLARE;

	for (uint32_t i = statement < facts->top_level_count ? statement : 0; i-- > 0;) {
		const struct facts_statement *made = &facts_statements(facts)[i];

		if (made->kind == maker && made->body != FACTS_NONE &&
		    slice_equal(facts_slice(facts, made->name), facts_slice(facts, user->name)))
			return made->body;
	}
	return FACTS_NONE;
}

struct meanings meanings_find(const struct judging *judging, const struct facts *facts,
			      uint32_t statement)
{
	const struct facts_statement *user = &facts_statements(facts)[statement];
	struct slice name = facts_slice(facts, user->name);
	struct meanings meanings = { .local = find_local(facts, statement) };

	if (user->kind == STATEMENT_EXECUTE)
		meanings.block_count = session_prepared(judging->session, name, meanings.blocks,
							POSSIBILITIES_MAX);
	else
		meanings.block_count =
			session_cursor(judging->session, name, meanings.blocks, POSSIBILITIES_MAX);
	if (meanings.block_count < 0 && meanings.local != FACTS_NONE)
		meanings.block_count = 0;
	return meanings;
}

static void judge_block(struct judging *judging, const struct facts *facts, bool is_explained,
			unsigned depth);

static void judge_named(struct judging *judging, const struct reading *reading, uint32_t statement,
			bool is_explained, unsigned depth)
{
	const struct facts_statement *user = &facts_statements(reading->facts)[statement];
	struct meanings meanings = meanings_find(judging, reading->facts, statement);
	char why[160];

	for (int i = 0; i < meanings.block_count; i++)
		judge_block(judging, meanings.blocks[i], is_explained, depth + 1);
	if (meanings.block_count >= 0)
		return;
	struct slice name = facts_slice(reading->facts, user->name);
	int length = snprintf(why, sizeof(why), "%s %.*s was not made in sight",
			      definition_of((enum facts_statement_kind)user->kind),
			      (int)(name.length < 63 ? name.length : 63), name.at);
	judge_unknown(judging, why, (size_t)length);
}

static bool has_meaning_elsewhere(const struct facts_statement *statement)
{
	return statement->kind == STATEMENT_EXECUTE || statement->kind == STATEMENT_FETCH ||
	       statement->kind == STATEMENT_MOVE;
}

/* Whether its own facts are all that there are. */
static bool is_whole(const struct facts_statement *statement)
{
	return !has_meaning_elsewhere(statement) && statement->body == FACTS_NONE;
}

static void judge_statement(struct judging *judging, const struct reading *reading, uint32_t index,
			    bool is_explained, unsigned depth)
{
	const struct facts_statement *statement = &facts_statements(reading->facts)[index];
	struct slice unknown = facts_slice(reading->facts, statement->unknown);

	if (depth > NESTING_MAX) {
		judge_unknown(judging, "the statement is nested too deep", 32);
		return;
	}
	if (unknown.length > 0)
		judge_unknown(judging, unknown.at, unknown.length);
	for (uint32_t i = 0; i < statement->effects.count; i++)
		judge_one_effect(judging, reading, index,
				 &facts_effects(reading->facts)[statement->effects.first + i],
				 is_explained);
	judge_probes(judging, reading, index);
	if (!is_explained)
		judge_writes(judging, reading, index);
	judge_copy(judging, reading, index);
	if (has_meaning_elsewhere(statement))
		judge_named(judging, reading, index, is_explained, depth);
	if (statement->body == FACTS_NONE || statement->body == index)
		return;
	/* EXPLAIN has the effects and probes of what it explains, but not those of a name or of a
	 * cursor's query. */
	if (statement->kind == STATEMENT_EXPLAIN &&
	    is_whole(&facts_statements(reading->facts)[statement->body]))
		return;
	is_explained |= statement->kind == STATEMENT_EXPLAIN && !(statement->flags & FACTS_ANALYZE);
	judge_statement(judging, reading, statement->body, is_explained, depth + 1);
}

void judge_object(struct judging *judging, enum verb verb, enum facts_object object,
		  struct slice name)
{
	static const struct facts nothing = { .magic = FACTS_MAGIC, .size = sizeof(nothing) };
	struct reading reading = { .facts = &nothing, .first_change = UINT32_MAX };
	struct facts_effect facts = { .verb = (uint16_t)verb,
				      .object = (uint16_t)object,
				      .relation = FACTS_NONE };
	struct effect effect = { .reading = &reading, .facts = &facts, .verb = verb, .name = name };

	effect.place.name = name;
	judge_effect(judging, &effect);
}

/* `row.name` calls a function where no column has the name. */
static void judge_fields(struct judging *judging, const struct reading *reading)
{
	const struct facts *facts = reading->facts;

	for (uint32_t i = 0; i < facts->source_count; i++) {
		const struct facts_source *source = &facts_sources(facts)[i];

		if (source_may_be_call(reading, judging, source))
			judge_object(judging, VERB_CALL, OBJECT_FUNCTION,
				     facts_slice(facts, source->column));
	}
}

static void judge_block(struct judging *judging, const struct facts *facts, bool is_explained,
			unsigned depth)
{
	struct slice unknown = facts_slice(facts, facts->unknown);
	struct reading reading;
	int r = reading_open(judging, facts, &reading);

	if (r < 0) {
		judging->failed = r;
		return;
	}
	if (unknown.length > 0)
		judge_unknown(judging, unknown.at, unknown.length);
	for (uint32_t i = 0; i < facts->top_level_count && judging->failed == 0; i++)
		judge_statement(judging, &reading, i, is_explained, depth);
	judge_fields(judging, &reading);
}

#define UNKNOWN(judging, text) judge_unknown(judging, text, sizeof(text) - 1)

static void judge_prepared(struct judging *judging)
{
	const struct facts *blocks[POSSIBILITIES_MAX];
	int count = session_prepared(judging->session, judging->question->name, blocks,
				     POSSIBILITIES_MAX);

	if (count < 0)
		UNKNOWN(judging, "the prepared statement was not made in sight");
	for (int i = 0; i < count; i++)
		judge_block(judging, blocks[i], false, 0);
}

static void judge_text(struct judging *judging)
{
	const struct judge_question *question = judging->question;

	if (question->is_misreadable)
		UNKNOWN(judging, "a change of the client encoding is still under way");
	if (question->other)
		judge_block(judging, question->other, false, 0);
	if (question->facts)
		judge_block(judging, question->facts, false, 0);
	else
		UNKNOWN(judging, "there is no text to judge");
}

void judge_call(struct judging *judging)
{
	const struct judge_question *question = judging->question;

	judge_startup(judging);
	switch (question->call) {
	case CALL_QUERY:
	case CALL_QUERY_PARAMS:
	case CALL_PREPARE:
		judge_text(judging);
		break;
	case CALL_EXECUTE:
		judge_prepared(judging);
		break;
	case CALL_FASTPATH:
		judge_object(judging, VERB_CALL, OBJECT_FUNCTION, question->name);
		break;
	case CALL_LARGE_OBJECT_READ:
	case CALL_LARGE_OBJECT_SEEK:
		judge_object(judging, VERB_SELECT, OBJECT_OTHER, SLICE("large object"));
		break;
	case CALL_LARGE_OBJECT_WRITE:
		judge_object(judging, VERB_UPDATE, OBJECT_OTHER, SLICE("large object"));
		break;
	case CALL_CLOSE_PREPARED:
	case CALL_CLOSE_PORTAL:
		break;
	}
}

/* SPDX-License-Identifier: MIT */
/* Judges whether the rows of a COPY can be masked as they pass: what stands in the way is a
 * refusal, because a COPY's rows come without names, origins and types. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "policy/engine/judge_private.h"

struct copying {
	struct judging *judging;
	const struct reading *reading;
	const struct facts_statement *statement;
	uint32_t index;
	struct copy_format format;
	struct shield shield; /* what lies over its columns, together */
	char column[160];     /* one that is masked */
	bool has_found;       /* detectors look into it */
};

static bool goes_to_server(const struct copying *copying)
{
	return shield_holds(&copying->shield) && (copying->statement->flags & FACTS_ON_SERVER);
}

static bool is_binary(const struct copying *copying)
{
	return copying->format.kind == COPY_BINARY;
}

static bool is_unreadable(const struct copying *copying)
{
	return !copy_format_is_readable(&copying->format);
}

/* As pg_char_to_encoding of PostgreSQL reads a name: letters and digits alone count. */
static void plain_name(struct slice name, char *ret_name, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < name.length && length + 1 < size; i++) {
		if (isalnum((unsigned char)name.at[i]))
			ret_name[length++] = (char)tolower((unsigned char)name.at[i]);
	}
	ret_name[length] = '\0';
}

/* UTF-8, and encodings with one byte for each character (encnames.c of PostgreSQL): in others a
 * mask could keep half a character, and some have bytes that look like delimiters. */
static bool encoding_is_simple(struct slice name)
{
	static const char *const SIMPLE[] = {
		"utf8",      "unicode",   "sqlascii",  "latin1",   "latin2",    "latin3",
		"latin4",    "latin5",    "latin6",    "latin7",   "latin8",    "latin9",
		"latin10",   "iso88591",  "iso88592",  "iso88593", "iso88594",  "iso88595",
		"iso88596",  "iso88597",  "iso88598",  "iso88599", "iso885910", "iso885913",
		"iso885914", "iso885915", "iso885916", "koi8",     "koi8r",     "koi8u",
		"win1250",   "win1251",   "win1252",   "win1253",  "win1254",   "win1255",
		"win1256",   "win1257",   "win1258",   "win866",   "win874",
	};
	char plain[32];

	plain_name(name, plain, sizeof(plain));
	for (size_t i = 0; i < COUNT_OF(SIMPLE); i++) {
		if (strcmp(plain, SIMPLE[i]) == 0)
			return true;
	}
	return false;
}

static bool encoding_is_strange(const struct copying *copying)
{
	const struct facts *facts = copying->reading->facts;
	struct slice given = facts_slice(facts, copying->statement->name);

	if (given.length > 0)
		return !encoding_is_simple(given);
	for (uint32_t i = 0; i < copying->index && copying->index < facts->top_level_count; i++) {
		if (statement_reach(facts, i, copying->judging->session).lexing)
			return true;
	}
	if (session_is_assumed(copying->judging->session))
		return false;
	return !encoding_is_simple(session_encoding(copying->judging->session));
}

static bool null_is_uncertain(const struct copying *copying)
{
	return shield_holds(&copying->shield) && !copy_format_null_is_certain(&copying->format);
}

/* Whether a statement in front of it may give tables other columns. */
static bool comes_after_change(const struct copying *copying)
{
	const struct facts *facts = copying->reading->facts;

	for (uint32_t i = 0; i < copying->index && copying->index < facts->top_level_count; i++) {
		if (statement_reach(facts, i, copying->judging->session).freshness ==
		    SESSION_CHANGED)
			return true;
	}
	return false;
}

static bool columns_are_unknown(const struct copying *copying)
{
	const struct facts *facts = copying->reading->facts;
	struct facts_range outputs = copying->statement->outputs;

	if (!shield_holds(&copying->shield) || session_is_assumed(copying->judging->session))
		return false;
	for (uint32_t i = 0; i < outputs.count; i++) {
		const struct facts_output *output = &facts_outputs(facts)[outputs.first + i];

		if (output->kind == OUTPUT_COLUMN)
			continue;
		if (output->kind != OUTPUT_STAR || output->relation >= facts->relation_count ||
		    !cover_is_listed(&copying->reading->covers[output->relation]) ||
		    comes_after_change(copying))
			return true;
	}
	return copying->statement->unknown.length > 0;
}

static const struct {
	bool (*stands)(const struct copying *copying);
	enum reason reason;
	const char *what, *hint;
} OBSTACLES[] = {
	{ goes_to_server, REASON_COPIED, "COPY to the server's files or programs cannot be masked",
	  "COPY to STDOUT, or leave the masked column out." },
	{ is_binary, REASON_UNKNOWN, "COPY in binary cannot be masked",
	  "Use FORMAT text or FORMAT csv." },
	{ is_unreadable, REASON_UNKNOWN, "the options of this COPY are not understood",
	  "Use FORMAT csv without further options, or leave the masked column out." },
	{ encoding_is_strange, REASON_UNKNOWN,
	  "in the encoding of this COPY characters cannot be told from delimiters",
	  "Use ENCODING 'UTF8'." },
	{ null_is_uncertain, REASON_UNKNOWN,
	  "values that read like the NULL of this COPY cannot be told from it",
	  "Leave the NULL option out, or use FORMAT csv." },
	{ columns_are_unknown, REASON_UNKNOWN, "the columns of this COPY are not known",
	  "Name the columns: COPY t (a, b) TO STDOUT, or COPY (SELECT a, b FROM t) TO STDOUT." },
};

static void charge_rules(struct copying *copying, struct charge *charge)
{
	const struct judging *judging = copying->judging;

	for (size_t i = 0; i < copying->shield.rule_count; i++) {
		charge->rule = copying->shield.rules[i];
		charge_add(copying->judging, charge);
	}
	for (size_t i = 0; i < judging->rule_count && !shield_holds(&copying->shield); i++) {
		charge->rule = judging->rules[i].index;
		if (rule_searches(judging, &judging->rules[i]))
			charge_add(copying->judging, charge);
	}
}

static void charge_obstacle(struct copying *copying, size_t obstacle)
{
	struct charge charge = { .decision = DECISION_DENY,
				 .reason = OBSTACLES[obstacle].reason,
				 .verb = VERB_COPY_OUT };

	if (shield_holds(&copying->shield)) {
		snprintf(charge.columns, sizeof(charge.columns), "%s", copying->column);
		snprintf(charge.what, sizeof(charge.what), "%s, and %s is masked for you",
			 OBSTACLES[obstacle].what, copying->column);
	} else {
		snprintf(charge.what, sizeof(charge.what), "%s, and values in it are",
			 OBSTACLES[obstacle].what);
	}
	snprintf(charge.hint, sizeof(charge.hint), "%s", OBSTACLES[obstacle].hint);
	charge_rules(copying, &charge);
}

static void look_at_output(struct copying *copying, const struct facts_output *output)
{
	const struct facts *facts = copying->reading->facts;
	struct facts_source whole = { .relation = output->relation };
	struct shield shield = { .mask = { 0 } };

	output_shield(copying->reading, copying->judging, output, &shield);
	if (!shield_holds(&shield))
		return;
	shield_join(&copying->shield, &shield);
	if (output->kind == OUTPUT_STAR)
		source_text(copying->reading, &whole, copying->column, sizeof(copying->column));
	for (uint32_t i = 0; i < output->sources.count; i++) {
		const struct facts_source *source =
			&facts_sources(facts)[output->sources.first + i];
		struct shield one = { .mask = { 0 } };

		source_shield(copying->reading, copying->judging, source, &one);
		if (shield_holds(&one))
			source_text(copying->reading, source, copying->column,
				    sizeof(copying->column));
	}
}

void judge_copy(struct judging *judging, const struct reading *reading, uint32_t index)
{
	const struct facts_statement *statement = &facts_statements(reading->facts)[index];
	struct copying copying = { judging, reading, statement, index, .column = "a column" };

	if (statement->kind != STATEMENT_COPY_TO)
		return;
	copying.format = facts_copy_format(reading->facts, statement);
	for (size_t i = 0; i < judging->rule_count; i++)
		copying.has_found |= rule_searches(judging, &judging->rules[i]);
	for (uint32_t i = 0; i < statement->outputs.count; i++)
		look_at_output(&copying,
			       &facts_outputs(reading->facts)[statement->outputs.first + i]);
	if (statement->unknown.length > 0)
		shield_add_all(&copying.shield, &judging->guards);
	if (!shield_holds(&copying.shield) && !copying.has_found)
		return;
	for (size_t i = 0; i < COUNT_OF(OBSTACLES); i++) {
		if (!OBSTACLES[i].stands(&copying))
			continue;
		charge_obstacle(&copying, i);
		return;
	}
}

/* SPDX-License-Identifier: MIT */
/* Facts as text for people, one line each. */
#include <ctype.h>

#include "common/cleanup.h"
#include "policy/engine/facts.h"

struct word {
	unsigned bit;
	const char *text;
};

static const char *const KINDS[] = {
	[STATEMENT_PLAIN] = "plain",
	[STATEMENT_BEGIN] = "begin",
	[STATEMENT_COMMIT] = "commit",
	[STATEMENT_ROLLBACK] = "rollback",
	[STATEMENT_SAVEPOINT] = "savepoint",
	[STATEMENT_RELEASE] = "release",
	[STATEMENT_ROLLBACK_TO] = "rollback-to",
	[STATEMENT_TWO_PHASE] = "two-phase",
	[STATEMENT_SET] = "set",
	[STATEMENT_RESET] = "reset",
	[STATEMENT_SHOW] = "show",
	[STATEMENT_DISCARD] = "discard",
	[STATEMENT_PREPARE] = "prepare",
	[STATEMENT_EXECUTE] = "execute",
	[STATEMENT_DEALLOCATE] = "deallocate",
	[STATEMENT_DECLARE] = "declare",
	[STATEMENT_FETCH] = "fetch",
	[STATEMENT_MOVE] = "move",
	[STATEMENT_CLOSE] = "close",
	[STATEMENT_EXPLAIN] = "explain",
	[STATEMENT_COPY_TO] = "copy-to",
	[STATEMENT_COPY_FROM] = "copy-from",
};

static const struct word STATEMENT_FLAGS[] = {
	{ FACTS_LOCAL, "local" },
	{ FACTS_WITH_HOLD, "with-hold" },
	{ FACTS_ANALYZE, "analyze" },
	{ FACTS_RETURNS_ROWS, "rows" },
	{ FACTS_TEMPLATE_SAFE, "template" },
	{ FACTS_MAY_CHANGE_SESSION, "session" },
	{ FACTS_READS_ONLY, "reads-only" },
	{ FACTS_ON_SERVER, "on-server" },
	{ FACTS_STORED_COLUMNS, "stored-columns" },
	{ FACTS_BARES_PATH, "bares-path" },
};

static const struct word EFFECT_FLAGS[] = {
	{ EFFECT_TAUTOLOGY, "tautology" }, { EFFECT_TEMPORARY, "temporary" },
	{ EFFECT_HARMLESS, "harmless" },   { EFFECT_DESCENDANTS, "descendants" },
	{ EFFECT_SYNTAX, "syntax" },       { EFFECT_TRACED, "traced" },
};

static const struct word PROBE_FLAGS[] = {
	{ PROBE_LOOKUP, "lookup" },
	{ PROBE_NATURAL, "natural" },
};

static const char *const OBJECTS[] = {
	[OBJECT_NONE] = "-",
	[OBJECT_RELATION] = "relation",
	[OBJECT_FUNCTION] = "function",
	[OBJECT_SETTING] = "setting",
	[OBJECT_SCHEMA] = "schema",
	[OBJECT_DATABASE] = "database",
	[OBJECT_ROLE] = "role",
	[OBJECT_OTHER] = "other",
};

static void add_words(struct buf *out, unsigned bits, const struct word *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bits & words[i].bit)
			buf_printf(out, " %s", words[i].text);
}

/* Control characters would let a name write lines of its own. */
static void add_slice(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.length; i++)
		buf_add_char(out, iscntrl((unsigned char)text.at[i]) ? '?' : text.at[i]);
}

static void add_quoted(struct buf *out, const char *label, struct slice text)
{
	if (text.length == 0)
		return;
	buf_printf(out, " %s\"", label);
	add_slice(out, text);
	buf_add_char(out, '"');
}

static void add_name(struct buf *out, struct slice schema, struct slice name)
{
	add_slice(out, schema);
	if (schema.length > 0)
		buf_add_char(out, '.');
	if (name.length > 0)
		add_slice(out, name);
	else
		buf_add_char(out, '*');
}

static void add_relation(struct buf *out, const struct facts *facts, uint32_t index)
{
	const struct facts_relation *relation = &facts_relations(facts)[index];

	add_name(out, facts_slice(facts, relation->schema), facts_slice(facts, relation->name));
	buf_printf(out, "#%u", index);
}

static void add_source(struct buf *out, const struct facts *facts,
		       const struct facts_source *source)
{
	if (source->relation == FACTS_TOP) {
		buf_add_text(out, "TOP");
	} else {
		add_relation(out, facts, source->relation);
		buf_add_char(out, '.');
		if (source->column.length > 0)
			add_slice(out, facts_slice(facts, source->column));
		else if (source->position > 0)
			buf_printf(out, "[%u]", source->position);
		else
			buf_add_char(out, '*');
	}
	if (source->flags & SOURCE_CANDIDATE)
		buf_add_char(out, '?');
	if (source->flags & SOURCE_COUNTED)
		buf_add_text(out, "(counted)");
	if (source->flags & SOURCE_OUTLINE)
		buf_add_text(out, "(outline)");
}

static void add_sources(struct buf *out, const struct facts *facts, struct facts_range range)
{
	for (uint32_t i = 0; i < range.count; i++) {
		buf_add_text(out, i == 0 ? " <- " : ", ");
		add_source(out, facts, &facts_sources(facts)[range.first + i]);
	}
	buf_add_char(out, '\n');
}

static void print_effect(struct buf *out, const struct facts *facts,
			 const struct facts_effect *effect)
{
	buf_printf(out, "  %s %s", verb_text((enum verb)effect->verb), OBJECTS[effect->object]);
	if (effect->object != OBJECT_NONE) {
		buf_add_char(out, ' ');
		add_name(out, facts_slice(facts, effect->schema), facts_slice(facts, effect->name));
	}
	if (effect->relation != FACTS_NONE)
		buf_printf(out, "#%u", effect->relation);
	add_words(out, effect->flags, EFFECT_FLAGS, COUNT_OF(EFFECT_FLAGS));
	add_quoted(out, "", facts_slice(facts, effect->detail));
	buf_add_char(out, '\n');
}

static void print_output(struct buf *out, const struct facts *facts,
			 const struct facts_output *output)
{
	buf_add_text(out, "  output ");
	if (output->kind == OUTPUT_STAR)
		add_relation(out, facts, output->relation);
	if (output->kind != OUTPUT_COLUMN)
		buf_add_text(out, output->kind == OUTPUT_STAR ? ".*" : "any");
	else
		add_slice(out, facts_slice(facts, output->name));
	if (output->flags & OUTPUT_DERIVED)
		buf_add_text(out, " derived");
	add_sources(out, facts, output->sources);
}

static void print_probe(struct buf *out, const struct facts *facts, const struct facts_probe *probe)
{
	buf_printf(out, "  probe: %s", facts_probe_text((enum facts_probe_place)probe->place));
	add_words(out, probe->flags, PROBE_FLAGS, COUNT_OF(PROBE_FLAGS));
	add_sources(out, facts, probe->sources);
}

static void print_write(struct buf *out, const struct facts *facts, const struct facts_write *write)
{
	buf_add_text(out, "  write ");
	add_relation(out, facts, write->relation);
	buf_add_char(out, '.');
	if (!(write->flags & WRITE_ALL_COLUMNS))
		add_slice(out, facts_slice(facts, write->column));
	else if (write->position > 0)
		buf_printf(out, "[%u]", write->position);
	else
		buf_add_char(out, '*');
	add_sources(out, facts, write->sources);
}

static void print_equality(struct buf *out, const struct facts *facts,
			   const struct facts_equality *equality)
{
	buf_add_text(out, "  equal ");
	add_relation(out, facts, equality->relation);
	buf_add_char(out, '.');
	add_slice(out, facts_slice(facts, equality->column));
	if (equality->parameter > 0) {
		buf_printf(out, " = $%u\n", equality->parameter);
		return;
	}
	buf_add_text(out, " = '");
	add_slice(out, facts_slice(facts, equality->value));
	buf_add_text(out, "'\n");
}

static void print_arrays(struct buf *out, const struct facts *facts,
			 const struct facts_statement *statement)
{
	for (uint32_t i = 0; i < statement->effects.count; i++)
		print_effect(out, facts, &facts_effects(facts)[statement->effects.first + i]);
	for (uint32_t i = 0; i < statement->outputs.count; i++)
		print_output(out, facts, &facts_outputs(facts)[statement->outputs.first + i]);
	for (uint32_t i = 0; i < statement->probes.count; i++)
		print_probe(out, facts, &facts_probes(facts)[statement->probes.first + i]);
	for (uint32_t i = 0; i < statement->writes.count; i++)
		print_write(out, facts, &facts_writes(facts)[statement->writes.first + i]);
	for (uint32_t i = 0; i < statement->equalities.count; i++)
		print_equality(out, facts,
			       &facts_equalities(facts)[statement->equalities.first + i]);
}

static void print_value(struct buf *out, const struct facts *facts,
			const struct facts_statement *statement)
{
	struct copy_format format;

	if (statement->kind != STATEMENT_COPY_TO && statement->kind != STATEMENT_COPY_FROM) {
		add_quoted(out, "value=", facts_slice(facts, statement->value));
		return;
	}
	format = facts_copy_format(facts, statement);
	buf_add_char(out, ' ');
	copy_format_print(&format, out);
}

static void print_statement(struct buf *out, const struct facts *facts, uint32_t index)
{
	const struct facts_statement *statement = &facts_statements(facts)[index];

	buf_printf(out, "%s %u %s", index < facts->top_level_count ? "statement" : "body", index,
		   KINDS[statement->kind]);
	add_words(out, statement->flags, STATEMENT_FLAGS, COUNT_OF(STATEMENT_FLAGS));
	add_quoted(out, "name=", facts_slice(facts, statement->name));
	print_value(out, facts, statement);
	if (statement->body != FACTS_NONE)
		buf_printf(out, " body=%u", statement->body);
	add_quoted(out, "unknown=", facts_slice(facts, statement->unknown));
	buf_add_char(out, '\n');
	print_arrays(out, facts, statement);
}

void facts_print(const struct facts *facts, struct buf *out)
{
	if (facts->unknown.length > 0) {
		buf_add_text(out, "unknown: ");
		add_slice(out, facts_slice(facts, facts->unknown));
		buf_add_char(out, '\n');
	}
	if (facts->parameter_max > 0)
		buf_printf(out, "parameters %u\n", facts->parameter_max);
	for (uint32_t i = 0; i < facts->statement_count; i++)
		print_statement(out, facts, i);
}

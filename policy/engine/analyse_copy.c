/* SPDX-License-Identifier: MIT */
/* COPY: what it reads or writes, and how its rows are written (copy.c of PostgreSQL 15,
 * ProcessCopyOptions). */
#include "policy/engine/analysis.h"

static const struct facts_text NONE = { 0, 0 };

/* ---- options ---- */

/* What the options come to. */
struct copy_options {
	struct copy_format format;
	const char *encoding;
	const char *delimiter, *null, *quote, *escape; /* NULL: not given */
	bool is_odd; /* something that is not understood, or that the server refuses */
};

/* The option's argument as the server's defGetString gives it; NULL when it is none. */
static const char *option_text(const DefElem *option)
{
	Node *argument = option->arg;

	if (argument == NULL)
		return NULL;
	if (IsA(argument, String))
		return strVal(argument);
	if (IsA(argument, Integer))
		return psprintf("%d", intVal(argument));
	return NULL;
}

static void take_kind(struct copy_options *options, const DefElem *option)
{
	static const char *const KINDS[] = {
		[COPY_TEXT] = "text", [COPY_CSV] = "csv", [COPY_BINARY] = "binary"
	};
	const char *text = option_text(option);

	options->format.kind = COPY_UNREADABLE;
	for (size_t i = 0; text != NULL && i < COUNT_OF(KINDS); i++) {
		if (strcmp(text, KINDS[i]) == 0)
			options->format.kind = (uint8_t)i;
	}
}

static void take_header(struct copy_options *options, const DefElem *option)
{
	static const struct {
		const char *text;
		bool is_on;
	} WORDS[] = { { "true", true },   { "on", true },   { "1", true },
		      { "false", false }, { "off", false }, { "0", false } };
	const char *text = option_text(option);

	if (option->arg == NULL || IsA(option->arg, Boolean)) {
		options->format.has_header = option->arg == NULL || boolVal(option->arg);
		return;
	}
	for (size_t i = 0; text != NULL && i < COUNT_OF(WORDS); i++) {
		if (!slice_equal_ignoring_case(slice_of(text), slice_of(WORDS[i].text)))
			continue;
		options->format.has_header = WORDS[i].is_on;
		return;
	}
	options->is_odd = true; /* MATCH, which COPY TO does not have */
}

static void take_force_quote(struct copy_options *options, const DefElem *option)
{
	(void)option;
	options->format.forces_quotes = true;
}

static void take_nothing(struct copy_options *options, const DefElem *option)
{
	(void)options;
	(void)option;
}

#define TAKE_TEXT(member)                                                                          \
	static void take_##member(struct copy_options *options, const DefElem *option)             \
	{                                                                                          \
		options->is_odd |= options->member != NULL || option_text(option) == NULL;         \
		options->member = option_text(option);                                             \
	}
TAKE_TEXT(encoding)
TAKE_TEXT(delimiter)
TAKE_TEXT(null)
TAKE_TEXT(quote)
TAKE_TEXT(escape)
#undef TAKE_TEXT

static const struct {
	const char *name;
	void (*take)(struct copy_options *options, const DefElem *option);
} OPTIONS[] = {
	{ "format", take_kind },         { "header", take_header },
	{ "delimiter", take_delimiter }, { "null", take_null },
	{ "quote", take_quote },         { "escape", take_escape },
	{ "encoding", take_encoding },   { "force_quote", take_force_quote },
	{ "freeze", take_nothing },
};

static void take_option(struct copy_options *options, const DefElem *option)
{
	for (size_t i = 0; i < COUNT_OF(OPTIONS); i++) {
		if (strcmp(option->defname, OPTIONS[i].name) != 0)
			continue;
		OPTIONS[i].take(options, option);
		return;
	}
	options->is_odd = true;
}

static void take_mark(struct copy_options *options, const char *text, char *mark)
{
	if (text == NULL)
		return;
	options->is_odd |= strlen(text) != 1;
	*mark = text[0];
}

/* What was given changes what is usual for the kind. */
static void apply(struct copy_options *options)
{
	struct copy_format given = options->format;

	options->format = copy_format_of((enum copy_kind)given.kind);
	options->format.has_header = given.has_header;
	options->format.forces_quotes = given.forces_quotes;
	take_mark(options, options->delimiter, &options->format.delimiter);
	take_mark(options, options->quote, &options->format.quote);
	if (options->quote != NULL && options->escape == NULL)
		options->format.escape = options->format.quote;
	take_mark(options, options->escape, &options->format.escape);
	if (options->null != NULL)
		options->is_odd |= !copy_format_set_null(&options->format, slice_of(options->null));
}

static bool is_given_twice(const List *list, const DefElem *option)
{
	const ListCell *cell;
	int count = 0;

	foreach (cell, list)
		count += strcmp(lfirst_node(DefElem, cell)->defname, option->defname) == 0;
	return count > 1;
}

static void copy_options(struct analysis *analysis, const CopyStmt *copy)
{
	struct copy_options options = { .format = { .kind = COPY_TEXT } };
	struct facts_statement *statement = &analysis->parts->statement;
	ListCell *cell;

	foreach (cell, copy->options) {
		const DefElem *option = lfirst_node(DefElem, cell);

		take_option(&options, option);
		options.is_odd |= is_given_twice(copy->options, option);
	}
	apply(&options);
	if (options.is_odd)
		options.format = (struct copy_format){ .kind = COPY_UNREADABLE };
	statement->kind = copy->is_from ? STATEMENT_COPY_FROM : STATEMENT_COPY_TO;
	statement->value =
		facts_build_text(analysis->build, (struct slice){ (const char *)&options.format,
								  sizeof(options.format) });
	statement->name = analysis_text(analysis, options.encoding);
}

/* ---- what it reads or writes ---- */

static uint32_t copied_relation(struct analysis *analysis, const RangeVar *range)
{
	uint32_t relation = relation_mention(analysis, range);

	effect_on_relation(analysis, VERB_COPY_OUT, relation);
	return relation;
}

static void copy_place(struct analysis *analysis, const CopyStmt *copy)
{
	enum verb verb = copy->is_program ? VERB_PROGRAM : VERB_FILE;

	/* A program without a name does not parse. */
	if (copy->filename == NULL)
		return;
	analysis->parts->statement.flags |= FACTS_ON_SERVER;
	effect_add(analysis, verb, OBJECT_OTHER, NONE, analysis_text(analysis, copy->filename));
}

static void copy_columns_out(struct analysis *analysis, const CopyStmt *copy, uint32_t relation,
			     struct vector *outputs)
{
	ListCell *cell;

	if (copy->attlist == NIL) {
		analysis->parts->statement.flags |= FACTS_STORED_COLUMNS;
		vector_push(outputs, (struct item){ .kind = ITEM_STAR, .relation = relation });
		return;
	}
	foreach (cell, copy->attlist) {
		struct facts_text column = analysis_text(analysis, strVal(lfirst(cell)));
		struct value value = { .derived = false };

		sources_add(&value.sources,
			    (struct facts_source){ .relation = relation, .column = column });
		vector_push_column(outputs, column, &value);
	}
}

/* Every table that the query reads leaves by COPY. */
static void copy_query(struct analysis *analysis, Node *node, struct vector *outputs)
{
	query(analysis, node, NULL, NULL, outputs);
	uint32_t count = analysis->parts->effects.count;

	for (uint32_t i = 0; i < count; i++) {
		struct facts_effect effect = analysis->parts->effects.at[i];

		if (effect.verb == VERB_SELECT && effect.relation != FACTS_NONE)
			effect_on_relation(analysis, VERB_COPY_OUT, effect.relation);
	}
}

static void copy_out(struct analysis *analysis, CopyStmt *copy)
{
	struct vector outputs = { NULL, 0, 0 };

	if (copy->relation != NULL)
		copy_columns_out(analysis, copy, copied_relation(analysis, copy->relation),
				 &outputs);
	else
		copy_query(analysis, copy->query, &outputs);
	/* Written to a file of the server, the rows are out of our hands: still the call's
	 * outputs. */
	analysis->parts->outputs = outputs;
}

static void copy_in(struct analysis *analysis, CopyStmt *copy)
{
	struct entry target = target_entry(analysis, copy->relation);
	struct scope scope = { .outer = NULL };
	struct sources none = { NULL, 0, 0, false };
	ListCell *cell;

	effect_on_relation(analysis, VERB_COPY_IN, target.relation);
	if (copy->attlist == NIL)
		write_add(analysis,
			  (struct facts_write){ .relation = target.relation,
						.flags = WRITE_ALL_COLUMNS },
			  &none);
	foreach (cell, copy->attlist)
		write_add(analysis,
			  (struct facts_write){
				  .relation = target.relation,
				  .column = analysis_text(analysis, strVal(lfirst(cell))) },
			  &none);
	scope_add(&scope, target);
	expression_probe(analysis, copy->whereClause, &scope, PROBE_WHERE);
}

void copy_statement(struct analysis *analysis, Node *node)
{
	CopyStmt *copy = (CopyStmt *)node;

	copy_options(analysis, copy);
	copy_place(analysis, copy);
	if (copy->is_from)
		copy_in(analysis, copy);
	else
		copy_out(analysis, copy);
}

/* SPDX-License-Identifier: MIT */
/* FROM items: tables, sub-queries, functions, joins. */
#include "policy/engine/analysis.h"
#include "policy/engine/builtins.h"

uint32_t relation_mention(struct analysis *analysis, const RangeVar *range)
{
	return relation_add(analysis, analysis_text(analysis, range->schemaname),
			    analysis_text(analysis, range->relname));
}

static struct entry *add_entry(struct analysis *analysis, struct scope *scope, const Alias *alias,
			       const struct vector *columns)
{
	struct entry entry = { .relation = FACTS_NONE,
			       .has_alias = alias != NULL,
			       .is_relation_visible = alias != NULL,
			       .is_column_visible = true };

	if (alias != NULL)
		entry.name = analysis_text(analysis, alias->aliasname);
	entry.columns = vector_rename(analysis, columns, alias != NULL ? alias->colnames : NIL);
	return scope_add(scope, entry);
}

static void from_table(struct analysis *analysis, Node *node, struct scope *scope)
{
	RangeVar *range = (RangeVar *)node;
	struct facts_text name = analysis_text(analysis, range->relname);
	const struct vector *known =
		range->schemaname == NULL ? with_find(analysis, scope->with, name) : NULL;
	struct vector columns = { NULL, 0, 0 };
	struct entry *entry;

	if (known != NULL) {
		entry = add_entry(analysis, scope, range->alias, known);
	} else {
		uint32_t relation = relation_mention(analysis, range);

		effect_on_relation(analysis, VERB_SELECT, relation);
		vector_push(&columns, (struct item){ .kind = ITEM_STAR, .relation = relation });
		entry = add_entry(analysis, scope, range->alias, &columns);
		entry->relation = relation;
		entry->schema = analysis_text(analysis, range->schemaname);
	}
	entry->is_relation_visible = true;
	if (range->alias == NULL)
		entry->name = name;
}

static void from_query(struct analysis *analysis, Node *node, struct scope *scope)
{
	RangeSubselect *item = (RangeSubselect *)node;
	struct vector columns = { NULL, 0, 0 };

	query(analysis, item->subquery, item->lateral ? scope : scope->outer, scope->with,
	      &columns);
	add_entry(analysis, scope, item->alias, &columns);
}

/* Harmless functions of pg_catalog whose result is one column, which a FROM item's alias names. */
static bool has_one_column(struct slice name)
{
	static const char *const names[] = {
		"generate_series",
		"generate_subscripts",
		"unnest",
		"regexp_split_to_table",
		"string_to_table",
		"json_array_elements",
		"jsonb_array_elements",
		"json_array_elements_text",
		"jsonb_array_elements_text",
		"json_object_keys",
		"jsonb_object_keys",
		"jsonb_path_query",
		"regexp_matches",
		"now",
		"current_database",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_is(name, names[i]))
			return true;
	return false;
}

static bool is_one_column(const FuncCall *call)
{
	return list_length(call->funcname) == 1 &&
	       has_one_column(string_slice(llast(call->funcname))) &&
	       (list_length(call->args) == 1 ||
		!slice_is(string_slice(llast(call->funcname)), "unnest"));
}

static void push_any(struct vector *columns, const struct value *value)
{
	vector_push(columns, (struct item){ .kind = ITEM_ANY,
					    .derived = true,
					    .relation = FACTS_NONE,
					    .sources = value->sources });
}

static void push_definitions(struct analysis *analysis, List *definitions,
			     const struct value *value, struct vector *columns)
{
	ListCell *cell;

	foreach (cell, definitions) {
		ColumnDef *definition = lfirst_node(ColumnDef, cell);

		type_name_effect(analysis, definition->typeName);
		vector_push_column(columns, analysis_text(analysis, definition->colname), value);
	}
}

/* A call in FROM. */
struct called {
	Node *call;
	struct value value;
	uint32_t outline; /* flags of what its argument tells through the number of rows */
};

/* The columns of pg_options_to_table (src/include/catalog/pg_proc.dat). */
static void push_options(struct analysis *analysis, const struct called *called,
			 struct vector *columns)
{
	struct value name = { .derived = true };

	sources_union_flagged(&name.sources, &called->value.sources, called->outline);
	vector_push_column(columns, analysis_text(analysis, "option_name"), &name);
	vector_push_column(columns, analysis_text(analysis, "option_value"), &called->value);
}

static void push_columns(struct analysis *analysis, const RangeFunction *item,
			 const struct called *called, struct vector *columns)
{
	const FuncCall *call = IsA(called->call, FuncCall) ? (FuncCall *)called->call : NULL;
	const char *name = item->alias != NULL ? item->alias->aliasname : target_name(called->call);

	if (call != NULL && call_lists_options(call))
		push_options(analysis, called, columns);
	else if (call != NULL && is_one_column(call) && !item->is_rowsfrom)
		vector_push_column(columns, analysis_text(analysis, name), &called->value);
	else
		push_any(columns, &called->value);
}

/* The call's own result is no argument. */
static void probe_call(struct analysis *analysis, const struct called *called)
{
	struct sources arguments = { NULL, 0, 0, false };

	for (uint32_t i = 0; i < called->value.sources.count; i++) {
		struct facts_source source = called->value.sources.at[i];

		source.flags |= called->outline;
		if (source.relation != FACTS_TOP)
			sources_add(&arguments, source);
	}
	probe_add(analysis, PROBE_SET_RETURNING, &arguments);
}

/* One function of a FROM item: a two-element list of the call and its column definitions. */
static void from_call(struct analysis *analysis, RangeFunction *item, List *pair,
		      struct scope *scope, struct vector *columns)
{
	struct called called = { .call = linitial(pair), .value = { .derived = true } };
	List *definitions = lsecond(pair) != NULL ? (List *)lsecond(pair) : item->coldeflist;

	expression(analysis, called.call, scope, &called.value);
	called.value.derived = true;
	if (IsA(called.call, FuncCall))
		called.outline = call_outline(analysis, (FuncCall *)called.call, scope);
	probe_call(analysis, &called);
	if (definitions != NIL)
		push_definitions(analysis, definitions, &called.value, columns);
	else
		push_columns(analysis, item, &called, columns);
}

static void from_function(struct analysis *analysis, Node *node, struct scope *scope)
{
	RangeFunction *item = (RangeFunction *)node;
	struct vector columns = { NULL, 0, 0 };
	struct value none = { .derived = true };
	ListCell *cell;
	List *first = linitial(item->functions);

	foreach (cell, item->functions)
		from_call(analysis, item, lfirst(cell), scope, &columns);
	if (item->ordinality)
		vector_push_column(&columns, analysis_text(analysis, "ordinality"), &none);
	struct entry *entry = add_entry(analysis, scope, item->alias, &columns);

	if (item->alias != NULL)
		return;
	/* Without an alias the item is called as the function. */
	entry->name = analysis_text(analysis, target_name(linitial(first)));
	entry->has_alias = true;
	entry->is_relation_visible = true;
}

static void from_xml_table(struct analysis *analysis, Node *node, struct scope *scope)
{
	RangeTableFunc *item = (RangeTableFunc *)node;
	struct vector columns = { NULL, 0, 0 };
	struct value value = { .derived = true };
	ListCell *cell;

	expression(analysis, item->docexpr, scope, &value);
	expression(analysis, item->rowexpr, scope, &value);
	expressions(analysis, item->namespaces, scope, &value);
	foreach (cell, item->columns) {
		RangeTableFuncCol *column = lfirst_node(RangeTableFuncCol, cell);

		expression(analysis, column->colexpr, scope, &value);
		expression(analysis, column->coldefexpr, scope, &value);
		type_name_effect(analysis, column->typeName);
	}
	foreach (cell, item->columns)
		vector_push_column(
			&columns,
			analysis_text(analysis, lfirst_node(RangeTableFuncCol, cell)->colname),
			&value);
	probe_add(analysis, PROBE_SET_RETURNING, &value.sources);
	probe_add(analysis, PROBE_RAISING, &value.sources);
	add_entry(analysis, scope, item->alias, &columns);
}

static void from_sample(struct analysis *analysis, Node *node, struct scope *scope)
{
	RangeTableSample *item = (RangeTableSample *)node;
	struct value value = { .derived = true };
	struct facts_text schema, method;

	from_item(analysis, item->relation, scope);
	split_name(analysis, item->method, &schema, &method);
	if (!text_is(analysis, method, "system") && !text_is(analysis, method, "bernoulli"))
		call_effect(analysis, schema, method, false);
	expressions(analysis, item->args, scope, &value);
	expression(analysis, item->repeatable, scope, &value);
	probe_add(analysis, PROBE_OTHER, &value.sources);
}

/* ---- joins ---- */

/* The entries of a scope from `first` to `end` as a scope of their own. */
static struct scope part_of(const struct scope *scope, uint32_t first, uint32_t end)
{
	struct scope part = *scope;

	part.entries = scope->entries + first;
	part.count = end - first;
	part.capacity = part.count;
	return part;
}

static void part_column(const struct scope *part, struct facts_text name, struct value *value)
{
	struct value maybe = { .derived = false };
	bool found = false;

	for (uint32_t i = 0; i < part->count; i++)
		if (part->entries[i].is_column_visible)
			found = vector_find(&part->entries[i].columns, name, value) || found;
	if (found)
		return;
	for (uint32_t i = 0; i < part->count; i++)
		if (part->entries[i].is_column_visible)
			vector_find_possible(&part->entries[i].columns, name, &maybe);
	value->derived = value->derived || maybe.derived;
	sources_union_flagged(&value->sources, &maybe.sources,
			      maybe.sources.count > 1 ? SOURCE_CANDIDATE : 0);
}

static bool is_listed(const struct vector *merged, struct facts_text name)
{
	for (uint32_t i = 0; i < merged->count; i++)
		if (text_equal(merged->at[i].name, name))
			return true;
	return false;
}

/* Appends one side's columns without the merged ones. */
static void append_rest(const struct vector *side, const struct vector *merged, bool is_natural,
			struct vector *columns)
{
	for (uint32_t i = 0; i < side->count; i++) {
		if (side->at[i].kind == ITEM_COLUMN && is_listed(merged, side->at[i].name))
			continue;
		struct item *item = vector_push(columns, side->at[i]);

		item->is_partial = item->is_partial || merged->count > 0 || is_natural;
	}
}

static void merge_column(struct analysis *analysis, const struct scope *left,
			 const struct scope *right, struct facts_text name, struct vector *merged)
{
	struct value value = { .derived = false };

	part_column(left, name, &value);
	part_column(right, name, &value);
	operator_used(analysis, "=");
	probe_add(analysis, PROBE_JOIN, &value.sources);
	vector_push_column(merged, name, &value);
}

static void merge_natural(struct analysis *analysis, const struct scope *left,
			  const struct scope *right, struct vector *merged)
{
	struct vector both[2] = { { NULL, 0, 0 }, { NULL, 0, 0 } };
	struct sources whole = { NULL, 0, 0, false };

	scope_all(left, 0, &both[0]);
	scope_all(right, 0, &both[1]);
	if (!vector_is_closed(&both[0]) || !vector_is_closed(&both[1])) {
		vector_whole(&both[0], &whole);
		vector_whole(&both[1], &whole);
		natural_add(analysis, &whole);
		operator_used(analysis, "=");
		return;
	}
	for (uint32_t i = 0; i < both[0].count; i++)
		if (is_listed(&both[1], both[0].at[i].name))
			merge_column(analysis, left, right, both[0].at[i].name, merged);
}

/* USING and NATURAL: one column for both sides' columns of a name; it hides them from bare names
 * and stars. */
static void merge(struct analysis *analysis, JoinExpr *join, struct scope *scope, uint32_t first,
		  uint32_t middle)
{
	struct scope left = part_of(scope, first, middle);
	struct scope right = part_of(scope, middle, scope->count);
	struct vector merged = { NULL, 0, 0 }, columns = { NULL, 0, 0 };
	struct vector left_columns = { NULL, 0, 0 }, right_columns = { NULL, 0, 0 };
	ListCell *cell;

	foreach (cell, join->usingClause)
		merge_column(analysis, &left, &right, analysis_text(analysis, strVal(lfirst(cell))),
			     &merged);
	if (join->isNatural)
		merge_natural(analysis, &left, &right, &merged);
	scope_all(&left, 0, &left_columns);
	scope_all(&right, 0, &right_columns);
	vector_append(&columns, &merged);
	append_rest(&left_columns, &merged, join->isNatural, &columns);
	append_rest(&right_columns, &merged, join->isNatural, &columns);
	for (uint32_t i = first; i < scope->count; i++)
		scope->entries[i].is_column_visible = false;
	add_entry(analysis, scope, NULL, &columns);
	if (join->join_using_alias != NULL)
		add_entry(analysis, scope, join->join_using_alias, &merged)->is_column_visible =
			false;
}

/* (a JOIN b) AS j: j alone can be named. */
static void rename_join(struct analysis *analysis, JoinExpr *join, struct scope *scope,
			uint32_t first)
{
	struct vector columns = { NULL, 0, 0 };

	scope_all(scope, first, &columns);
	for (uint32_t i = first; i < scope->count; i++) {
		scope->entries[i].is_column_visible = false;
		scope->entries[i].is_relation_visible = false;
	}
	add_entry(analysis, scope, join->alias, &columns);
}

static void join_right(struct analysis *analysis, JoinExpr *join, struct scope *scope,
		       uint32_t first)
{
	uint32_t middle = scope->count;

	from_item(analysis, join->rarg, scope);
	if (join->usingClause != NIL || join->isNatural)
		merge(analysis, join, scope, first, middle);
	if (join->quals != NULL) {
		struct scope on = part_of(scope, first, scope->count);

		condition(analysis, join->quals, &on, PROBE_JOIN, join->jointype == JOIN_INNER);
	}
	if (join->alias != NULL)
		rename_join(analysis, join, scope, first);
}

static void from_join(struct analysis *analysis, Node *node, struct scope *scope)
{
	List *spine = NIL;
	uint32_t first = scope->count;

	for (; node != NULL && IsA(node, JoinExpr); node = ((JoinExpr *)node)->larg)
		spine = lappend(spine, node);
	from_item(analysis, node, scope);
	for (int i = list_length(spine) - 1; i >= 0 && analysis->stopped == NULL; i--)
		join_right(analysis, list_nth(spine, i), scope, first);
}

static const struct {
	NodeTag tag;
	void (*handle)(struct analysis *analysis, Node *node, struct scope *scope);
} HANDLERS[] = {
	{ T_RangeVar, from_table },          { T_RangeSubselect, from_query },
	{ T_RangeFunction, from_function },  { T_RangeTableFunc, from_xml_table },
	{ T_RangeTableSample, from_sample }, { T_JoinExpr, from_join },
};

void from_item(struct analysis *analysis, Node *node, struct scope *scope)
{
	if (node == NULL || !analysis_enter(analysis))
		return;
	size_t i = 0;

	while (i < COUNT_OF(HANDLERS) && HANDLERS[i].tag != nodeTag(node))
		i++;
	if (i < COUNT_OF(HANDLERS))
		HANDLERS[i].handle(analysis, node, scope);
	else
		analysis_stop(analysis, "FROM has an item of a kind that is not known here");
	analysis_leave(analysis);
}

void from_list(struct analysis *analysis, List *nodes, struct scope *scope)
{
	ListCell *cell;

	foreach (cell, nodes)
		from_item(analysis, lfirst(cell), scope);
}

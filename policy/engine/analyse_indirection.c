/* SPDX-License-Identifier: MIT */
/* (x).field, x[1], (t.*).field. */
#include "policy/engine/analysis.h"
#include "policy/engine/builtins.h"

/* The FROM item whose row (t).c or (t.*).c takes apart.  For a bare name a certain column comes
 * before the row, and a possible one is added to `value`. */
static const struct entry *row_of(struct analysis *analysis, Node *node, struct scope *scope,
				  struct value *value)
{
	struct facts_text schema, name;
	struct value column = { .derived = false };
	List *fields;

	if (!IsA(node, ColumnRef))
		return NULL;
	fields = ((ColumnRef *)node)->fields;
	if (IsA(llast(fields), A_Star)) {
		fields = list_head_copy(fields, list_length(fields) - 1);
		split_name(analysis, fields, &schema, &name);
		return list_length(fields) == 0 ? NULL : scope_entry(analysis, scope, schema, name);
	}
	split_name(analysis, fields, &schema, &name);
	if (list_length(fields) > 1 || scope_column(scope, name, &column))
		return NULL;
	const struct entry *row = scope_entry(analysis, scope, schema, name);

	if (row != NULL)
		sources_union(&value->sources, &column.sources);
	return row;
}

/* A field of a value is a column of its row type or a function of that name: ('x'::text).upper
 * works. */
static void value_field(struct analysis *analysis, struct facts_text field, struct value *value)
{
	struct facts_text none = { 0, 0 };
	enum builtin_function class = builtin_function(analysis_slice(analysis, field));

	call_effect(analysis, none, field, builtin_is_harmless(class));
	probe_add(analysis, PROBE_RAISING, &value->sources);
	if (!builtin_is_harmless(class))
		sources_top(&value->sources);
	value->derived = true;
}

/* (information_schema._pg_expandarray(…)).n, whose row type has the columns x and n: JDBC asks for
 * primary keys this way. */
static bool is_expanded_field(const Node *value, const Node *step)
{
	const FuncCall *call = (const FuncCall *)value;

	return value != NULL && IsA(value, FuncCall) && list_length(call->funcname) == 2 &&
	       strcmp(strVal(linitial(call->funcname)), "information_schema") == 0 &&
	       strcmp(strVal(llast(call->funcname)), "_pg_expandarray") == 0 &&
	       (strcmp(strVal(step), "n") == 0 || strcmp(strVal(step), "x") == 0);
}

static void subscript(struct analysis *analysis, A_Indices *indices, struct scope *scope,
		      struct value *value)
{
	expression(analysis, indices->lidx, scope, value);
	expression(analysis, indices->uidx, scope, value);
	value->derived = true;
}

void expression_indirection(struct analysis *analysis, A_Indirection *node, struct scope *scope,
			    struct value *value)
{
	struct value own = { .derived = true };
	const struct entry *row = NULL;
	ListCell *cell;
	bool is_first = true;

	if (IsA(linitial(node->indirection), String))
		row = row_of(analysis, node->arg, scope, &own);
	if (row == NULL)
		expression(analysis, node->arg, scope, &own);
	foreach (cell, node->indirection) {
		Node *step = lfirst(cell);

		if (IsA(step, A_Indices))
			subscript(analysis, (A_Indices *)step, scope, &own);
		else if (IsA(step, String) && is_first && row != NULL)
			entry_field(analysis, row, analysis_text(analysis, strVal(step)), &own);
		else if (IsA(step, String) && !(is_first && is_expanded_field(node->arg, step)))
			value_field(analysis, analysis_text(analysis, strVal(step)), &own);
		is_first = false;
	}
	own.derived = true;
	value_union(value, &own);
}

/* SPDX-License-Identifier: MIT */
/* Result columns: their names, stars, and the clauses that refer to them by name or number. */
#include "policy/engine/analysis.h"

/* ---- names: what FigureColname in PostgreSQL's parse_target.c gives ---- */

enum strength { NAME_NONE, NAME_WEAK, NAME_STRONG };

static enum strength figure(Node *node, const char **ret_name, int depth);

static enum strength figure_last(List *names, enum strength strength, const char **ret_name)
{
	for (int i = list_length(names) - 1; i >= 0; i--) {
		if (IsA(list_nth(names, i), String)) {
			*ret_name = strVal(list_nth(names, i));
			return strength;
		}
	}
	return NAME_NONE;
}

static enum strength figure_sublink(SubLink *link, const char **ret_name)
{
	SelectStmt *select = (SelectStmt *)link->subselect;

	if (link->subLinkType == EXISTS_SUBLINK || link->subLinkType == ARRAY_SUBLINK) {
		*ret_name = link->subLinkType == EXISTS_SUBLINK ? "exists" : "array";
		return NAME_STRONG;
	}
	if (link->subLinkType != EXPR_SUBLINK || !IsA(select, SelectStmt))
		return NAME_NONE;
	while (select->op != SETOP_NONE)
		select = select->larg;
	if (select->valuesLists != NIL) {
		*ret_name = "column1";
		return NAME_STRONG;
	}
	if (list_length(select->targetList) == 0)
		return NAME_NONE;
	ResTarget *target = linitial(select->targetList);

	*ret_name = target->name != NULL ? target->name : target_name(target->val);
	return NAME_STRONG;
}

/* A name of the node's own; a cast's and a CASE's give way to that of what is inside. */
static enum strength figure_inside(Node *inside, const char *own, const char **ret_name, int depth)
{
	enum strength strength = figure(inside, ret_name, depth);

	if (strength > NAME_WEAK || own == NULL)
		return strength;
	*ret_name = own;
	return NAME_WEAK;
}

static const char *value_function_name(const SQLValueFunction *function)
{
	static const char *const names[] = {
		[SVFOP_CURRENT_DATE] = "current_date",
		[SVFOP_CURRENT_TIME] = "current_time",
		[SVFOP_CURRENT_TIME_N] = "current_time",
		[SVFOP_CURRENT_TIMESTAMP] = "current_timestamp",
		[SVFOP_CURRENT_TIMESTAMP_N] = "current_timestamp",
		[SVFOP_LOCALTIME] = "localtime",
		[SVFOP_LOCALTIME_N] = "localtime",
		[SVFOP_LOCALTIMESTAMP] = "localtimestamp",
		[SVFOP_LOCALTIMESTAMP_N] = "localtimestamp",
		[SVFOP_CURRENT_ROLE] = "current_role",
		[SVFOP_CURRENT_USER] = "current_user",
		[SVFOP_USER] = "user",
		[SVFOP_SESSION_USER] = "session_user",
		[SVFOP_CURRENT_CATALOG] = "current_catalog",
		[SVFOP_CURRENT_SCHEMA] = "current_schema",
	};

	return names[function->op];
}

static const char *xml_name(const XmlExpr *xml)
{
	static const char *const names[] = {
		[IS_XMLCONCAT] = "xmlconcat",
		[IS_XMLELEMENT] = "xmlelement",
		[IS_XMLFOREST] = "xmlforest",
		[IS_XMLPARSE] = "xmlparse",
		[IS_XMLPI] = "xmlpi",
		[IS_XMLROOT] = "xmlroot",
		[IS_XMLSERIALIZE] = "xmlserialize",
		[IS_DOCUMENT] = NULL,
	};

	return names[xml->op];
}

static enum strength figure_fixed(const char *name, const char **ret_name)
{
	if (name == NULL)
		return NAME_NONE;
	*ret_name = name;
	return NAME_STRONG;
}

static const char *fixed_name(Node *node)
{
	switch (nodeTag(node)) {
	case T_GroupingFunc:
		return "grouping";
	case T_A_ArrayExpr:
		return "array";
	case T_RowExpr:
		return "row";
	case T_CoalesceExpr:
		return "coalesce";
	case T_MinMaxExpr:
		return ((MinMaxExpr *)node)->op == IS_GREATEST ? "greatest" : "least";
	case T_SQLValueFunction:
		return value_function_name((SQLValueFunction *)node);
	case T_XmlExpr:
		return xml_name((XmlExpr *)node);
	case T_XmlSerialize:
		return "xmlserialize";
	case T_A_Expr:
		return ((A_Expr *)node)->kind == AEXPR_NULLIF ? "nullif" : NULL;
	default:
		return NULL;
	}
}

static enum strength figure(Node *node, const char **ret_name, int depth)
{
	if (node == NULL || depth++ > ANALYSIS_DEPTH_MAX)
		return NAME_NONE;
	switch (nodeTag(node)) {
	case T_ColumnRef:
		return figure_last(((ColumnRef *)node)->fields, NAME_STRONG, ret_name);
	case T_A_Indirection: {
		enum strength field =
			figure_last(((A_Indirection *)node)->indirection, NAME_STRONG, ret_name);
		return field != NAME_NONE ? field
					  : figure(((A_Indirection *)node)->arg, ret_name, depth);
	}
	case T_FuncCall:
		return figure_last(((FuncCall *)node)->funcname, NAME_STRONG, ret_name);
	case T_TypeCast:
		return figure_inside(((TypeCast *)node)->arg,
				     strVal(llast(((TypeCast *)node)->typeName->names)), ret_name,
				     depth);
	case T_CollateClause:
		return figure(((CollateClause *)node)->arg, ret_name, depth);
	case T_CaseExpr:
		return figure_inside((Node *)((CaseExpr *)node)->defresult, "case", ret_name,
				     depth);
	case T_SubLink:
		return figure_sublink((SubLink *)node, ret_name);
	default:
		return figure_fixed(fixed_name(node), ret_name);
	}
}

const char *target_name(Node *node)
{
	const char *name = "?column?";

	figure(node, &name, 0);
	return name;
}

/* ---- the list ---- */

static bool ends_in_star(List *steps)
{
	return IsA(llast(steps), A_Star);
}

/* (x).*: any number of columns out of x. */
static void composite_star(struct analysis *analysis, A_Indirection *node, struct scope *scope,
			   struct vector *ret_vector)
{
	A_Indirection inner = *node;
	struct value value = { .derived = true };

	inner.indirection = list_head_copy(node->indirection, list_length(node->indirection) - 1);
	if (inner.indirection == NIL)
		expression(analysis, node->arg, scope, &value);
	else
		expression(analysis, (Node *)&inner, scope, &value);
	vector_push(ret_vector, (struct item){ .kind = ITEM_ANY,
					       .derived = true,
					       .relation = FACTS_NONE,
					       .sources = value.sources });
}

static void one_target(struct analysis *analysis, ResTarget *target, struct scope *scope,
		       struct vector *ret_vector)
{
	Node *node = target->val;
	struct value value = { .derived = false };

	if (IsA(node, ColumnRef) && ends_in_star(((ColumnRef *)node)->fields)) {
		reference_star(analysis, scope, ((ColumnRef *)node)->fields, ret_vector);
		return;
	}
	if (IsA(node, A_Indirection) && ends_in_star(((A_Indirection *)node)->indirection)) {
		composite_star(analysis, (A_Indirection *)node, scope, ret_vector);
		return;
	}
	expression(analysis, node, scope, &value);
	vector_push_column(
		ret_vector,
		analysis_text(analysis, target->name != NULL ? target->name : target_name(node)),
		&value);
}

void target_list(struct analysis *analysis, List *targets, struct scope *scope,
		 struct vector *ret_vector)
{
	ListCell *cell;

	foreach (cell, targets) {
		one_target(analysis, lfirst_node(ResTarget, cell), scope, ret_vector);
		if (ret_vector->count > ANALYSIS_ENTRIES_MAX)
			analysis_stop(analysis,
				      "the statement has more columns than can be judged");
		if (analysis->stopped != NULL)
			return;
	}
}

/* ---- ORDER BY, GROUP BY, DISTINCT ON ---- */

static void numbered_output(struct analysis *analysis, const A_Const *constant,
			    const struct vector *outputs, struct value *value)
{
	/* The number says which column: another one gives other facts. */
	analysis->parts->literal_decides = true;
	if (!constant->isnull && IsA(&constant->val, Integer) && constant->val.ival.ival > 0)
		vector_at(outputs, (uint32_t)constant->val.ival.ival, value);
}

/* A bare name: ORDER BY and DISTINCT ON prefer the output of that name, GROUP BY the column. */
static void named_output(struct analysis *analysis, Node *node, struct scope *scope,
			 const struct vector *outputs, struct value *value)
{
	struct facts_text name =
		analysis_text(analysis, strVal(linitial(((ColumnRef *)node)->fields)));
	bool is_output = vector_find(outputs, name, value);

	/* Both meanings count where the first is not certain. */
	if (is_output && scope->count == 0)
		return;
	if (!is_output && scope->count == 0) {
		vector_find_possible(outputs, name, value);
		return;
	}
	if (!is_output)
		expression(analysis, node, scope, value);
}

static void grouped_name(struct analysis *analysis, Node *node, struct scope *scope,
			 const struct vector *outputs, struct value *value)
{
	struct facts_text name =
		analysis_text(analysis, strVal(linitial(((ColumnRef *)node)->fields)));
	struct value column = { .derived = false };

	if (!scope_column(scope, name, &column))
		vector_find(outputs, name, value);
	if (column.sources.count > 0 || value->sources.count == 0)
		expression(analysis, node, scope, value);
}

static void output_item(struct analysis *analysis, Node *node, struct scope *scope,
			const struct vector *outputs, enum facts_probe_place place)
{
	struct value value = { .derived = false };

	if (IsA(node, A_Const))
		numbered_output(analysis, (A_Const *)node, outputs, &value);
	else if (!IsA(node, ColumnRef) || list_length(((ColumnRef *)node)->fields) != 1 ||
		 ends_in_star(((ColumnRef *)node)->fields))
		expression(analysis, node, scope, &value);
	else if (place == PROBE_GROUP_BY)
		grouped_name(analysis, node, scope, outputs, &value);
	else
		named_output(analysis, node, scope, outputs, &value);
	probe_add(analysis, place, &value.sources);
}

void output_clause(struct analysis *analysis, List *items, struct scope *scope,
		   const struct vector *outputs, enum facts_probe_place place)
{
	List *todo = list_copy(items);

	while (todo != NIL && analysis_enter(analysis)) {
		Node *node = llast(todo);

		todo = list_truncate(todo, list_length(todo) - 1);
		analysis_leave(analysis);
		if (IsA(node, SortBy)) {
			SortBy sort = *(SortBy *)node;
			struct value none = { .derived = false };

			todo = lappend(todo, sort.node);
			sort.node = NULL;
			sort_list(analysis, list_make1(&sort), scope, &none);
		} else if (IsA(node, GroupingSet)) {
			todo = list_concat(todo, ((GroupingSet *)node)->content);
		} else if (IsA(node, RowExpr) && place == PROBE_GROUP_BY) {
			todo = list_concat(todo, ((RowExpr *)node)->args);
		} else {
			output_item(analysis, node, scope, outputs, place);
		}
	}
}

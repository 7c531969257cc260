/* SPDX-License-Identifier: MIT */
/* What an expression's value is computed from, and what it tells about values on the way.
 *
 * Chains that the grammar builds to the left (1+1+…, x::a::b) are walked in a loop: a megabyte
 * of text makes a chain of hundreds of thousands of links.  All other nesting counts against
 * ANALYSIS_DEPTH_MAX. */
#include "policy/engine/analysis.h"

typedef void expression_handler(struct analysis *analysis, Node *node, struct scope *scope,
				struct value *value);

void expressions(struct analysis *analysis, List *nodes, struct scope *scope, struct value *value)
{
	ListCell *cell;

	foreach (cell, nodes)
		expression(analysis, lfirst(cell), scope, value);
}

void expression_probe(struct analysis *analysis, Node *node, struct scope *scope,
		      enum facts_probe_place place)
{
	struct value value = { .derived = false };

	expression(analysis, node, scope, &value);
	probe_add(analysis, place, &value.sources);
}

void split_name(struct analysis *analysis, List *names, struct facts_text *ret_schema,
		struct facts_text *ret_name)
{
	int count = list_length(names);
	struct facts_text none = { 0, 0 };

	*ret_name = count > 0 ? analysis_text(analysis, strVal(llast(names))) : none;
	*ret_schema =
		count > 1 ? analysis_text(analysis, strVal(list_nth(names, count - 2))) : none;
}

static void handle_operator(struct analysis *analysis, Node *node, struct scope *scope,
			    struct value *value)
{
	List *spine = NIL;
	struct value so_far = { .derived = true };

	for (; node != NULL && IsA(node, A_Expr); node = ((A_Expr *)node)->lexpr)
		spine = lappend(spine, node);
	expression(analysis, node, scope, &so_far);
	for (int i = list_length(spine) - 1; i >= 0; i--) {
		A_Expr *operator= list_nth(spine, i);

		expression(analysis, operator->rexpr, scope, &so_far);
		operator_apply(analysis, operator, & so_far, &so_far);
		if (analysis->stopped != NULL)
			break;
	}
	so_far.derived = true;
	value_union(value, &so_far);
}

static void handle_reference(struct analysis *analysis, Node *node, struct scope *scope,
			     struct value *value)
{
	List *fields = ((ColumnRef *)node)->fields;
	struct vector all = { NULL, 0, 0 };

	if (!IsA(llast(fields), A_Star)) {
		reference_value(analysis, scope, fields, value);
		return;
	}
	/* ROW(t.*), f(t.*) */
	reference_star(analysis, scope, fields, &all);
	analysis->watched_seen++;
	vector_whole(&all, &value->sources);
	value->derived = true;
}

static void handle_constant(struct analysis *analysis, Node *node, struct scope *scope,
			    struct value *value)
{
	(void)analysis, (void)node, (void)scope;
	value->derived = true;
}

static void handle_parameter(struct analysis *analysis, Node *node, struct scope *scope,
			     struct value *value)
{
	int number = ((ParamRef *)node)->number;

	(void)scope;
	if (number > 0 && (uint32_t)number > analysis->build->parameter_max)
		analysis->build->parameter_max = (uint32_t)number;
	value->derived = true;
}

static void handle_call(struct analysis *analysis, Node *node, struct scope *scope,
			struct value *value)
{
	expression_call(analysis, (FuncCall *)node, scope, value);
}

static void handle_indirection(struct analysis *analysis, Node *node, struct scope *scope,
			       struct value *value)
{
	expression_indirection(analysis, (A_Indirection *)node, scope, value);
}

static void handle_cast(struct analysis *analysis, Node *node, struct scope *scope,
			struct value *value)
{
	List *spine = NIL;
	struct value argument = { .derived = true };

	for (; node != NULL && IsA(node, TypeCast); node = ((TypeCast *)node)->arg)
		spine = lappend(spine, ((TypeCast *)node)->typeName);
	expression(analysis, node, scope, &argument);
	for (int i = list_length(spine) - 1; i >= 0; i--) {
		cast_apply(analysis, list_nth(spine, i), &argument);
		if (!analysis_enter(analysis))
			return;
		analysis_leave(analysis);
	}
	argument.derived = true;
	value_union(value, &argument);
}

static void handle_collate(struct analysis *analysis, Node *node, struct scope *scope,
			   struct value *value)
{
	while (node != NULL && IsA(node, CollateClause))
		node = ((CollateClause *)node)->arg;
	expression(analysis, node, scope, value);
	value->derived = true;
}

static void handle_boolean(struct analysis *analysis, Node *node, struct scope *scope,
			   struct value *value)
{
	expressions(analysis, ((BoolExpr *)node)->args, scope, value);
	value->derived = true;
}

/* Adds what a value's mere presence tells; that of something computed may tell more. */
static void add_counted(struct value *value, const struct value *of)
{
	sources_union_flagged(&value->sources, &of->sources,
			      of->derived ? SOURCE_COUNTED : SOURCE_COUNTED | SOURCE_OUTLINE);
	value->derived = true;
}

static void handle_null_test(struct analysis *analysis, Node *node, struct scope *scope,
			     struct value *value)
{
	struct value tested = { .derived = false };

	expression(analysis, (Node *)((NullTest *)node)->arg, scope, &tested);
	add_counted(value, &tested);
}

static void handle_boolean_test(struct analysis *analysis, Node *node, struct scope *scope,
				struct value *value)
{
	expression(analysis, (Node *)((BooleanTest *)node)->arg, scope, value);
	value->derived = true;
}

static void handle_case(struct analysis *analysis, Node *node, struct scope *scope,
			struct value *value)
{
	CaseExpr *expr = (CaseExpr *)node;
	struct value tested = { .derived = true };
	ListCell *cell;

	if (expr->arg != NULL) {
		expression(analysis, (Node *)expr->arg, scope, &tested);
		operator_used(analysis, "=");
	}
	foreach (cell, expr->args) {
		CaseWhen *when = lfirst_node(CaseWhen, cell);

		expression(analysis, (Node *)when->expr, scope, &tested);
		expression(analysis, (Node *)when->result, scope, value);
	}
	if (expr->defresult != NULL)
		expression(analysis, (Node *)expr->defresult, scope, value);
	probe_add(analysis, PROBE_CASE, &tested.sources);
	value_union(value, &tested);
}

/* COALESCE tests all but its last argument, for NULL alone. */
static void handle_coalesce(struct analysis *analysis, Node *node, struct scope *scope,
			    struct value *value)
{
	List *arguments = ((CoalesceExpr *)node)->args;
	struct value tested = { .derived = true }, counted = { .derived = true };
	ListCell *cell;

	foreach (cell, arguments) {
		if (cell == list_tail(arguments))
			break;
		expression(analysis, lfirst(cell), scope, &tested);
	}
	add_counted(&counted, &tested);
	probe_add(analysis, PROBE_CASE, &counted.sources);
	expression(analysis, llast(arguments), scope, &tested);
	tested.derived = true;
	value_union(value, &tested);
}

static void handle_sublink(struct analysis *analysis, Node *node, struct scope *scope,
			   struct value *value)
{
	SubLink *link = (SubLink *)node;
	struct vector columns = { NULL, 0, 0 };
	struct value outputs = { .derived = true };

	query(analysis, link->subselect, scope, scope->with, &columns);
	vector_whole(&columns, &outputs.sources);
	if (link->subLinkType == EXISTS_SUBLINK) {
		add_counted(value, &outputs);
		return;
	}
	if (link->testexpr != NULL)
		expression(analysis, link->testexpr, scope, &outputs);
	if (link->subLinkType == ANY_SUBLINK && link->operName == NIL)
		operator_used(analysis, "=");
	if (link->operName != NIL) {
		A_Expr operator= { .type = T_A_Expr, .kind = AEXPR_OP, .name = link->operName };

		operator_apply(analysis, &operator, & outputs, &outputs);
	}
	value_union(value, &outputs);
}

static void handle_array(struct analysis *analysis, Node *node, struct scope *scope,
			 struct value *value)
{
	expressions(analysis, ((A_ArrayExpr *)node)->elements, scope, value);
	value->derived = true;
}

static void handle_row(struct analysis *analysis, Node *node, struct scope *scope,
		       struct value *value)
{
	expressions(analysis, ((RowExpr *)node)->args, scope, value);
	value->derived = true;
}

static void handle_list(struct analysis *analysis, Node *node, struct scope *scope,
			struct value *value)
{
	expressions(analysis, (List *)node, scope, value);
	value->derived = true;
}

static void handle_minmax(struct analysis *analysis, Node *node, struct scope *scope,
			  struct value *value)
{
	expressions(analysis, ((MinMaxExpr *)node)->args, scope, value);
	value->derived = true;
}

static void handle_grouping(struct analysis *analysis, Node *node, struct scope *scope,
			    struct value *value)
{
	struct value argument = { .derived = true };

	expressions(analysis, ((GroupingFunc *)node)->args, scope, &argument);
	add_counted(value, &argument);
}

static void handle_xml(struct analysis *analysis, Node *node, struct scope *scope,
		       struct value *value)
{
	XmlExpr *xml = (XmlExpr *)node;
	struct value argument = { .derived = true };

	expressions(analysis, xml->named_args, scope, &argument);
	expressions(analysis, xml->args, scope, &argument);
	/* XMLPARSE of a text that is no XML prints the text; XMLPI and XMLELEMENT refuse names. */
	probe_add(analysis, PROBE_RAISING, &argument.sources);
	value_union(value, &argument);
}

static void handle_xml_serialize(struct analysis *analysis, Node *node, struct scope *scope,
				 struct value *value)
{
	XmlSerialize *xml = (XmlSerialize *)node;
	struct value argument = { .derived = true };

	expression(analysis, xml->expr, scope, &argument);
	cast_apply(analysis, xml->typeName, &argument);
	value_union(value, &argument);
}

static void handle_named_argument(struct analysis *analysis, Node *node, struct scope *scope,
				  struct value *value)
{
	expression(analysis, (Node *)((NamedArgExpr *)node)->arg, scope, value);
}

static void handle_target(struct analysis *analysis, Node *node, struct scope *scope,
			  struct value *value)
{
	expression(analysis, ((ResTarget *)node)->val, scope, value);
}

static void handle_multi_assignment(struct analysis *analysis, Node *node, struct scope *scope,
				    struct value *value)
{
	expression(analysis, ((MultiAssignRef *)node)->source, scope, value);
	value->derived = true;
}

/* WHERE CURRENT OF: the row that a cursor of this session stands on. */
static void handle_current_of(struct analysis *analysis, Node *node, struct scope *scope,
			      struct value *value)
{
	(void)node, (void)scope;
	analysis->watched_seen++;
	value->derived = true;
}

static expression_handler *const HANDLERS[] = {
	[T_A_Expr] = handle_operator,
	[T_ColumnRef] = handle_reference,
	[T_A_Const] = handle_constant,
	[T_SQLValueFunction] = handle_constant,
	[T_SetToDefault] = handle_constant,
	[T_ParamRef] = handle_parameter,
	[T_FuncCall] = handle_call,
	[T_A_Indirection] = handle_indirection,
	[T_TypeCast] = handle_cast,
	[T_CollateClause] = handle_collate,
	[T_BoolExpr] = handle_boolean,
	[T_NullTest] = handle_null_test,
	[T_BooleanTest] = handle_boolean_test,
	[T_CaseExpr] = handle_case,
	[T_CoalesceExpr] = handle_coalesce,
	[T_SubLink] = handle_sublink,
	[T_A_ArrayExpr] = handle_array,
	[T_RowExpr] = handle_row,
	[T_List] = handle_list,
	[T_MinMaxExpr] = handle_minmax,
	[T_GroupingFunc] = handle_grouping,
	[T_XmlExpr] = handle_xml,
	[T_XmlSerialize] = handle_xml_serialize,
	[T_NamedArgExpr] = handle_named_argument,
	[T_ResTarget] = handle_target,
	[T_MultiAssignRef] = handle_multi_assignment,
	[T_CurrentOfExpr] = handle_current_of,
};

void expression(struct analysis *analysis, Node *node, struct scope *scope, struct value *value)
{
	if (node == NULL || !analysis_enter(analysis))
		return;
	unsigned tag = nodeTag(node);

	if (tag < COUNT_OF(HANDLERS) && HANDLERS[tag] != NULL)
		HANDLERS[tag](analysis, node, scope, value);
	else
		analysis_stop(analysis,
			      "the statement has an expression of a kind that is not known here");
	analysis_leave(analysis);
}

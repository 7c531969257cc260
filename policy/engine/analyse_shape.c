/* SPDX-License-Identifier: MIT */
/* Conditions that exclude nothing: constants, x = x, x OR NOT x, ranges that meet, conditions on
 * other tables.
 *
 * The question is undecidable in general.  What is recognised here counts as no condition; what
 * is not counts as one, as `id > 0` does, which may hold for every row too. */
#include "policy/engine/analysis.h"

#define SHAPE_DEPTH_MAX 50

static bool same(const Node *a, const Node *b, int depth);

static bool same_lists(const List *a, const List *b, int depth)
{
	if (list_length(a) != list_length(b))
		return false;
	for (int i = 0; i < list_length(a); i++)
		if (!same(list_nth(a, i), list_nth(b, i), depth))
			return false;
	return true;
}

static bool same_constants(const A_Const *a, const A_Const *b)
{
	if (a->isnull || b->isnull || nodeTag(&a->val) != nodeTag(&b->val))
		return false;
	switch (nodeTag(&a->val)) {
	case T_Integer:
		return a->val.ival.ival == b->val.ival.ival;
	case T_Float:
		return strcmp(a->val.fval.fval, b->val.fval.fval) == 0;
	case T_Boolean:
		return a->val.boolval.boolval == b->val.boolval.boolval;
	default:
		return strcmp(a->val.sval.sval, b->val.sval.sval) == 0;
	}
}

static bool same_operators(const A_Expr *a, const A_Expr *b, int depth)
{
	return a->kind == b->kind && same_lists(a->name, b->name, depth) &&
	       same(a->lexpr, b->lexpr, depth) && same(a->rexpr, b->rexpr, depth);
}

static bool same_calls(const FuncCall *a, const FuncCall *b, int depth)
{
	return same_lists(a->funcname, b->funcname, depth) && same_lists(a->args, b->args, depth);
}

/* Whether two expressions are written alike. */
static bool same(const Node *a, const Node *b, int depth)
{
	if (a == NULL || b == NULL || depth > SHAPE_DEPTH_MAX || nodeTag(a) != nodeTag(b))
		return a == b;
	depth++;
	switch (nodeTag(a)) {
	case T_String:
		return strcmp(strVal(a), strVal(b)) == 0;
	case T_ColumnRef:
		return same_lists(((const ColumnRef *)a)->fields, ((const ColumnRef *)b)->fields,
				  depth);
	case T_A_Const:
		return same_constants((const A_Const *)a, (const A_Const *)b);
	case T_A_Expr:
		return same_operators((const A_Expr *)a, (const A_Expr *)b, depth);
	case T_List:
		return same_lists((const List *)a, (const List *)b, depth);
	case T_CoalesceExpr:
		return same_lists(((const CoalesceExpr *)a)->args, ((const CoalesceExpr *)b)->args,
				  depth);
	case T_FuncCall:
		return same_calls((const FuncCall *)a, (const FuncCall *)b, depth);
	default:
		return false;
	}
}

/* ---- constants ---- */

enum truth { TRUTH_UNKNOWN, TRUTH_TRUE, TRUTH_FALSE };

static bool number_of(const Node *node, double *ret_number)
{
	double sign = 1;

	if (node != NULL && IsA(node, A_Expr) && ((const A_Expr *)node)->lexpr == NULL &&
	    strcmp(strVal(linitial(((const A_Expr *)node)->name)), "-") == 0) {
		sign = -1;
		node = ((const A_Expr *)node)->rexpr;
	}
	if (node == NULL || !IsA(node, A_Const) || ((const A_Const *)node)->isnull)
		return false;
	const A_Const *constant = (const A_Const *)node;

	if (IsA(&constant->val, Integer))
		*ret_number = sign * constant->val.ival.ival;
	else if (IsA(&constant->val, Float))
		*ret_number = sign * strtod(constant->val.fval.fval, NULL);
	else
		return false;
	return true;
}

/* How `a operator b` may come out: bit 1 for a < b, 2 for a = b, 4 for a > b. */
static unsigned comparison_bits(const A_Expr *expr)
{
	static const struct {
		const char *name;
		unsigned bits;
	} rows[] = { { "<", 1 }, { "=", 2 }, { "<=", 3 }, { ">", 4 }, { "<>", 5 }, { ">=", 6 } };

	if (expr->kind != AEXPR_OP || expr->lexpr == NULL)
		return 0;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(strVal(llast(expr->name)), rows[i].name) == 0)
			return rows[i].bits;
	return 0;
}

static unsigned order_bit(double a, double b)
{
	return a < b ? 1 : a > b ? 4 : 2;
}

static enum truth comparison_truth(struct analysis *analysis, const A_Expr *expr)
{
	unsigned bits = comparison_bits(expr), is = 0;
	double left, right;

	if (bits == 0)
		return TRUTH_UNKNOWN;
	/* f(x, 1) = f(x, 1) is true, and f(x, 1) = f(x, 2) is not. */
	if (nodeTag(expr->lexpr) == nodeTag(expr->rexpr) && !IsA(expr->lexpr, ColumnRef))
		analysis->parts->literal_decides = true;
	if (number_of(expr->lexpr, &left) && number_of(expr->rexpr, &right))
		is = order_bit(left, right);
	else if (same(expr->lexpr, expr->rexpr, 0))
		is = 2;
	else if (IsA(expr->lexpr, A_Const) && IsA(expr->rexpr, A_Const))
		is = 5; /* two different texts */
	if (is == 0)
		return TRUTH_UNKNOWN;
	return (bits & is) == is ? TRUTH_TRUE : (bits & is) == 0 ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

static enum truth constant_truth(const A_Const *constant)
{
	if (constant->isnull)
		return TRUTH_FALSE;
	if (IsA(&constant->val, Boolean))
		return constant->val.boolval.boolval ? TRUTH_TRUE : TRUTH_FALSE;
	if (IsA(&constant->val, String))
		return strchr("tTyY1oO", constant->val.sval.sval[0]) != NULL ? TRUTH_TRUE
									     : TRUTH_UNKNOWN;
	return TRUTH_UNKNOWN;
}

static enum truth opposite(enum truth truth)
{
	return truth == TRUTH_TRUE    ? TRUTH_FALSE
	       : truth == TRUTH_FALSE ? TRUTH_TRUE
				      : TRUTH_UNKNOWN;
}

/* What a condition comes to without looking at any row. */
static enum truth truth_of(struct analysis *analysis, Node *node, int depth)
{
	if (node == NULL || depth > SHAPE_DEPTH_MAX)
		return TRUTH_UNKNOWN;
	switch (nodeTag(node)) {
	case T_A_Const:
		analysis->parts->literal_decides = true;
		return constant_truth((A_Const *)node);
	case T_TypeCast:
		return truth_of(analysis, ((TypeCast *)node)->arg, depth + 1);
	case T_A_Expr:
		return comparison_truth(analysis, (A_Expr *)node);
	case T_BoolExpr:
		if (((BoolExpr *)node)->boolop != NOT_EXPR)
			return TRUTH_UNKNOWN;
		return opposite(truth_of(analysis, linitial(((BoolExpr *)node)->args), depth + 1));
	default:
		return TRUTH_UNKNOWN;
	}
}

/* ---- columns of the target ---- */

static bool may_mention(struct analysis *analysis, Node *node, const struct entry *target,
			int depth);

static bool lists_may_mention(struct analysis *analysis, List *nodes, const struct entry *target,
			      int depth)
{
	ListCell *cell;

	foreach (cell, nodes)
		if (may_mention(analysis, lfirst(cell), target, depth))
			return true;
	return false;
}

static bool operands_may_mention(struct analysis *analysis, const A_Expr *expr,
				 const struct entry *target, int depth)
{
	return may_mention(analysis, expr->lexpr, target, depth) ||
	       may_mention(analysis, expr->rexpr, target, depth);
}

static bool reference_may_mention(struct analysis *analysis, const ColumnRef *reference,
				  const struct entry *target)
{
	int count = list_length(reference->fields);

	if (count == 1 || IsA(llast(reference->fields), A_Star))
		return true;
	return text_equal(analysis_text(analysis, strVal(list_nth(reference->fields, count - 2))),
			  target->name);
}

/* Whether an expression can depend on a row of `target`, as far as its shape tells; in doubt it
 * can. */
static bool may_mention(struct analysis *analysis, Node *node, const struct entry *target,
			int depth)
{
	if (node == NULL)
		return false;
	if (depth++ > SHAPE_DEPTH_MAX)
		return true;
	switch (nodeTag(node)) {
	case T_A_Const:
	case T_ParamRef:
	case T_SQLValueFunction:
		return false;
	case T_ColumnRef:
		return reference_may_mention(analysis, (ColumnRef *)node, target);
	case T_A_Expr:
		return operands_may_mention(analysis, (A_Expr *)node, target, depth);
	case T_List:
		return lists_may_mention(analysis, (List *)node, target, depth);
	case T_FuncCall:
		return lists_may_mention(analysis, ((FuncCall *)node)->args, target, depth);
	case T_TypeCast:
		return may_mention(analysis, ((TypeCast *)node)->arg, target, depth);
	case T_NullTest:
		return may_mention(analysis, (Node *)((NullTest *)node)->arg, target, depth);
	default:
		return true;
	}
}

/* ---- shapes ---- */

/* id IN (1) OR id NOT IN (1) */
static bool lists_complement(const A_Expr *left, const A_Expr *right)
{
	return left->kind == AEXPR_IN && right->kind == AEXPR_IN &&
	       same(left->lexpr, right->lexpr, 0) && same(left->rexpr, right->rexpr, 0) &&
	       !same_lists(left->name, right->name, 0);
}

/* Comparisons of one thing with two numbers that leave no gap: x > low OR x < high overlap where
 * low < high. */
static bool ranges_complement(const A_Expr *left, const A_Expr *right, unsigned bits,
			      unsigned others)
{
	double low, high;

	if (!number_of(left->rexpr, &low) || !number_of(right->rexpr, &high))
		return false;
	if (low < high && (bits & 4) && (others & 1))
		return true;
	if (low > high && (bits & 1) && (others & 4))
		return true;
	return bits == 5 && others == 5;
}

static bool comparisons_complement(const A_Expr *left, const A_Expr *right)
{
	unsigned bits = comparison_bits(left), others = comparison_bits(right);

	if (bits == 0 || others == 0)
		return lists_complement(left, right);
	if (!same(left->lexpr, right->lexpr, 0))
		return false;
	if (same(left->rexpr, right->rexpr, 0))
		return (bits | others) == 7;
	return ranges_complement(left, right, bits, others);
}

/* x OR NOT x, in their spellings. */
static bool is_complement(Node *a, Node *b)
{
	if (IsA(b, BoolExpr) && ((BoolExpr *)b)->boolop == NOT_EXPR)
		return same(a, linitial(((BoolExpr *)b)->args), 0);
	return IsA(a, A_Expr) && IsA(b, A_Expr) && comparisons_complement((A_Expr *)a, (A_Expr *)b);
}

static bool or_excludes(struct analysis *analysis, List *arms, const struct entry *target,
			int depth)
{
	ListCell *cell, *other;

	foreach (cell, arms)
		if (!shape_excludes(analysis, lfirst(cell), target, depth))
			return false;
	if (list_length(arms) > SHAPE_DEPTH_MAX)
		return true;
	/* Whether arms meet is up to their literals, also where they do not. */
	analysis->parts->literal_decides = true;
	foreach (cell, arms)
		foreach (other, arms)
			if (is_complement(lfirst(cell), lfirst(other)))
				return false;
	return true;
}

static bool and_excludes(struct analysis *analysis, List *arms, const struct entry *target,
			 int depth)
{
	ListCell *cell;

	foreach (cell, arms)
		if (shape_excludes(analysis, lfirst(cell), target, depth))
			return true;
	return false;
}

static bool boolean_excludes(struct analysis *analysis, BoolExpr *expr, const struct entry *target,
			     int depth)
{
	Node *first = linitial(expr->args);

	if (expr->boolop == AND_EXPR)
		return and_excludes(analysis, expr->args, target, depth);
	if (expr->boolop == OR_EXPR)
		return or_excludes(analysis, expr->args, target, depth);
	if (IsA(first, NullTest) && ((NullTest *)first)->nulltesttype == IS_NULL)
		return !is_given_value((Node *)((NullTest *)first)->arg) &&
		       !IsA(((NullTest *)first)->arg, ColumnRef);
	return truth_of(analysis, (Node *)expr, 0) != TRUTH_TRUE &&
	       may_mention(analysis, (Node *)expr, target, 0);
}

/* LIKE '%' */
static bool is_any_pattern(struct analysis *analysis, const A_Expr *expr)
{
	const A_Const *pattern = (const A_Const *)expr->rexpr;

	if (expr->kind != AEXPR_LIKE && expr->kind != AEXPR_ILIKE)
		return false;
	if (!IsA(pattern, A_Const) || pattern->isnull || !IsA(&pattern->val, String))
		return false;
	analysis->parts->literal_decides = true;
	return strspn(pattern->val.sval.sval, "%") == strlen(pattern->val.sval.sval) &&
	       pattern->val.sval.sval[0] == '%' && strVal(llast(expr->name))[0] != '!';
}

/* id IN (SELECT id FROM the same table) */
static bool is_own_list(struct analysis *analysis, const SubLink *link, const struct entry *target)
{
	const SelectStmt *select = (const SelectStmt *)link->subselect;

	if (link->subLinkType != ANY_SUBLINK && link->subLinkType != EXISTS_SUBLINK)
		return false;
	if (!IsA(select, SelectStmt) || select->whereClause != NULL || select->limitCount != NULL ||
	    select->limitOffset != NULL || select->havingClause != NULL ||
	    list_length(select->fromClause) != 1 || !IsA(linitial(select->fromClause), RangeVar))
		return false;
	const RangeVar *range = linitial(select->fromClause);

	return text_equal(analysis_text(analysis, range->relname),
			  relation_at(analysis, target->relation).name);
}

static bool case_excludes(struct analysis *analysis, const CaseExpr *expr,
			  const struct entry *target, int depth)
{
	ListCell *cell;

	if (expr->defresult == NULL ||
	    shape_excludes(analysis, (Node *)expr->defresult, target, depth))
		return true;
	foreach (cell, expr->args)
		if (shape_excludes(analysis, (Node *)lfirst_node(CaseWhen, cell)->result, target,
				   depth))
			return true;
	return false;
}

bool shape_excludes(struct analysis *analysis, Node *node, const struct entry *target, int depth)
{
	if (node == NULL || depth++ > SHAPE_DEPTH_MAX)
		return node != NULL;
	switch (nodeTag(node)) {
	case T_BoolExpr:
		return boolean_excludes(analysis, (BoolExpr *)node, target, depth);
	case T_NullTest:
		return ((NullTest *)node)->nulltesttype == IS_NULL;
	case T_SubLink:
		return !is_own_list(analysis, (SubLink *)node, target);
	case T_CaseExpr:
		return case_excludes(analysis, (CaseExpr *)node, target, depth);
	case T_BooleanTest:
		return shape_excludes(analysis, (Node *)((BooleanTest *)node)->arg, target, depth);
	case T_A_Expr:
		if (is_any_pattern(analysis, (A_Expr *)node))
			return false;
		return truth_of(analysis, node, depth) != TRUTH_TRUE &&
		       may_mention(analysis, node, target, depth);
	default:
		return truth_of(analysis, node, depth) != TRUTH_TRUE &&
		       may_mention(analysis, node, target, depth);
	}
}

/* SPDX-License-Identifier: MIT */
/* WHERE and ON: what is compared, which comparisons are look-ups, and whether anything is
 * excluded. */
#include "policy/engine/analysis.h"

/* `column = given value`, in either order. */
struct lookup {
	ColumnRef *column;
	Node *given;
};

static bool is_column(const Node *node)
{
	return node != NULL && IsA(node, ColumnRef) &&
	       !IsA(llast(((const ColumnRef *)node)->fields), A_Star);
}

static bool lookup_of(Node *node, struct lookup *ret_lookup)
{
	A_Expr *expr = (A_Expr *)node;

	if (!IsA(node, A_Expr) || expr->kind != AEXPR_OP || list_length(expr->name) != 1 ||
	    strcmp(strVal(linitial(expr->name)), "=") != 0)
		return false;
	if (is_column(expr->lexpr) && is_given_value(expr->rexpr))
		*ret_lookup = (struct lookup){ (ColumnRef *)expr->lexpr, expr->rexpr };
	else if (is_column(expr->rexpr) && is_given_value(expr->lexpr))
		*ret_lookup = (struct lookup){ (ColumnRef *)expr->rexpr, expr->lexpr };
	else
		return false;
	return true;
}

/* The level's own table that a single certain source is a column of.  A reference that reaches
 * through a sub-query or to an outer query restricts other rows than all that are read. */
static bool is_own_column(const struct scope *scope, const struct value *value)
{
	const struct facts_source *source = value->sources.at;

	if (value->sources.count != 1 || value->derived || source->column.length == 0 ||
	    source->relation == FACTS_TOP || source->flags != 0)
		return false;
	for (uint32_t i = 0; i < scope->count; i++)
		if (scope->entries[i].relation == source->relation)
			return true;
	return false;
}

static void lookup_condition(struct analysis *analysis, const struct lookup *lookup,
			     struct scope *scope, enum facts_probe_place place,
			     bool gives_equalities)
{
	struct value column = { .derived = false }, given = { .derived = false };

	expression(analysis, (Node *)lookup->column, scope, &column);
	expression(analysis, lookup->given, scope, &given);
	operator_used(analysis, "=");
	if (place == PROBE_WHERE && !column.derived)
		probe_add_lookup(analysis, place, &column.sources);
	else
		probe_add(analysis, place, &column.sources);
	if (gives_equalities && is_own_column(scope, &column))
		equality_add(analysis, column.sources.at[0].relation, column.sources.at[0].column,
			     lookup->given);
}

static void one_condition(struct analysis *analysis, Node *node, struct scope *scope,
			  enum facts_probe_place place, bool gives_equalities)
{
	struct lookup lookup;

	if (lookup_of(node, &lookup))
		lookup_condition(analysis, &lookup, scope, place, gives_equalities);
	else
		expression_probe(analysis, node, scope, place);
}

/* The conditions that a nest of ANDs consists of. */
static List *conjuncts(struct analysis *analysis, Node *node)
{
	List *todo = list_make1(node), *found = NIL;

	while (todo != NIL && analysis->stopped == NULL) {
		Node *next = llast(todo);
		ListCell *cell;

		todo = list_truncate(todo, list_length(todo) - 1);
		if (!IsA(next, BoolExpr) || ((BoolExpr *)next)->boolop != AND_EXPR) {
			found = lappend(found, next);
			continue;
		}
		foreach (cell, ((BoolExpr *)next)->args)
			todo = lappend(todo, lfirst(cell));
	}
	return found;
}

void condition(struct analysis *analysis, Node *node, struct scope *scope,
	       enum facts_probe_place place, bool gives_equalities)
{
	ListCell *cell;

	if (node == NULL)
		return;
	List *conditions = conjuncts(analysis, node);

	foreach (cell, conditions)
		one_condition(analysis, lfirst(cell), scope, place, gives_equalities);
}

bool condition_excludes(struct analysis *analysis, Node *node, struct scope *scope,
			const struct entry *target)
{
	bool excludes = false;
	uint32_t outer_watched = analysis->watched;
	ListCell *cell;

	if (node == NULL)
		return false;
	analysis->watched = target->relation;
	List *conditions = conjuncts(analysis, node);

	foreach (cell, conditions) {
		uint32_t seen = analysis->watched_seen;

		one_condition(analysis, lfirst(cell), scope, PROBE_WHERE, true);
		if (analysis->watched_seen != seen &&
		    shape_excludes(analysis, lfirst(cell), target, 0))
			excludes = true;
	}
	analysis->watched = outer_watched;
	return excludes;
}

/* SPDX-License-Identifier: MIT */
/* SELECT, VALUES and set operations as queries: their result's columns. */
#include "policy/engine/analysis.h"

static void values_rows(struct analysis *analysis, SelectStmt *select, struct scope *scope,
			struct vector *ret_vector)
{
	ListCell *row, *cell;

	foreach (row, select->valuesLists) {
		uint32_t column = 0;

		foreach (cell, (List *)lfirst(row)) {
			struct value value = { .derived = false };

			expression(analysis, lfirst(cell), scope, &value);
			if (column >= ret_vector->count) {
				char name[24];

				snprintf(name, sizeof(name), "column%u", column + 1);
				vector_push_column(ret_vector, analysis_text(analysis, name),
						   &value);
			} else {
				struct item *item = &ret_vector->at[column];

				sources_union(&item->sources, &value.sources);
				item->derived = item->derived || value.derived;
			}
			column++;
		}
		if (analysis->stopped != NULL)
			return;
	}
}

static void select_windows(struct analysis *analysis, SelectStmt *select, struct scope *scope)
{
	ListCell *cell;

	foreach (cell, select->windowClause) {
		struct value sorted = { .derived = true };

		window_definition(analysis, lfirst(cell), scope, &sorted);
		sources_union(&scope->windows, &sorted.sources);
	}
}

static void select_distinct(struct analysis *analysis, SelectStmt *select, struct scope *scope,
			    const struct vector *outputs)
{
	struct sources compared = { NULL, 0, 0, false };

	if (select->distinctClause == NIL)
		return;
	if (linitial(select->distinctClause) != NULL) {
		output_clause(analysis, select->distinctClause, scope, outputs, PROBE_DISTINCT);
		return;
	}
	vector_whole(outputs, &compared);
	probe_add(analysis, PROBE_DISTINCT, &compared);
}

static void select_limit(struct analysis *analysis, SelectStmt *select, struct scope *scope)
{
	expression_probe(analysis, select->limitOffset, scope, PROBE_LIMIT);
	expression_probe(analysis, select->limitCount, scope, PROBE_LIMIT);
	if (select->lockingClause != NIL)
		analysis->parts->locks_rows = true;
}

static void select_plain(struct analysis *analysis, SelectStmt *select, struct scope *scope,
			 struct vector *ret_vector)
{
	from_list(analysis, select->fromClause, scope);
	select_windows(analysis, select, scope);
	condition(analysis, select->whereClause, scope, PROBE_WHERE, true);
	scope->is_filtered = true;
	if (select->valuesLists != NIL)
		values_rows(analysis, select, scope, ret_vector);
	else
		target_list(analysis, select->targetList, scope, ret_vector);
	output_clause(analysis, select->groupClause, scope, ret_vector, PROBE_GROUP_BY);
	expression_probe(analysis, select->havingClause, scope, PROBE_HAVING);
	select_distinct(analysis, select, scope, ret_vector);
	output_clause(analysis, select->sortClause, scope, ret_vector, PROBE_ORDER_BY);
	select_limit(analysis, select, scope);
}

/* One level of a set operation: puts `right` below `so_far`. */
static void combine(struct analysis *analysis, SelectStmt *select, struct scope *scope,
		    struct vector *so_far)
{
	struct vector right = { NULL, 0, 0 };
	struct sources compared = { NULL, 0, 0, false };

	query_select(analysis, select->rarg, scope->outer, scope->with, &right);
	if (select->op != SETOP_UNION || !select->all) {
		vector_whole(so_far, &compared);
		vector_whole(&right, &compared);
		probe_add(analysis, PROBE_SET_OPERATION, &compared);
	}
	*so_far = vector_union(analysis, so_far, &right);
	output_clause(analysis, select->sortClause, scope, so_far, PROBE_ORDER_BY);
	select_limit(analysis, select, scope);
}

/* a UNION b UNION c …: the grammar nests them to the left. */
static void select_combined(struct analysis *analysis, SelectStmt *select, struct scope *scope,
			    struct vector *ret_vector)
{
	List *spine = list_make1(select);

	for (select = select->larg; select->op != SETOP_NONE && select->withClause == NULL;
	     select = select->larg)
		spine = lappend(spine, select);
	query_select(analysis, select, scope->outer, scope->with, ret_vector);
	for (int i = list_length(spine) - 1; i >= 0 && analysis->stopped == NULL; i--)
		combine(analysis, list_nth(spine, i), scope, ret_vector);
}

void query_select(struct analysis *analysis, SelectStmt *select, struct scope *outer,
		  struct with *with, struct vector *ret_vector)
{
	struct scope scope = { .outer = outer };

	if (!analysis_enter(analysis))
		return;
	scope.with = with_open(analysis, select->withClause, outer, with);
	if (select->op == SETOP_NONE)
		select_plain(analysis, select, &scope, ret_vector);
	else
		select_combined(analysis, select, &scope, ret_vector);
	analysis_leave(analysis);
}

void query(struct analysis *analysis, Node *node, struct scope *outer, struct with *with,
	   struct vector *ret_vector)
{
	switch (nodeTag(node)) {
	case T_SelectStmt:
		query_select(analysis, (SelectStmt *)node, outer, with, ret_vector);
		break;
	case T_InsertStmt:
		query_insert(analysis, (InsertStmt *)node, outer, with, ret_vector);
		break;
	case T_UpdateStmt:
		query_update(analysis, (UpdateStmt *)node, outer, with, ret_vector);
		break;
	case T_DeleteStmt:
		query_delete(analysis, (DeleteStmt *)node, outer, with, ret_vector);
		break;
	case T_MergeStmt:
		query_merge(analysis, (MergeStmt *)node, outer, with, ret_vector);
		break;
	default:
		analysis_stop(analysis, "a query of a kind that is not known here stands inside");
	}
}

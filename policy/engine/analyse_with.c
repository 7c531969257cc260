/* SPDX-License-Identifier: MIT */
/* WITH: which queries have names, and what columns they have. */
#include "policy/engine/analysis.h"

/* A recursive query's columns are the least fixed point of its arms; it is found by going round
 * until nothing is new.  Each round adds a source to a column, but few queries need more than
 * three. */
#define ROUNDS_MAX 8

struct with *with_open(struct analysis *analysis, WithClause *clause, struct scope *outer,
		       struct with *with)
{
	struct with *opened;
	ListCell *cell;

	if (clause == NULL)
		return with;
	if (list_length(clause->ctes) > ANALYSIS_CTES_MAX) {
		analysis_stop(analysis, "WITH has more queries than can be judged");
		return with;
	}
	opened = palloc0(sizeof(*opened));
	opened->at = palloc0((size_t)list_length(clause->ctes) * sizeof(*opened->at));
	opened->is_recursive = clause->recursive;
	opened->outer = with;
	opened->scope = outer;
	foreach (cell, clause->ctes) {
		struct cte *cte = &opened->at[opened->count++];

		cte->node = lfirst_node(CommonTableExpr, cell);
		cte->name = analysis_text(analysis, cte->node->ctename);
	}
	/* Every one is analysed, also those that nothing refers to: their writes happen. */
	for (uint32_t i = 0; i < opened->count; i++)
		with_find(analysis, opened, opened->at[i].name);
	return opened;
}

static void add_computed_column(struct analysis *analysis, struct vector *columns, const char *name)
{
	struct value value = { .derived = true };

	vector_whole(columns, &value.sources);
	vector_push_column(columns, analysis_text(analysis, name), &value);
}

/* SEARCH and CYCLE add columns computed from the others. */
static void add_clause_columns(struct analysis *analysis, struct cte *cte, struct vector *columns)
{
	const CTESearchClause *search = cte->node->search_clause;
	const CTECycleClause *cycle = cte->node->cycle_clause;

	if (search != NULL)
		add_computed_column(analysis, columns, search->search_seq_column);
	if (cycle == NULL)
		return;
	struct sources compared = { NULL, 0, 0, false };

	vector_whole(columns, &compared);
	probe_add(analysis, PROBE_OTHER, &compared);
	add_computed_column(analysis, columns, cycle->cycle_mark_column);
	add_computed_column(analysis, columns, cycle->cycle_path_column);
}

static void query_once(struct analysis *analysis, struct cte *cte, struct with *inside,
		       struct vector *ret_columns)
{
	struct vector columns = { NULL, 0, 0 };

	query(analysis, cte->node->ctequery, inside->scope, inside, &columns);
	*ret_columns = vector_rename(analysis, &columns, cte->node->aliascolnames);
}

/* After too many rounds: any column may hold what any column holds. */
static void level_out(struct vector *columns)
{
	struct sources all = { NULL, 0, 0, false };

	vector_whole(columns, &all);
	for (uint32_t i = 0; i < columns->count; i++) {
		sources_union(&columns->at[i].sources, &all);
		columns->at[i].derived = true;
	}
}

/* The first arm of a UNION tells the columns before the second one refers to them. */
static void begin_recursion(struct analysis *analysis, struct cte *cte, struct with *inside)
{
	SelectStmt *select = (SelectStmt *)cte->node->ctequery;
	struct analysis_mark mark;
	struct vector columns = { NULL, 0, 0 };

	if (!IsA(select, SelectStmt) || select->op != SETOP_UNION)
		return;
	analysis_mark(analysis, &mark);
	struct with *with = with_open(analysis, select->withClause, inside->scope, inside);

	query_select(analysis, select->larg, inside->scope, with, &columns);
	analysis_return(analysis, &mark);
	cte->columns = vector_rename(analysis, &columns, cte->node->aliascolnames);
	cte->has_columns = true;
	cte->is_self_seen = false;
}

static void query_recursive(struct analysis *analysis, struct cte *cte, struct with *inside)
{
	struct analysis_mark mark;

	begin_recursion(analysis, cte, inside);
	analysis_mark(analysis, &mark);
	for (int round = 0;; round++) {
		struct vector columns;

		query_once(analysis, cte, inside, &columns);
		bool is_stable = !cte->is_self_seen ||
				 (cte->has_columns && vector_equal(&columns, &cte->columns));

		cte->columns = columns;
		cte->has_columns = true;
		if (is_stable || analysis->stopped != NULL || round > ROUNDS_MAX)
			return;
		if (round == ROUNDS_MAX - 1)
			level_out(&cte->columns);
		cte->is_self_seen = false;
		analysis_return(analysis, &mark);
	}
}

static void analyse_cte(struct analysis *analysis, struct with *with, struct cte *cte)
{
	struct with *inside = with;

	if (!with->is_recursive) {
		inside = palloc(sizeof(*inside));
		*inside = *with;
		inside->count = (uint32_t)(cte - with->at);
	}
	cte->state = CTE_BUSY;
	cte->has_columns = false;
	if (with->is_recursive)
		query_recursive(analysis, cte, inside);
	else
		query_once(analysis, cte, inside, &cte->columns);
	add_clause_columns(analysis, cte, &cte->columns);
	cte->state = CTE_DONE;
	cte->done_before = analysis->ctes_done;
	analysis->ctes_done = cte;
}

/* A reference from inside: what is known so far; nothing of a query that is not a recursive
 * UNION. */
static const struct vector *self_columns(struct cte *cte)
{
	cte->is_self_seen = true;
	if (cte->has_columns)
		return &cte->columns;
	struct vector *any = palloc0(sizeof(*any));
	struct item item = { .kind = ITEM_ANY, .derived = true, .relation = FACTS_NONE };

	sources_top(&item.sources);
	vector_push(any, item);
	return any;
}

static struct cte *cte_named(struct with *with, struct facts_text name)
{
	lineage_work_add(with->count);
	for (uint32_t i = 0; i < with->count; i++)
		if (text_equal(with->at[i].name, name))
			return &with->at[i];
	return NULL;
}

const struct vector *with_find(struct analysis *analysis, struct with *with, struct facts_text name)
{
	for (; with != NULL; with = with->outer) {
		struct cte *cte = cte_named(with, name);

		if (cte == NULL)
			continue;
		if (cte->state == CTE_BUSY)
			return self_columns(cte);
		if (cte->state == CTE_NEW) {
			if (!analysis_enter(analysis))
				return &cte->columns;
			analyse_cte(analysis, with, cte);
			analysis_leave(analysis);
		}
		return &cte->columns;
	}
	return NULL;
}

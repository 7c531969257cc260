/* SPDX-License-Identifier: MIT */
/* INSERT, UPDATE, DELETE, MERGE: what is written from what, and whether everything is. */
#include "policy/engine/analysis.h"

struct entry target_entry(struct analysis *analysis, const RangeVar *range)
{
	uint32_t relation = relation_mention(analysis, range);
	struct entry entry = { .schema = analysis_text(analysis, range->schemaname),
			       .name = analysis_text(analysis, range->alias != NULL
								       ? range->alias->aliasname
								       : range->relname),
			       .relation = relation,
			       .has_alias = range->alias != NULL,
			       .is_relation_visible = true,
			       .is_column_visible = true };

	vector_push(&entry.columns, (struct item){ .kind = ITEM_STAR, .relation = relation });
	if (range->alias != NULL)
		entry.columns = vector_rename(analysis, &entry.columns, range->alias->colnames);
	return entry;
}

void returning(struct analysis *analysis, List *targets, struct scope *scope, uint32_t relation,
	       struct vector *ret_vector)
{
	if (targets == NIL)
		return;
	effect_on_relation(analysis, VERB_SELECT, relation);
	target_list(analysis, targets, scope, ret_vector);
}

/* (a, b) = (SELECT x, y): the column's own value where the right side tells it. */
static void multi_assignment(struct analysis *analysis, MultiAssignRef *reference,
			     struct scope *scope, struct value *value)
{
	struct vector columns = { NULL, 0, 0 };
	Node *source = reference->source;

	if (IsA(source, RowExpr) && reference->colno <= list_length(((RowExpr *)source)->args)) {
		expression(analysis, list_nth(((RowExpr *)source)->args, reference->colno - 1),
			   scope, value);
		return;
	}
	if (!IsA(source, SubLink) || ((SubLink *)source)->subLinkType != EXPR_SUBLINK) {
		expression(analysis, source, scope, value);
		return;
	}
	query(analysis, ((SubLink *)source)->subselect, scope, scope->with, &columns);
	vector_at(&columns, (uint32_t)reference->colno, value);
}

void assignments(struct analysis *analysis, List *targets, struct scope *scope, uint32_t relation)
{
	ListCell *cell, *step;

	foreach (cell, targets) {
		ResTarget *target = lfirst_node(ResTarget, cell);
		struct value value = { .derived = false };

		if (IsA(target->val, MultiAssignRef))
			multi_assignment(analysis, (MultiAssignRef *)target->val, scope, &value);
		else
			expression(analysis, target->val, scope, &value);
		/* a[i] = x: the subscripts are expressions too. */
		foreach (step, target->indirection)
			if (IsA(lfirst(step), A_Indices)) {
				expression(analysis, ((A_Indices *)lfirst(step))->lidx, scope,
					   &value);
				expression(analysis, ((A_Indices *)lfirst(step))->uidx, scope,
					   &value);
			}
		write_add(analysis,
			  (struct facts_write){ .relation = relation,
						.column = analysis_text(analysis, target->name) },
			  &value.sources);
		if (analysis->stopped != NULL)
			return;
	}
}

/* ---- INSERT ---- */

static struct facts_write write_at(struct analysis *analysis, List *columns, uint32_t relation,
				   uint32_t position)
{
	struct facts_write write = { .relation = relation };

	if (columns == NIL) {
		write.flags = WRITE_ALL_COLUMNS;
		write.position = position;
	} else if (position <= (uint32_t)list_length(columns)) {
		write.column = analysis_text(
			analysis,
			lfirst_node(ResTarget, list_nth_cell(columns, (int)position - 1))->name);
	}
	return write;
}

static void insert_columns(struct analysis *analysis, List *columns, const struct vector *values,
			   uint32_t relation)
{
	struct sources whole = { NULL, 0, 0, false };
	uint32_t count = vector_is_closed(values) ? values->count : (uint32_t)list_length(columns);

	for (uint32_t i = 1; i <= count; i++) {
		struct value value = { .derived = false };

		vector_at(values, i, &value);
		write_add(analysis, write_at(analysis, columns, relation, i), &value.sources);
	}
	if (columns != NIL || vector_is_closed(values))
		return;
	vector_whole(values, &whole);
	write_add(analysis,
		  (struct facts_write){ .relation = relation, .flags = WRITE_ALL_COLUMNS }, &whole);
}

static bool same_given(const Node *a, const Node *b)
{
	while (IsA(a, TypeCast))
		a = ((const TypeCast *)a)->arg;
	while (IsA(b, TypeCast))
		b = ((const TypeCast *)b)->arg;
	if (IsA(a, ParamRef) && IsA(b, ParamRef))
		return ((const ParamRef *)a)->number == ((const ParamRef *)b)->number;
	if (!IsA(a, A_Const) || !IsA(b, A_Const))
		return false;
	const A_Const *left = (const A_Const *)a, *right = (const A_Const *)b;

	if (nodeTag(&left->val) != nodeTag(&right->val))
		return false;
	if (IsA(&left->val, Integer))
		return left->val.ival.ival == right->val.ival.ival;
	return IsA(&left->val, String) && strcmp(left->val.sval.sval, right->val.sval.sval) == 0;
}

/* The value that every row of VALUES gives a column; NULL where there is none. */
static Node *common_value(List *rows, int column)
{
	ListCell *cell;
	Node *common = NULL;

	foreach (cell, rows) {
		List *row = lfirst(cell);
		Node *value = column < list_length(row) ? list_nth(row, column) : NULL;

		if (value == NULL || !is_given_value(value) ||
		    (common != NULL && !same_given(common, value)))
			return NULL;
		common = value;
	}
	return common;
}

static void insert_equalities(struct analysis *analysis, List *columns, Node *source,
			      uint32_t relation)
{
	SelectStmt *select = (SelectStmt *)source;

	if (!IsA(select, SelectStmt) || select->valuesLists == NIL)
		return;
	/* Whether the rows agree is up to their literals. */
	if (list_length(select->valuesLists) > 1)
		analysis->parts->literal_decides = true;
	for (int i = 0; i < list_length(columns); i++) {
		ResTarget *target = list_nth(columns, i);
		Node *value = common_value(select->valuesLists, i);

		if (value != NULL && target->indirection == NIL)
			equality_add(analysis, relation, analysis_text(analysis, target->name),
				     value);
	}
}

/* The row that was to be inserted: the columns that are named, then any of the values, then
 * defaults. */
static struct vector excluded_columns(struct analysis *analysis, List *columns,
				      const struct vector *values, const struct entry *target)
{
	struct vector excluded = { NULL, 0, 0 };
	struct item any = { .kind = ITEM_ANY, .derived = true, .relation = FACTS_NONE };

	for (int i = 0; i < list_length(columns); i++) {
		struct value value = { .derived = false };

		vector_at(values, (uint32_t)i + 1, &value);
		vector_push_column(
			&excluded,
			analysis_text(analysis,
				      lfirst_node(ResTarget, list_nth_cell(columns, i))->name),
			&value);
	}
	vector_append(&excluded, &target->columns);
	vector_whole(values, &any.sources);
	if (columns == NIL && any.sources.count > 0)
		vector_push(&excluded, any);
	return excluded;
}

/* The row that stood in the way, under the table's name, and `excluded`. */
static void conflict_scope(struct analysis *analysis, InsertStmt *insert,
			   const struct entry *target, const struct vector *values,
			   struct scope *scope)
{
	struct entry changed = target_entry(analysis, insert->relation), excluded = *target;

	effect_on_relation(analysis, VERB_UPDATE, changed.relation);
	scope_add(scope, changed);
	excluded.name = analysis_text(analysis, "excluded");
	excluded.has_alias = true;
	/* A bare column means the table's; excluded's must be qualified. */
	excluded.is_column_visible = false;
	excluded.relation = FACTS_NONE;
	excluded.columns = excluded_columns(analysis, insert->cols, values, target);
	scope_add(scope, excluded);
}

/* ON CONFLICT (columns): the unique index that decides. */
static void conflict_inference(struct analysis *analysis, const InferClause *infer,
			       struct scope *scope)
{
	ListCell *cell;

	foreach (cell, infer->indexElems) {
		IndexElem *element = lfirst_node(IndexElem, cell);
		struct value value = { .derived = false };

		if (element->name != NULL)
			scope_find(analysis, scope, analysis_text(analysis, element->name), &value);
		expression(analysis, element->expr, scope, &value);
		probe_add(analysis, PROBE_ON_CONFLICT, &value.sources);
	}
	expression_probe(analysis, infer->whereClause, scope, PROBE_ON_CONFLICT);
}

static void insert_conflict(struct analysis *analysis, InsertStmt *insert,
			    const struct entry *target, const struct vector *values,
			    struct scope *outer)
{
	OnConflictClause *clause = insert->onConflictClause;
	struct scope own = { .outer = outer->outer, .with = outer->with };
	struct scope scope = own;

	scope_add(&own, *target);
	if (clause->infer != NULL)
		conflict_inference(analysis, clause->infer, &own);
	if (clause->action != ONCONFLICT_UPDATE)
		return;
	conflict_scope(analysis, insert, target, values, &scope);
	assignments(analysis, clause->targetList, &scope, scope.entries[0].relation);
	condition(analysis, clause->whereClause, &scope, PROBE_WHERE, true);
}

void query_insert(struct analysis *analysis, InsertStmt *insert, struct scope *outer,
		  struct with *with, struct vector *ret_vector)
{
	struct scope scope = { .outer = outer };
	struct vector values = { NULL, 0, 0 };

	if (!analysis_enter(analysis))
		return;
	scope.with = with_open(analysis, insert->withClause, outer, with);
	struct entry target = target_entry(analysis, insert->relation);

	effect_on_relation(analysis, VERB_INSERT, target.relation);
	if (insert->selectStmt != NULL) {
		query(analysis, insert->selectStmt, outer, scope.with, &values);
		insert_columns(analysis, insert->cols, &values, target.relation);
		insert_equalities(analysis, insert->cols, insert->selectStmt, target.relation);
	}
	if (insert->onConflictClause != NULL)
		insert_conflict(analysis, insert, &target, &values, &scope);
	scope_add(&scope, target);
	returning(analysis, insert->returningList, &scope, target.relation, ret_vector);
	analysis_leave(analysis);
}

/* ---- UPDATE, DELETE ---- */

/* The verb for a statement whose WHERE excludes nothing, with the words for messages. */
static void whole_table(struct analysis *analysis, struct facts_effect *effect, enum verb verb,
			bool has_condition)
{
	effect->verb = (uint16_t)verb;
	if (has_condition)
		effect->flags |= EFFECT_TAUTOLOGY;
	effect->detail = analysis_text(analysis,
				       has_condition ? "a WHERE that excludes no row" : "no WHERE");
}

/* The effect of this mention, which may have moved while others were added. */
static struct facts_effect *effect_of(struct analysis *analysis, uint32_t relation)
{
	struct effect_list *list = &analysis->parts->effects;

	for (uint32_t i = 0; i < list->count; i++)
		if (list->at[i].relation == relation)
			return &list->at[i];
	return NULL;
}

static void target_condition(struct analysis *analysis, Node *where, struct scope *scope,
			     const struct entry *target, enum verb verb_all)
{
	bool excludes = condition_excludes(analysis, where, scope, target);
	struct facts_effect *effect = effect_of(analysis, target->relation);

	if (!excludes && effect != NULL)
		whole_table(analysis, effect, verb_all, where != NULL);
}

void query_update(struct analysis *analysis, UpdateStmt *update, struct scope *outer,
		  struct with *with, struct vector *ret_vector)
{
	struct scope scope = { .outer = outer };

	if (!analysis_enter(analysis))
		return;
	scope.with = with_open(analysis, update->withClause, outer, with);
	struct entry target = target_entry(analysis, update->relation);

	effect_on_relation(analysis, VERB_UPDATE, target.relation);
	scope_add(&scope, target);
	from_list(analysis, update->fromClause, &scope);
	assignments(analysis, update->targetList, &scope, target.relation);
	target_condition(analysis, update->whereClause, &scope, &target, VERB_UPDATE_ALL);
	returning(analysis, update->returningList, &scope, target.relation, ret_vector);
	analysis_leave(analysis);
}

void query_delete(struct analysis *analysis, DeleteStmt *delete, struct scope *outer,
		  struct with *with, struct vector *ret_vector)
{
	struct scope scope = { .outer = outer };

	if (!analysis_enter(analysis))
		return;
	scope.with = with_open(analysis, delete->withClause, outer, with);
	struct entry target = target_entry(analysis, delete->relation);

	effect_on_relation(analysis, VERB_DELETE, target.relation);
	scope_add(&scope, target);
	from_list(analysis, delete->usingClause, &scope);
	target_condition(analysis, delete->whereClause, &scope, &target, VERB_DELETE_ALL);
	returning(analysis, delete->returningList, &scope, target.relation, ret_vector);
	analysis_leave(analysis);
}

/* ---- MERGE ---- */

static void merge_insert(struct analysis *analysis, MergeWhenClause *when, struct scope *scope,
			 uint32_t relation)
{
	struct vector row = { NULL, 0, 0 };
	ListCell *cell;

	foreach (cell, when->values) {
		struct value value = { .derived = false };
		struct facts_text none = { 0, 0 };

		expression(analysis, lfirst(cell), scope, &value);
		vector_push_column(&row, none, &value);
	}
	insert_columns(analysis, when->targetList, &row, relation);
}

/* One WHEN arm: its verb, on a mention of its own, so that one arm's condition says nothing of
 * the others. */
static void merge_arm(struct analysis *analysis, MergeStmt *merge, MergeWhenClause *when,
		      struct scope *scope, bool excludes)
{
	static const struct {
		CmdType command;
		enum verb verb, verb_all;
	} rows[] = {
		{ CMD_INSERT, VERB_INSERT, VERB_INSERT },
		{ CMD_UPDATE, VERB_UPDATE, VERB_UPDATE_ALL },
		{ CMD_DELETE, VERB_DELETE, VERB_DELETE_ALL },
	};
	uint32_t relation = scope->entries[0].relation;

	expression_probe(analysis, when->condition, scope, PROBE_WHERE);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].command != when->commandType)
			continue;
		relation = relation_mention(analysis, merge->relation);
		bool is_all = !excludes && when->matched &&
			      (when->condition == NULL ||
			       !shape_excludes(analysis, when->condition, &scope->entries[0], 0));

		effect_on_relation(analysis, is_all ? rows[i].verb_all : rows[i].verb, relation);
		if (is_all && when->commandType != CMD_INSERT)
			effect_add_flags(analysis, EFFECT_TAUTOLOGY);
	}
	if (when->commandType == CMD_INSERT)
		merge_insert(analysis, when, scope, relation);
	else if (when->commandType == CMD_UPDATE)
		assignments(analysis, when->targetList, scope, relation);
}

void query_merge(struct analysis *analysis, MergeStmt *merge, struct scope *outer,
		 struct with *with, struct vector *ret_vector)
{
	struct scope scope = { .outer = outer };
	ListCell *cell;

	(void)ret_vector;
	if (!analysis_enter(analysis))
		return;
	scope.with = with_open(analysis, merge->withClause, outer, with);
	struct entry target = target_entry(analysis, merge->relation);

	effect_on_relation(analysis, VERB_MERGE, target.relation);
	scope_add(&scope, target);
	from_item(analysis, merge->sourceRelation, &scope);
	condition(analysis, merge->joinCondition, &scope, PROBE_JOIN, false);
	analysis->parts->literal_decides = true;
	bool excludes = shape_excludes(analysis, merge->joinCondition, &target, 0);

	foreach (cell, merge->mergeWhenClauses)
		merge_arm(analysis, merge, lfirst_node(MergeWhenClause, cell), &scope, excludes);
	analysis_leave(analysis);
}

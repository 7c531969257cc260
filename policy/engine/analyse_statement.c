/* SPDX-License-Identifier: MIT */
/* One statement: which handler it has, and what its flags come to. */
#include "policy/engine/analysis.h"

static const struct {
	const struct statement_row *rows;
	const size_t *count;
} TABLES[] = {
	{ STATEMENTS_SESSION, &STATEMENTS_SESSION_COUNT },
	{ STATEMENTS_UTILITY, &STATEMENTS_UTILITY_COUNT },
	{ STATEMENTS_DEFINITION, &STATEMENTS_DEFINITION_COUNT },
};

static statement_handler *handler_of(unsigned tag)
{
	for (size_t i = 0; i < COUNT_OF(TABLES); i++)
		for (size_t j = 0; j < *TABLES[i].count; j++)
			if ((unsigned)TABLES[i].rows[j].tag == tag)
				return TABLES[i].rows[j].handle;
	return definition_knows(tag) ? definition_effects : NULL;
}

/* ---- SELECT, INSERT, UPDATE, DELETE, MERGE ---- */

static IntoClause *into_of(Node *node)
{
	SelectStmt *select = (SelectStmt *)node;

	if (!IsA(node, SelectStmt))
		return NULL;
	while (select->op != SETOP_NONE)
		select = select->larg;
	return select->intoClause;
}

static bool is_text(const Node *node, const char *text)
{
	const A_Const *constant = (const A_Const *)node;

	return IsA(node, A_Const) && !constant->isnull && IsA(&constant->val, String) &&
	       strcmp(constant->val.sval.sval, text) == 0;
}

static bool is_false(const Node *node)
{
	const A_Const *constant = (const A_Const *)node;

	return IsA(node, A_Const) && !constant->isnull && IsA(&constant->val, Boolean) &&
	       !constant->val.boolval.boolval;
}

static bool is_call_that_bares_path(const FuncCall *call)
{
	return list_length(call->funcname) == 2 &&
	       strcmp(strVal(linitial(call->funcname)), "pg_catalog") == 0 &&
	       strcmp(strVal(llast(call->funcname)), "set_config") == 0 &&
	       list_length(call->args) == 3 && is_text(linitial(call->args), "search_path") &&
	       is_text(lsecond(call->args), "") && is_false(lthird(call->args)) &&
	       call->agg_filter == NULL && call->over == NULL;
}

static bool has_clauses(const SelectStmt *select)
{
	return select->fromClause != NIL || select->whereClause != NULL ||
	       select->groupClause != NIL || select->havingClause != NULL ||
	       select->limitCount != NULL || select->limitOffset != NULL ||
	       select->withClause != NULL || select->intoClause != NULL;
}

/* The statement with which pg_dump, pg_restore and other clients of the server's make themselves
 * independent of search_path (src/include/common/connect.h, ALWAYS_SECURE_SEARCH_PATH_SQL): one
 * row, so that the function is called. */
static bool bares_path(Node *node)
{
	const SelectStmt *select = (const SelectStmt *)node;

	if (!IsA(node, SelectStmt) || select->op != SETOP_NONE ||
	    list_length(select->targetList) != 1 || has_clauses(select))
		return false;
	const ResTarget *target = linitial_node(ResTarget, select->targetList);

	return IsA(target->val, FuncCall) && is_call_that_bares_path((const FuncCall *)target->val);
}

static void handle_query(struct analysis *analysis, Node *node)
{
	struct parts *parts = analysis->parts;
	IntoClause *into = into_of(node);
	struct vector outputs = { NULL, 0, 0 };

	query(analysis, node, NULL, NULL, &outputs);
	if (bares_path(node))
		parts->statement.flags |= FACTS_BARES_PATH;
	if (!IsA(node, MergeStmt) && into == NULL)
		parts->statement.flags |= FACTS_TEMPLATE_SAFE;
	if (into != NULL) {
		write_new_relation(analysis, into->rel, into->colNames, &outputs);
		return;
	}
	parts->outputs = outputs;
	if (outputs.count > 0 || IsA(node, SelectStmt))
		parts->statement.flags |= FACTS_RETURNS_ROWS;
}

static bool is_query(const Node *node)
{
	switch (nodeTag(node)) {
	case T_SelectStmt:
	case T_InsertStmt:
	case T_UpdateStmt:
	case T_DeleteStmt:
	case T_MergeStmt:
		return true;
	default:
		return false;
	}
}

bool analyse_knows(int tag)
{
	return tag == T_SelectStmt || tag == T_InsertStmt || tag == T_UpdateStmt ||
	       tag == T_DeleteStmt || tag == T_MergeStmt || handler_of((unsigned)tag) != NULL;
}

static bool reads_only(const struct parts *parts)
{
	if (parts->locks_rows ||
	    (parts->statement.kind != STATEMENT_PLAIN &&
	     parts->statement.kind != STATEMENT_COPY_TO) ||
	    (parts->statement.flags & FACTS_MAY_CHANGE_SESSION))
		return false;
	for (uint32_t i = 0; i < parts->effects.count; i++) {
		const struct facts_effect *effect = &parts->effects.at[i];

		if (effect->verb != VERB_SELECT && effect->verb != VERB_COPY_OUT &&
		    !(effect->verb == VERB_CALL && (effect->flags & EFFECT_HARMLESS)))
			return false;
	}
	return true;
}

static void end_flags(struct analysis *analysis)
{
	struct parts *parts = analysis->parts;
	struct facts_statement *statement = &parts->statement;

	if (analysis->stopped != NULL) {
		statement->unknown = analysis_text(analysis, analysis->stopped);
		statement->flags |= FACTS_MAY_CHANGE_SESSION;
	}
	if (statement->unknown.length > 0 || parts->literal_decides)
		statement->flags &= (uint16_t)~FACTS_TEMPLATE_SAFE;
	if (statement->unknown.length == 0 && reads_only(parts))
		statement->flags |= FACTS_READS_ONLY;
}

void analyse_element(struct analysis *analysis, Node *node)
{
	statement_handler *handle = handler_of(nodeTag(node));

	if (is_query(node))
		handle_query(analysis, node);
	else if (handle != NULL)
		handle(analysis, node);
	else
		analysis_stop(analysis, "the statement is of a kind that is not known here");
}

void analyse_node(struct analysis *analysis, Node *node)
{
	analysis->stopped = NULL;
	analysis->depth = 0;
	analysis->ctes_done = NULL;
	analysis->watched = FACTS_NONE;
	analyse_element(analysis, node);
	end_flags(analysis);
}

uint32_t analyse_body(struct analysis *analysis, Node *node)
{
	struct parts *outer = analysis->parts;
	struct parts *parts = palloc(sizeof(*parts));
	const struct facts_statement none = { .body = FACTS_NONE };
	uint32_t index = facts_build_count(&analysis->build->bodies, sizeof(none));

	facts_build_add(&analysis->build->bodies, &none, 1, sizeof(none));
	parts_begin(analysis, parts, FACTS_BODY_BASE + index);
	analyse_node(analysis, node);
	struct facts_statement statement = parts_end(analysis);

	memcpy(analysis->build->bodies.at + index * sizeof(statement), &statement,
	       sizeof(statement));
	analysis->parts = outer;
	analysis->stopped = NULL;
	return FACTS_BODY_BASE + index;
}

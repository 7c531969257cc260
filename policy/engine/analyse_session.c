/* SPDX-License-Identifier: MIT */
/* Statements about the session: transactions, settings, prepared statements, cursors, EXPLAIN. */
#include "policy/engine/analysis.h"
#include "policy/engine/builtins.h"

static struct facts_statement *session_kind(struct analysis *analysis,
					    enum facts_statement_kind kind, const char *name)
{
	struct facts_statement *statement = &analysis->parts->statement;

	statement->kind = (uint16_t)kind;
	statement->name = analysis_text(analysis, name);
	if (kind != STATEMENT_SHOW)
		statement->flags |= FACTS_MAY_CHANGE_SESSION;
	return statement;
}

static void handle_transaction(struct analysis *analysis, Node *node)
{
	static const enum facts_statement_kind kinds[] = {
		[TRANS_STMT_BEGIN] = STATEMENT_BEGIN,
		[TRANS_STMT_START] = STATEMENT_BEGIN,
		[TRANS_STMT_COMMIT] = STATEMENT_COMMIT,
		[TRANS_STMT_ROLLBACK] = STATEMENT_ROLLBACK,
		[TRANS_STMT_SAVEPOINT] = STATEMENT_SAVEPOINT,
		[TRANS_STMT_RELEASE] = STATEMENT_RELEASE,
		[TRANS_STMT_ROLLBACK_TO] = STATEMENT_ROLLBACK_TO,
		[TRANS_STMT_PREPARE] = STATEMENT_TWO_PHASE,
		[TRANS_STMT_COMMIT_PREPARED] = STATEMENT_TWO_PHASE,
		[TRANS_STMT_ROLLBACK_PREPARED] = STATEMENT_TWO_PHASE,
	};
	TransactionStmt *transaction = (TransactionStmt *)node;
	enum facts_statement_kind kind = kinds[transaction->kind];
	struct facts_text none = { 0, 0 };

	session_kind(analysis, kind, transaction->savepoint_name);
	/* Work that outlives the connection is an administrator's affair. */
	if (kind == STATEMENT_TWO_PHASE)
		effect_add(analysis, VERB_SET, OBJECT_SETTING, none,
			   analysis_text(analysis, "two-phase"));
}

/* ---- SET ---- */

static void add_argument(struct buf *text, const Node *node)
{
	if (text->length > 0)
		buf_add_text(text, ", ");
	if (node != NULL && IsA(node, TypeCast))
		node = ((const TypeCast *)node)->arg;
	if (node == NULL || !IsA(node, A_Const) || ((const A_Const *)node)->isnull)
		return;
	const A_Const *constant = (const A_Const *)node;

	if (IsA(&constant->val, String))
		buf_add_text(text, constant->val.sval.sval);
	else if (IsA(&constant->val, Integer))
		buf_printf(text, "%d", constant->val.ival.ival);
	else if (IsA(&constant->val, Float))
		buf_add_text(text, constant->val.fval.fval);
	else if (IsA(&constant->val, Boolean))
		buf_add_text(text, constant->val.boolval.boolval ? "true" : "false");
}

/* SET's value as one text, lists joined by ", ". */
static struct facts_text set_value(struct analysis *analysis, List *arguments)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(64 * KIB);
	ListCell *cell;

	foreach (cell, arguments)
		if (!IsA(lfirst(cell), DefElem))
			add_argument(&text, lfirst(cell));
	if (text.failed != 0)
		analysis_stop(analysis, "SET has a value that is too long to judge");
	return facts_build_text(analysis->build, buf_view(&text));
}

/* SET ROLE and SET SESSION AUTHORIZATION change who acts: verb grant. */
static void set_effect(struct analysis *analysis, struct facts_text name, struct facts_text value)
{
	struct facts_text none = { 0, 0 };

	if (text_is(analysis, name, "role") || text_is(analysis, name, "session_authorization")) {
		if (value.length == 0)
			value = analysis_text(analysis, "none");
		effect_add(analysis, VERB_GRANT, OBJECT_ROLE, none, value);
		return;
	}
	/* Many drivers say at the start what is the default. */
	if (text_is(analysis, name, "standard_conforming_strings") &&
	    text_is(analysis, value, "on"))
		return;
	if (!builtin_setting_is_harmless(analysis_slice(analysis, name)))
		effect_add(analysis, VERB_SET, OBJECT_SETTING, none, name);
}

/* The grammar keeps a setting's name as written; the server compares without case. */
static const char *folded(const char *name)
{
	char *copy = name != NULL ? pstrdup(name) : NULL;

	for (char *at = copy; at != NULL && *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return copy;
}

static void handle_set(struct analysis *analysis, Node *node)
{
	VariableSetStmt *set = (VariableSetStmt *)node;
	bool is_reset = set->kind == VAR_RESET || set->kind == VAR_RESET_ALL;
	struct facts_statement *statement = session_kind(
		analysis, is_reset ? STATEMENT_RESET : STATEMENT_SET, folded(set->name));

	if (set->is_local)
		statement->flags |= FACTS_LOCAL;
	if (set->kind == VAR_SET_VALUE || set->kind == VAR_SET_MULTI)
		statement->value = set_value(analysis, set->args);
	if (set->kind == VAR_RESET_ALL)
		return;
	/* SET TRANSACTION … is no setting that anybody needs a rule for, but READ WRITE is its
	 * own name. */
	if (set->kind != VAR_SET_MULTI)
		set_effect(analysis, statement->name, statement->value);
	else if (strcmp(set->name, "TRANSACTION SNAPSHOT") == 0)
		set_effect(analysis, statement->name, statement->value);
}

static void handle_show(struct analysis *analysis, Node *node)
{
	const char *name = folded(((VariableShowStmt *)node)->name);
	struct facts_statement *statement = session_kind(analysis, STATEMENT_SHOW, name);
	struct item any = { .kind = ITEM_ANY, .derived = true, .relation = FACTS_NONE };

	/* A setting with a dot is a place where the session keeps values. */
	if (strchr(name, '.') != NULL || strcmp(name, "all") == 0)
		sources_top(&any.sources);
	vector_push(&analysis->parts->outputs, any);
	statement->flags |= FACTS_RETURNS_ROWS;
}

static void handle_discard(struct analysis *analysis, Node *node)
{
	static const char *const names[] = {
		[DISCARD_ALL] = "all",
		[DISCARD_PLANS] = "plans",
		[DISCARD_SEQUENCES] = "sequences",
		[DISCARD_TEMP] = "temp",
	};

	session_kind(analysis, STATEMENT_DISCARD, NULL)->value =
		analysis_text(analysis, names[((DiscardStmt *)node)->target]);
}

/* SET CONSTRAINTS: when checks happen, within the transaction. */
static void handle_constraints(struct analysis *analysis, Node *node)
{
	(void)node;
	session_kind(analysis, STATEMENT_PLAIN, NULL);
}

/* ---- prepared statements and cursors ---- */

static void handle_prepare(struct analysis *analysis, Node *node)
{
	PrepareStmt *prepare = (PrepareStmt *)node;
	ListCell *cell;

	session_kind(analysis, STATEMENT_PREPARE, prepare->name);
	foreach (cell, prepare->argtypes)
		type_name_effect(analysis, lfirst(cell));
	analysis->parts->statement.body = analyse_body(analysis, prepare->query);
}

static void handle_execute(struct analysis *analysis, Node *node)
{
	ExecuteStmt *execute = (ExecuteStmt *)node;
	struct scope scope = { .outer = NULL };
	struct value value = { .derived = true };

	session_kind(analysis, STATEMENT_EXECUTE, execute->name);
	expressions(analysis, execute->params, &scope, &value);
	probe_add(analysis, PROBE_OTHER, &value.sources);
}

static void handle_deallocate(struct analysis *analysis, Node *node)
{
	session_kind(analysis, STATEMENT_DEALLOCATE, ((DeallocateStmt *)node)->name);
}

static void handle_declare(struct analysis *analysis, Node *node)
{
	DeclareCursorStmt *declare = (DeclareCursorStmt *)node;
	struct facts_statement *statement =
		session_kind(analysis, STATEMENT_DECLARE, declare->portalname);

	if (declare->options & CURSOR_OPT_HOLD)
		statement->flags |= FACTS_WITH_HOLD;
	statement->body = analyse_body(analysis, declare->query);
}

static void handle_fetch(struct analysis *analysis, Node *node)
{
	FetchStmt *fetch = (FetchStmt *)node;
	struct facts_statement *statement = session_kind(
		analysis, fetch->ismove ? STATEMENT_MOVE : STATEMENT_FETCH, fetch->portalname);

	if (!fetch->ismove)
		statement->flags |= FACTS_RETURNS_ROWS;
}

static void handle_close(struct analysis *analysis, Node *node)
{
	session_kind(analysis, STATEMENT_CLOSE, ((ClosePortalStmt *)node)->portalname);
}

/* ---- EXPLAIN ---- */

/* As the server reads it (commands/define.c, defGetBoolean); what it refuses counts as on. */
static bool option_is_on(const DefElem *option)
{
	static const char *const off[] = { "false", "off" };
	const Node *argument = option->arg;

	if (argument == NULL)
		return true;
	if (IsA(argument, Integer))
		return intVal(argument) != 0;
	if (!IsA(argument, String))
		return true;
	for (size_t i = 0; i < COUNT_OF(off); i++)
		if (slice_equal_ignoring_case(string_slice(argument), slice_of(off[i])))
			return false;
	return true;
}

#define EXPLAINED_READS                                                                            \
	(VERB_BIT(VERB_SELECT) | VERB_BIT(VERB_UPDATE) | VERB_BIT(VERB_UPDATE_ALL) |               \
	 VERB_BIT(VERB_DELETE) | VERB_BIT(VERB_DELETE_ALL) | VERB_BIT(VERB_MERGE))

/* A read is a read whether it runs or not; what would be changed is not. */
static void explain_reads(struct analysis *analysis, const struct facts_statement *body)
{
	for (uint32_t i = 0; i < body->effects.count; i++) {
		struct facts_effect effect =
			((const struct facts_effect *)(const void *)
				 analysis->build->effects.at)[body->effects.first + i];

		/* The planner runs functions that claim to be immutable, and reads statistics of
		 * what would be changed. */
		if (effect.verb == VERB_CALL)
			effect_add(analysis, VERB_CALL, OBJECT_FUNCTION, effect.schema, effect.name)
				->flags |= effect.flags;
		else if (effect.relation != FACTS_NONE && (VERB_BIT(effect.verb) & EXPLAINED_READS))
			effect_on_relation(analysis, VERB_SELECT, effect.relation);
	}
}

static struct facts_statement body_at(const struct analysis *analysis, uint32_t body)
{
	const struct facts_statement *bodies = (const void *)analysis->build->bodies.at;

	return bodies[body - FACTS_BODY_BASE];
}

static void handle_explain(struct analysis *analysis, Node *node)
{
	ExplainStmt *explain = (ExplainStmt *)node;
	struct facts_statement *statement = session_kind(analysis, STATEMENT_EXPLAIN, NULL);
	struct item any = { .kind = ITEM_ANY, .derived = true, .relation = FACTS_NONE };
	ListCell *cell;

	statement->flags = FACTS_RETURNS_ROWS;
	foreach (cell, explain->options) {
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "analyze") != 0)
			continue;
		statement->flags &= (uint16_t)~FACTS_ANALYZE;
		if (option_is_on(option))
			statement->flags |= FACTS_ANALYZE;
	}
	statement->body = analyse_body(analysis, explain->query);
	struct facts_statement body = body_at(analysis, statement->body);

	vector_push(&analysis->parts->outputs, any);
	statement->unknown = body.unknown;
	statement->probes = body.probes;
	if (!(statement->flags & FACTS_ANALYZE)) {
		explain_reads(analysis, &body);
		return;
	}
	statement->effects = body.effects;
	statement->writes = body.writes;
	statement->equalities = body.equalities;
	statement->flags |= body.flags & FACTS_MAY_CHANGE_SESSION;
}

/* ---- LISTEN, NOTIFY ---- */

static void notify_effect(struct analysis *analysis, const char *channel)
{
	struct facts_text none = { 0, 0 };

	effect_add(analysis, VERB_NOTIFY, OBJECT_OTHER, none, analysis_text(analysis, channel));
}

static void handle_notify(struct analysis *analysis, Node *node)
{
	notify_effect(analysis, ((NotifyStmt *)node)->conditionname);
}

static void handle_listen(struct analysis *analysis, Node *node)
{
	notify_effect(analysis, ((ListenStmt *)node)->conditionname);
}

static void handle_unlisten(struct analysis *analysis, Node *node)
{
	notify_effect(analysis, ((UnlistenStmt *)node)->conditionname);
}

const struct statement_row STATEMENTS_SESSION[] = {
	{ T_TransactionStmt, handle_transaction },
	{ T_VariableSetStmt, handle_set },
	{ T_VariableShowStmt, handle_show },
	{ T_DiscardStmt, handle_discard },
	{ T_ConstraintsSetStmt, handle_constraints },
	{ T_PrepareStmt, handle_prepare },
	{ T_ExecuteStmt, handle_execute },
	{ T_DeallocateStmt, handle_deallocate },
	{ T_DeclareCursorStmt, handle_declare },
	{ T_FetchStmt, handle_fetch },
	{ T_ClosePortalStmt, handle_close },
	{ T_ExplainStmt, handle_explain },
	{ T_NotifyStmt, handle_notify },
	{ T_ListenStmt, handle_listen },
	{ T_UnlistenStmt, handle_unlisten },
};
const size_t STATEMENTS_SESSION_COUNT = COUNT_OF(STATEMENTS_SESSION);

/* SPDX-License-Identifier: MIT */
/* Definitions that say more than a verb and a name: tables' commands, views, rules, renames,
 * drops. */
#include "policy/engine/analyse_moved.h"
#include "policy/engine/analysis.h"

static const struct facts_text NONE = { 0, 0 };

/* ---- those that a row does not say enough of ---- */

static void handle_drop(struct analysis *analysis, Node *node)
{
	DropStmt *drop = (DropStmt *)node;
	ListCell *cell;

	foreach (cell, drop->objects) {
		object_effect(analysis, VERB_DROP, drop->removeType, lfirst(cell));
		if (drop->behavior == DROP_CASCADE || drop->removeType == POSTGRES_OBJECT_SCHEMA)
			effect_add_flags(analysis, EFFECT_DESCENDANTS);
	}
}

static void handle_rename(struct analysis *analysis, Node *node)
{
	RenameStmt *rename = (RenameStmt *)node;
	bool is_role = rename->renameType == POSTGRES_OBJECT_ROLE;

	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
	if (rename->relation != NULL) {
		relation_effect(analysis, VERB_ALTER, rename->relation);
		moved_by_rename(analysis, rename);
	} else if (rename->object != NULL)
		object_effect(analysis, VERB_ALTER, rename->renameType, rename->object);
	else
		effect_add(analysis, is_role ? VERB_GRANT : VERB_ALTER,
			   object_kind(rename->renameType), NONE,
			   analysis_text(analysis, rename->subname));
}

static void alter_object(struct analysis *analysis, ObjectType type, const RangeVar *relation,
			 Node *object)
{
	if (relation != NULL)
		relation_effect(analysis, VERB_ALTER, relation);
	else
		object_effect(analysis, VERB_ALTER, type, object);
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
}

static void handle_owner(struct analysis *analysis, Node *node)
{
	AlterOwnerStmt *alter = (AlterOwnerStmt *)node;

	alter_object(analysis, alter->objectType, alter->relation, alter->object);
}

static void handle_object_schema(struct analysis *analysis, Node *node)
{
	AlterObjectSchemaStmt *alter = (AlterObjectSchemaStmt *)node;

	alter_object(analysis, alter->objectType, alter->relation, alter->object);
	if (alter->relation != NULL)
		moved_relation(analysis, alter->relation, analysis_text(analysis, alter->newschema),
			       analysis_text(analysis, alter->relation->relname));
}

static void handle_depends(struct analysis *analysis, Node *node)
{
	AlterObjectDependsStmt *alter = (AlterObjectDependsStmt *)node;

	alter_object(analysis, alter->objectType, alter->relation, alter->object);
}

static void handle_comment(struct analysis *analysis, Node *node)
{
	object_effect(analysis, VERB_ALTER, ((CommentStmt *)node)->objtype,
		      ((CommentStmt *)node)->object);
	effect_detail(analysis, "COMMENT");
}

static void handle_label(struct analysis *analysis, Node *node)
{
	object_effect(analysis, VERB_ALTER, ((SecLabelStmt *)node)->objtype,
		      ((SecLabelStmt *)node)->object);
	effect_detail(analysis, "SECURITY LABEL");
}

static void handle_define(struct analysis *analysis, Node *node)
{
	DefineStmt *define_statement = (DefineStmt *)node;

	object_effect(analysis, VERB_CREATE, define_statement->kind,
		      (Node *)define_statement->defnames);
}

/* ---- tables, views, indexes, triggers, rules ---- */

static void index_element(struct analysis *analysis, const IndexElem *element, struct scope *scope,
			  struct value *value)
{
	if (element->name != NULL)
		scope_find(analysis, scope, analysis_text(analysis, element->name), value);
	expression(analysis, element->expr, scope, value);
}

static void columns_probe(struct analysis *analysis, List *names, const struct scope *scope)
{
	struct value value = { .derived = false };
	ListCell *cell;

	foreach (cell, names)
		scope_find(analysis, scope, analysis_text(analysis, strVal(lfirst(cell))), &value);
	probe_add(analysis, PROBE_OTHER, &value.sources);
}

static void exclusions_probe(struct analysis *analysis, List *exclusions, struct scope *scope)
{
	struct value value = { .derived = false };
	ListCell *cell;

	foreach (cell, exclusions)
		index_element(analysis, linitial((List *)lfirst(cell)), scope, &value);
	probe_add(analysis, PROBE_OTHER, &value.sources);
}

/* CHECK, keys and references fail on rows that are there, and quote them; DEFAULT and GENERATED
 * give a new column its values. */
static void constraint_expression(struct analysis *analysis, const Constraint *constraint,
				  struct scope *scope, struct value *value)
{
	columns_probe(analysis, constraint->keys, scope);
	columns_probe(analysis, constraint->fk_attrs, scope);
	exclusions_probe(analysis, constraint->exclusions, scope);
	if (constraint->contype == CONSTR_CHECK)
		expression_probe(analysis, constraint->raw_expr, scope, PROBE_OTHER);
	else
		expression(analysis, constraint->raw_expr, scope, value);
}

/* ADD COLUMN and ALTER TYPE … USING: values computed from the row, written at once. */
static void command_column(struct analysis *analysis, const AlterTableCmd *command,
			   const ColumnDef *column, struct scope *scope)
{
	const char *name = column->colname != NULL ? column->colname : command->name;
	struct value value = { .derived = false };
	ListCell *cell;

	expression(analysis, column->raw_default, scope, &value);
	foreach (cell, column->constraints)
		constraint_expression(analysis, lfirst_node(Constraint, cell), scope, &value);
	computed_column(analysis, scope->entries[0].relation, name, &value);
}

/* A partition or child that leaves its parent is protected by its own name alone from then on. */
static void leave_family(struct analysis *analysis, const AlterTableCmd *command, uint32_t relation)
{
	if (command->subtype == AT_DropInherit)
		moved_out(analysis, relation);
	else if (command->subtype == AT_DetachPartition)
		moved_out(analysis,
			  relation_mention(analysis, ((PartitionCmd *)command->def)->name));
}

static void alter_command(struct analysis *analysis, const AlterTableCmd *command,
			  struct scope *scope)
{
	Node *definition = command->def;
	struct value value = { .derived = false };

	if (command->behavior == DROP_CASCADE)
		analysis->parts->effects.at[0].flags |= EFFECT_DESCENDANTS;
	if (definition == NULL)
		return;
	leave_family(analysis, command, scope->entries[0].relation);
	if (command->subtype == AT_ColumnDefault) {
		expression(analysis, definition, scope, &value);
		computed_column(analysis, scope->entries[0].relation, command->name, &value);
	} else if (IsA(definition, ColumnDef))
		command_column(analysis, command, (ColumnDef *)definition, scope);
	else if (IsA(definition, Constraint))
		constraint_expression(analysis, (Constraint *)definition, scope, &value);
	else if (IsA(definition, PartitionCmd) && ((PartitionCmd *)definition)->name != NULL)
		relation_effect(analysis, VERB_ALTER, ((PartitionCmd *)definition)->name);
	else if (IsA(definition, RangeVar))
		relation_effect(analysis, VERB_ALTER, (RangeVar *)definition);
}

static void handle_alter_table(struct analysis *analysis, Node *node)
{
	AlterTableStmt *alter = (AlterTableStmt *)node;
	struct facts_effect *effect = relation_effect(analysis, VERB_ALTER, alter->relation);
	struct scope scope = { .outer = NULL };
	ListCell *cell;

	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
	struct entry entry = target_entry(analysis, alter->relation);

	effect->relation = entry.relation;
	scope_add(&scope, entry);
	foreach (cell, alter->cmds) {
		if (IsA(lfirst(cell), AlterTableCmd))
			alter_command(analysis, lfirst(cell), &scope);
	}
}

static void handle_index(struct analysis *analysis, Node *node)
{
	IndexStmt *index = (IndexStmt *)node;
	struct scope scope = { .outer = NULL };
	struct value value = { .derived = false };
	ListCell *cell;

	relation_effect(analysis, VERB_CREATE, index->relation)->detail =
		analysis_text(analysis, "index");
	scope_add(&scope, target_entry(analysis, index->relation));
	foreach (cell, index->indexParams)
		index_element(analysis, lfirst_node(IndexElem, cell), &scope, &value);
	expression(analysis, index->whereClause, &scope, &value);
	/* A unique index that cannot be made prints the values that stand in the way. */
	if (index->unique)
		probe_add(analysis, PROBE_OTHER, &value.sources);
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
}

/* The view shows what its query shows: a copy, as far as protection goes. */
static void handle_view(struct analysis *analysis, Node *node)
{
	ViewStmt *view = (ViewStmt *)node;
	struct vector columns = { NULL, 0, 0 };

	query(analysis, view->query, NULL, NULL, &columns);
	write_new_relation(analysis, view->view, view->aliases, &columns);
}

/* CREATE TABLE AS EXECUTE: the rows are those of a statement that the session knows. */
static void handle_table_as(struct analysis *analysis, Node *node)
{
	CreateTableAsStmt *create = (CreateTableAsStmt *)node;
	struct vector columns = { NULL, 0, 0 };

	if (IsA(create->query, ExecuteStmt)) {
		analysis_stop(analysis,
			      "CREATE TABLE AS EXECUTE copies the rows of a prepared statement");
		return;
	}
	query(analysis, create->query, NULL, NULL, &columns);
	write_new_relation(analysis, create->into->rel, create->into->colNames, &columns);
}

static void part_of_table(struct analysis *analysis, enum verb verb, const RangeVar *table,
			  const char *name)
{
	relation_effect(analysis, VERB_ALTER, table);
	effect_add(analysis, verb, OBJECT_OTHER, NONE, analysis_text(analysis, name));
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
}

/* A function that later writes run unseen, and that may put anything into the row. */
static void handle_trigger(struct analysis *analysis, Node *node)
{
	CreateTrigStmt *trigger = (CreateTrigStmt *)node;
	struct sources anything = { NULL, 0, 0, false };

	part_of_table(analysis, VERB_CREATE, trigger->relation, trigger->trigname);
	sources_top(&anything);
	write_add(analysis,
		  (struct facts_write){ .relation = relation_mention(analysis, trigger->relation),
					.flags = WRITE_ALL_COLUMNS },
		  &anything);
}

/* Its conditions are tested on every row of others' statements. */
static void handle_policy(struct analysis *analysis, Node *node)
{
	CreatePolicyStmt *policy = (CreatePolicyStmt *)node;
	struct scope scope = { .outer = NULL };

	part_of_table(analysis, VERB_CREATE, policy->table, policy->policy_name);
	scope_add(&scope, target_entry(analysis, policy->table));
	expression_probe(analysis, policy->qual, &scope, PROBE_WHERE);
	expression_probe(analysis, policy->with_check, &scope, PROBE_WHERE);
}

static void handle_alter_policy(struct analysis *analysis, Node *node)
{
	AlterPolicyStmt *policy = (AlterPolicyStmt *)node;
	struct scope scope = { .outer = NULL };

	relation_effect(analysis, VERB_ALTER, policy->table);
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
	scope_add(&scope, target_entry(analysis, policy->table));
	expression_probe(analysis, policy->qual, &scope, PROBE_WHERE);
	expression_probe(analysis, policy->with_check, &scope, PROBE_WHERE);
}

/* A rule's actions are judged as if they ran: they will, in others' statements. */
static void handle_rule(struct analysis *analysis, Node *node)
{
	RuleStmt *rule = (RuleStmt *)node;
	struct scope scope = { .outer = NULL };
	struct entry entry = target_entry(analysis, rule->relation);
	ListCell *cell;

	part_of_table(analysis, VERB_CREATE, rule->relation, rule->rulename);
	entry.has_alias = true;
	entry.is_column_visible = false;
	entry.name = analysis_text(analysis, "old");
	scope_add(&scope, entry);
	entry.name = analysis_text(analysis, "new");
	scope_add(&scope, entry);
	expression_probe(analysis, rule->whereClause, &scope, PROBE_WHERE);
	foreach (cell, rule->actions) {
		struct vector columns = { NULL, 0, 0 };

		if (IsA(lfirst(cell), NotifyStmt))
			effect_add(analysis, VERB_NOTIFY, OBJECT_OTHER, NONE,
				   analysis_text(analysis,
						 ((NotifyStmt *)lfirst(cell))->conditionname));
		else
			query(analysis, lfirst(cell), &scope, NULL, &columns);
		/* ON SELECT DO INSTEAD SELECT makes the table a view. */
		if (columns.count > 0)
			write_vector(analysis, scope.entries[0].relation, &columns);
	}
}

/* DEFAULT and GENERATED: what a new column will take its values from. */
static void defined_column(struct analysis *analysis, const ColumnDef *column, struct scope *scope)
{
	struct value value = { .derived = false };
	ListCell *cell;

	foreach (cell, column->constraints) {
		const Constraint *constraint = lfirst_node(Constraint, cell);

		if (constraint->contype == CONSTR_DEFAULT ||
		    constraint->contype == CONSTR_GENERATED)
			expression(analysis, constraint->raw_expr, scope, &value);
	}
	expression(analysis, column->raw_default, scope, &value);
	computed_column(analysis, scope->entries[0].relation, column->colname, &value);
}

static void handle_create_table(struct analysis *analysis, Node *node)
{
	CreateStmt *create = (CreateStmt *)node; /* a CreateForeignTableStmt begins with one */
	struct scope scope = { .outer = NULL };
	ListCell *cell;

	relation_effect(analysis, VERB_CREATE, create->relation);
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
	if (create->tableElts == NIL)
		return;
	scope_add(&scope, target_entry(analysis, create->relation));
	foreach (cell, create->tableElts)
		if (IsA(lfirst(cell), ColumnDef))
			defined_column(analysis, lfirst_node(ColumnDef, cell), &scope);
}

/* A cast to the domain is a call by itself; its DEFAULT is run unseen. */
static void handle_create_domain(struct analysis *analysis, Node *node)
{
	CreateDomainStmt *create = (CreateDomainStmt *)node;
	struct scope scope = { .outer = NULL };
	ListCell *cell;

	object_effect(analysis, VERB_CREATE, OBJECT_DOMAIN, (Node *)create->domainname);
	foreach (cell, create->constraints)
		if (lfirst_node(Constraint, cell)->contype == CONSTR_DEFAULT)
			expression_probe(analysis, lfirst_node(Constraint, cell)->raw_expr, &scope,
					 PROBE_OTHER);
}

static void handle_schema(struct analysis *analysis, Node *node)
{
	CreateSchemaStmt *create = (CreateSchemaStmt *)node;
	ListCell *cell;

	effect_add(analysis, VERB_CREATE, OBJECT_SCHEMA, NONE,
		   analysis_text(analysis, create->schemaname));
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
	foreach (cell, create->schemaElts)
		analyse_element(analysis, lfirst(cell));
}

const struct statement_row STATEMENTS_DEFINITION[] = {
	{ T_DropStmt, handle_drop },
	{ T_RenameStmt, handle_rename },
	{ T_AlterOwnerStmt, handle_owner },
	{ T_AlterObjectSchemaStmt, handle_object_schema },
	{ T_AlterObjectDependsStmt, handle_depends },
	{ T_CommentStmt, handle_comment },
	{ T_SecLabelStmt, handle_label },
	{ T_DefineStmt, handle_define },
	{ T_AlterTableStmt, handle_alter_table },
	{ T_IndexStmt, handle_index },
	{ T_ViewStmt, handle_view },
	{ T_CreateTableAsStmt, handle_table_as },
	{ T_CreateTrigStmt, handle_trigger },
	{ T_CreatePolicyStmt, handle_policy },
	{ T_AlterPolicyStmt, handle_alter_policy },
	{ T_CreateStmt, handle_create_table },
	{ T_CreateForeignTableStmt, handle_create_table },
	{ T_CreateDomainStmt, handle_create_domain },
	{ T_RuleStmt, handle_rule },
	{ T_CreateSchemaStmt, handle_schema },
};
const size_t STATEMENTS_DEFINITION_COUNT = COUNT_OF(STATEMENTS_DEFINITION);

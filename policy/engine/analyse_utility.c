/* SPDX-License-Identifier: MIT */
/* TRUNCATE, maintenance, locks, procedures, roles and privileges. */
#include "policy/engine/analysis.h"

static const struct facts_text NONE = { 0, 0 };

static uint32_t effect_on_range(struct analysis *analysis, enum verb verb, const RangeVar *range)
{
	uint32_t relation = relation_mention(analysis, range);

	effect_on_relation(analysis, verb, relation);
	return relation;
}

/* ---- tables as a whole ---- */

static void handle_truncate(struct analysis *analysis, Node *node)
{
	TruncateStmt *truncate = (TruncateStmt *)node;
	ListCell *cell;

	foreach (cell, truncate->relations) {
		effect_on_range(analysis, VERB_TRUNCATE, lfirst(cell));
		if (truncate->behavior == DROP_CASCADE)
			effect_add_flags(analysis, EFFECT_DESCENDANTS);
	}
}

static void handle_lock(struct analysis *analysis, Node *node)
{
	ListCell *cell;

	foreach (cell, ((LockStmt *)node)->relations)
		effect_on_range(analysis, VERB_LOCK, lfirst(cell));
}

static void maintain(struct analysis *analysis, const RangeVar *range, const char *what)
{
	if (range != NULL)
		effect_on_range(analysis, VERB_MAINTAIN, range);
	else
		effect_add(analysis, VERB_MAINTAIN, OBJECT_NONE, NONE, NONE);
	effect_detail(analysis, what);
}

static void handle_vacuum(struct analysis *analysis, Node *node)
{
	VacuumStmt *vacuum = (VacuumStmt *)node;
	const char *what = vacuum->is_vacuumcmd ? "VACUUM" : "ANALYZE";
	ListCell *cell;

	if (vacuum->rels == NIL)
		maintain(analysis, NULL, what);
	foreach (cell, vacuum->rels)
		maintain(analysis, lfirst_node(VacuumRelation, cell)->relation, what);
}

static void handle_cluster(struct analysis *analysis, Node *node)
{
	maintain(analysis, ((ClusterStmt *)node)->relation, "CLUSTER");
}

static void handle_reindex(struct analysis *analysis, Node *node)
{
	ReindexStmt *reindex = (ReindexStmt *)node;

	if (reindex->kind == REINDEX_OBJECT_SCHEMA) {
		effect_add(analysis, VERB_MAINTAIN, OBJECT_SCHEMA, NONE,
			   analysis_text(analysis, reindex->name));
		effect_detail(analysis, "REINDEX");
		return;
	}
	maintain(analysis, reindex->relation, "REINDEX");
}

static void handle_refresh(struct analysis *analysis, Node *node)
{
	maintain(analysis, ((RefreshMatViewStmt *)node)->relation, "REFRESH");
}

static void handle_checkpoint(struct analysis *analysis, Node *node)
{
	(void)node;
	maintain(analysis, NULL, "CHECKPOINT");
}

/* ---- code and files ---- */

static void handle_do(struct analysis *analysis, Node *node)
{
	(void)node;
	analysis_stop(analysis, "DO runs a block that cannot be read");
}

static void handle_call(struct analysis *analysis, Node *node)
{
	FuncCall *call = ((CallStmt *)node)->funccall;
	struct scope scope = { .outer = NULL };
	struct value value = { .derived = true };
	struct item any = { .kind = ITEM_ANY, .derived = true, .relation = FACTS_NONE };
	struct facts_text schema, name;

	split_name(analysis, call->funcname, &schema, &name);
	expressions(analysis, call->args, &scope, &value);
	call_effect(analysis, schema, name, false);
	/* OUT arguments come back as a row. */
	probe_add(analysis, PROBE_RAISING, &value.sources);
	sources_top(&any.sources);
	vector_push(&analysis->parts->outputs, any);
	analysis->parts->statement.flags |= FACTS_RETURNS_ROWS;
}

static void handle_load(struct analysis *analysis, Node *node)
{
	effect_add(analysis, VERB_FILE, OBJECT_OTHER, NONE,
		   analysis_text(analysis, ((LoadStmt *)node)->filename));
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
}

/* ---- roles, privileges, settings of others ---- */

static const char *role_name(const RoleSpec *role)
{
	static const char *const names[] = {
		[ROLESPEC_CURRENT_ROLE] = "current_role",
		[ROLESPEC_CURRENT_USER] = "current_user",
		[ROLESPEC_SESSION_USER] = "session_user",
		[ROLESPEC_PUBLIC] = "public",
	};

	if (role == NULL)
		return NULL;
	return role->roletype == ROLESPEC_CSTRING ? role->rolename : names[role->roletype];
}

static void grant_role(struct analysis *analysis, const char *name)
{
	effect_add(analysis, VERB_GRANT, OBJECT_ROLE, NONE, analysis_text(analysis, name));
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
}

static void grant_roles(struct analysis *analysis, List *roles)
{
	ListCell *cell;

	foreach (cell, roles)
		grant_role(analysis, role_name(lfirst(cell)));
}

static void grant_on(struct analysis *analysis, const GrantStmt *grant, Node *object)
{
	struct facts_text schema = NONE, name = NONE;

	if (IsA(object, RangeVar)) {
		effect_on_range(analysis, VERB_GRANT, (RangeVar *)object);
		return;
	}
	if (IsA(object, ObjectWithArgs))
		split_name(analysis, ((ObjectWithArgs *)object)->objname, &schema, &name);
	else if (IsA(object, List))
		split_name(analysis, (List *)object, &schema, &name);
	else if (IsA(object, String))
		name = analysis_text(analysis, strVal(object));
	enum facts_object kind = IsA(object, ObjectWithArgs) ? OBJECT_FUNCTION : OBJECT_OTHER;

	if (grant->objtype == POSTGRES_OBJECT_DATABASE)
		kind = OBJECT_DATABASE;
	if (grant->objtype == POSTGRES_OBJECT_SCHEMA || grant->targtype == ACL_TARGET_ALL_IN_SCHEMA)
		kind = OBJECT_SCHEMA;
	effect_add(analysis, VERB_GRANT, kind, schema, name);
}

static void handle_grant(struct analysis *analysis, Node *node)
{
	GrantStmt *grant = (GrantStmt *)node;
	ListCell *cell;

	if (grant->objects == NIL)
		effect_add(analysis, VERB_GRANT, OBJECT_OTHER, NONE, NONE);
	foreach (cell, grant->objects)
		grant_on(analysis, grant, lfirst(cell));
}

static void handle_grant_role(struct analysis *analysis, Node *node)
{
	GrantRoleStmt *grant = (GrantRoleStmt *)node;
	ListCell *cell;

	foreach (cell, grant->granted_roles)
		grant_role(analysis, lfirst_node(AccessPriv, cell)->priv_name);
	grant_roles(analysis, grant->grantee_roles);
}

static void handle_default_privileges(struct analysis *analysis, Node *node)
{
	(void)node;
	effect_add(analysis, VERB_GRANT, OBJECT_OTHER, NONE,
		   analysis_text(analysis, "default privileges"));
}

static void handle_create_role(struct analysis *analysis, Node *node)
{
	grant_role(analysis, ((CreateRoleStmt *)node)->role);
}

static void handle_alter_role(struct analysis *analysis, Node *node)
{
	grant_role(analysis, role_name(((AlterRoleStmt *)node)->role));
}

static void handle_drop_role(struct analysis *analysis, Node *node)
{
	grant_roles(analysis, ((DropRoleStmt *)node)->roles);
}

/* A setting that later sessions start with. */
static void lasting_setting(struct analysis *analysis, const VariableSetStmt *set)
{
	effect_add(analysis, VERB_SET, OBJECT_SETTING, NONE, analysis_text(analysis, set->name));
	effect_detail(analysis, "for later sessions");
}

static void handle_alter_role_set(struct analysis *analysis, Node *node)
{
	AlterRoleSetStmt *alter = (AlterRoleSetStmt *)node;

	grant_role(analysis, role_name(alter->role));
	lasting_setting(analysis, alter->setstmt);
}

static void handle_alter_database_set(struct analysis *analysis, Node *node)
{
	AlterDatabaseSetStmt *alter = (AlterDatabaseSetStmt *)node;

	effect_add(analysis, VERB_ALTER, OBJECT_DATABASE, NONE,
		   analysis_text(analysis, alter->dbname));
	lasting_setting(analysis, alter->setstmt);
}

static void handle_alter_system(struct analysis *analysis, Node *node)
{
	lasting_setting(analysis, ((AlterSystemStmt *)node)->setstmt);
}

static void handle_drop_owned(struct analysis *analysis, Node *node)
{
	ListCell *cell;

	effect_add(analysis, VERB_DROP, OBJECT_RELATION, NONE, NONE)->flags |= EFFECT_DESCENDANTS;
	foreach (cell, ((DropOwnedStmt *)node)->roles)
		grant_role(analysis, role_name(lfirst(cell)));
}

static void handle_reassign_owned(struct analysis *analysis, Node *node)
{
	ReassignOwnedStmt *reassign = (ReassignOwnedStmt *)node;

	effect_add(analysis, VERB_ALTER, OBJECT_RELATION, NONE, NONE)->flags |= EFFECT_DESCENDANTS;
	grant_roles(analysis, reassign->roles);
	grant_role(analysis, role_name(reassign->newrole));
}

const struct statement_row STATEMENTS_UTILITY[] = {
	{ T_CopyStmt, copy_statement },
	{ T_TruncateStmt, handle_truncate },
	{ T_LockStmt, handle_lock },
	{ T_VacuumStmt, handle_vacuum },
	{ T_ClusterStmt, handle_cluster },
	{ T_ReindexStmt, handle_reindex },
	{ T_RefreshMatViewStmt, handle_refresh },
	{ T_CheckPointStmt, handle_checkpoint },
	{ T_DoStmt, handle_do },
	{ T_CallStmt, handle_call },
	{ T_LoadStmt, handle_load },
	{ T_GrantStmt, handle_grant },
	{ T_GrantRoleStmt, handle_grant_role },
	{ T_AlterDefaultPrivilegesStmt, handle_default_privileges },
	{ T_CreateRoleStmt, handle_create_role },
	{ T_AlterRoleStmt, handle_alter_role },
	{ T_DropRoleStmt, handle_drop_role },
	{ T_AlterRoleSetStmt, handle_alter_role_set },
	{ T_AlterDatabaseSetStmt, handle_alter_database_set },
	{ T_AlterSystemStmt, handle_alter_system },
	{ T_DropOwnedStmt, handle_drop_owned },
	{ T_ReassignOwnedStmt, handle_reassign_owned },
};
const size_t STATEMENTS_UTILITY_COUNT = COUNT_OF(STATEMENTS_UTILITY);

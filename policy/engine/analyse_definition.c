/* SPDX-License-Identifier: MIT */
/* CREATE, ALTER, DROP: most are a verb on a name, and a table says where the name stands. */
#include "policy/engine/analysis.h"

static const struct facts_text NONE = { 0, 0 };

struct facts_effect *relation_effect(struct analysis *analysis, enum verb verb,
				     const RangeVar *range)
{
	struct facts_text schema = analysis_text(analysis, range->schemaname);
	bool is_temporary = range->relpersistence == RELPERSISTENCE_TEMP;

	if (is_temporary && schema.length == 0)
		schema = analysis_text(analysis, "pg_temp");
	struct facts_effect *effect = effect_add(analysis, verb, OBJECT_RELATION, schema,
						 analysis_text(analysis, range->relname));

	if (is_temporary || text_is(analysis, schema, "pg_temp"))
		effect->flags |= EFFECT_TEMPORARY;
	return effect;
}

void write_new_relation(struct analysis *analysis, const RangeVar *range, List *names,
			const struct vector *columns)
{
	struct vector named = vector_rename(analysis, columns, names);
	struct facts_effect *effect = relation_effect(analysis, VERB_CREATE, range);
	uint32_t relation = relation_add(analysis, effect->schema, effect->name);

	effect->relation = relation;
	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
	write_vector(analysis, relation, &named);
}

/* ---- names in the many forms that the tree has ---- */

static void name_of(struct analysis *analysis, Node *object, struct facts_text *ret_schema,
		    struct facts_text *ret_name)
{
	*ret_schema = *ret_name = NONE;
	if (object == NULL)
		return;
	if (IsA(object, String)) {
		*ret_name = analysis_text(analysis, strVal(object));
	} else if (IsA(object, List)) {
		split_name(analysis, IsA(linitial((List *)object), String) ? (List *)object : NIL,
			   ret_schema, ret_name);
	} else if (IsA(object, TypeName)) {
		split_name(analysis, ((TypeName *)object)->names, ret_schema, ret_name);
	} else if (IsA(object, ObjectWithArgs)) {
		split_name(analysis, ((ObjectWithArgs *)object)->objname, ret_schema, ret_name);
	} else if (IsA(object, RangeVar)) {
		*ret_schema = analysis_text(analysis, ((RangeVar *)object)->schemaname);
		*ret_name = analysis_text(analysis, ((RangeVar *)object)->relname);
	}
}

enum facts_object object_kind(ObjectType type)
{
	static const struct {
		ObjectType type;
		enum facts_object kind;
	} rows[] = {
		{ OBJECT_TABLE, OBJECT_RELATION },
		{ OBJECT_VIEW, OBJECT_RELATION },
		{ OBJECT_MATVIEW, OBJECT_RELATION },
		{ OBJECT_FOREIGN_TABLE, OBJECT_RELATION },
		{ OBJECT_SEQUENCE, OBJECT_RELATION },
		{ OBJECT_INDEX, OBJECT_RELATION },
		{ POSTGRES_OBJECT_FUNCTION, OBJECT_FUNCTION },
		{ OBJECT_PROCEDURE, OBJECT_FUNCTION },
		{ OBJECT_ROUTINE, OBJECT_FUNCTION },
		{ OBJECT_AGGREGATE, OBJECT_FUNCTION },
		{ OBJECT_OPERATOR, OBJECT_FUNCTION },
		{ POSTGRES_OBJECT_SCHEMA, OBJECT_SCHEMA },
		{ POSTGRES_OBJECT_DATABASE, OBJECT_DATABASE },
		{ POSTGRES_OBJECT_ROLE, OBJECT_ROLE },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].type == type)
			return rows[i].kind;
	return OBJECT_OTHER;
}

/* Triggers, rules, policies, columns, constraints: their name's last part stands behind the
 * table's. */
static bool is_part_of_table(ObjectType type)
{
	return type == OBJECT_TRIGGER || type == OBJECT_RULE || type == OBJECT_POLICY ||
	       type == OBJECT_COLUMN || type == OBJECT_TABCONSTRAINT;
}

void object_effect(struct analysis *analysis, enum verb verb, ObjectType type, Node *object)
{
	struct facts_text schema, name;

	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
	if (is_part_of_table(type) && object != NULL && IsA(object, List) &&
	    list_length((List *)object) > 1) {
		List *table = list_head_copy((List *)object, list_length((List *)object) - 1);

		name_of(analysis, (Node *)table, &schema, &name);
		effect_add(analysis, VERB_ALTER, OBJECT_RELATION, schema, name);
		name_of(analysis, llast((List *)object), &schema, &name);
		effect_add(analysis, verb, OBJECT_OTHER, NONE, name);
		return;
	}
	name_of(analysis, object, &schema, &name);
	effect_add(analysis, verb, object_kind(type), schema, name);
}

/* ---- the table ---- */

enum name_form { FORM_NONE, FORM_TEXT, FORM_NODE, FORM_ROLE };

struct definition {
	NodeTag tag;
	enum verb verb;
	enum facts_object kind;
	enum name_form form;
	size_t offset; /* of the name's field in the node */
};

#define TEXT(node, verb, kind, field)                                                              \
	{                                                                                          \
		T_##node, verb, kind, FORM_TEXT, offsetof(node, field)                             \
	}
#define NODE(node, verb, kind, field)                                                              \
	{                                                                                          \
		T_##node, verb, kind, FORM_NODE, offsetof(node, field)                             \
	}

static const struct definition DEFINITIONS[] = {
	NODE(CreateSeqStmt, VERB_CREATE, OBJECT_RELATION, sequence),
	NODE(AlterSeqStmt, VERB_ALTER, OBJECT_RELATION, sequence),
	NODE(CompositeTypeStmt, VERB_CREATE, OBJECT_OTHER, typevar),
	NODE(CreateEnumStmt, VERB_CREATE, OBJECT_OTHER, typeName),
	NODE(AlterEnumStmt, VERB_ALTER, OBJECT_OTHER, typeName),
	NODE(CreateRangeStmt, VERB_CREATE, OBJECT_OTHER, typeName),
	NODE(AlterDomainStmt, VERB_ALTER, OBJECT_OTHER, typeName),
	NODE(AlterTypeStmt, VERB_ALTER, OBJECT_OTHER, typeName),
	NODE(CreateFunctionStmt, VERB_CREATE, OBJECT_FUNCTION, funcname),
	NODE(AlterFunctionStmt, VERB_ALTER, OBJECT_FUNCTION, func),
	NODE(AlterOperatorStmt, VERB_ALTER, OBJECT_FUNCTION, opername),
	NODE(CreateOpClassStmt, VERB_CREATE, OBJECT_OTHER, opclassname),
	NODE(CreateOpFamilyStmt, VERB_CREATE, OBJECT_OTHER, opfamilyname),
	NODE(AlterOpFamilyStmt, VERB_ALTER, OBJECT_OTHER, opfamilyname),
	NODE(CreateConversionStmt, VERB_CREATE, OBJECT_OTHER, conversion_name),
	NODE(CreateCastStmt, VERB_CREATE, OBJECT_OTHER, targettype),
	NODE(CreateTransformStmt, VERB_CREATE, OBJECT_OTHER, type_name),
	NODE(AlterCollationStmt, VERB_ALTER, OBJECT_OTHER, collname),
	NODE(AlterTSDictionaryStmt, VERB_ALTER, OBJECT_OTHER, dictname),
	NODE(AlterTSConfigurationStmt, VERB_ALTER, OBJECT_OTHER, cfgname),
	NODE(CreateStatsStmt, VERB_CREATE, OBJECT_OTHER, defnames),
	NODE(AlterStatsStmt, VERB_ALTER, OBJECT_OTHER, defnames),
	TEXT(CreateAmStmt, VERB_CREATE, OBJECT_OTHER, amname),
	TEXT(CreatePLangStmt, VERB_CREATE, OBJECT_OTHER, plname),
	TEXT(CreateEventTrigStmt, VERB_CREATE, OBJECT_OTHER, trigname),
	TEXT(AlterEventTrigStmt, VERB_ALTER, OBJECT_OTHER, trigname),
	TEXT(CreatedbStmt, VERB_CREATE, OBJECT_DATABASE, dbname),
	TEXT(AlterDatabaseStmt, VERB_ALTER, OBJECT_DATABASE, dbname),
	TEXT(AlterDatabaseRefreshCollStmt, VERB_ALTER, OBJECT_DATABASE, dbname),
	TEXT(DropdbStmt, VERB_DROP, OBJECT_DATABASE, dbname),
	TEXT(CreateTableSpaceStmt, VERB_CREATE, OBJECT_OTHER, tablespacename),
	TEXT(DropTableSpaceStmt, VERB_DROP, OBJECT_OTHER, tablespacename),
	TEXT(AlterTableSpaceOptionsStmt, VERB_ALTER, OBJECT_OTHER, tablespacename),
	TEXT(AlterTableMoveAllStmt, VERB_ALTER, OBJECT_OTHER, orig_tablespacename),
	TEXT(CreateFdwStmt, VERB_CREATE, OBJECT_OTHER, fdwname),
	TEXT(AlterFdwStmt, VERB_ALTER, OBJECT_OTHER, fdwname),
	TEXT(CreateForeignServerStmt, VERB_CREATE, OBJECT_OTHER, servername),
	TEXT(AlterForeignServerStmt, VERB_ALTER, OBJECT_OTHER, servername),
	TEXT(CreateUserMappingStmt, VERB_CREATE, OBJECT_OTHER, servername),
	TEXT(AlterUserMappingStmt, VERB_ALTER, OBJECT_OTHER, servername),
	TEXT(DropUserMappingStmt, VERB_DROP, OBJECT_OTHER, servername),
	TEXT(ImportForeignSchemaStmt, VERB_CREATE, OBJECT_SCHEMA, local_schema),
	TEXT(CreateExtensionStmt, VERB_CREATE, OBJECT_OTHER, extname),
	TEXT(AlterExtensionStmt, VERB_ALTER, OBJECT_OTHER, extname),
	TEXT(AlterExtensionContentsStmt, VERB_ALTER, OBJECT_OTHER, extname),
	TEXT(CreatePublicationStmt, VERB_CREATE, OBJECT_OTHER, pubname),
	TEXT(AlterPublicationStmt, VERB_ALTER, OBJECT_OTHER, pubname),
	TEXT(CreateSubscriptionStmt, VERB_CREATE, OBJECT_OTHER, subname),
	TEXT(AlterSubscriptionStmt, VERB_ALTER, OBJECT_OTHER, subname),
	TEXT(DropSubscriptionStmt, VERB_DROP, OBJECT_OTHER, subname),
};

static void define(struct analysis *analysis, const struct definition *definition, Node *node)
{
	const void *field = (const char *)node + definition->offset;
	struct facts_text schema = NONE, name = NONE;

	analysis->parts->statement.flags |= FACTS_MAY_CHANGE_SESSION;
	if (definition->form == FORM_TEXT) {
		name = analysis_text(analysis, *(char *const *)field);
	} else {
		Node *object = *(Node *const *)field;

		if (definition->kind == OBJECT_RELATION && object != NULL &&
		    IsA(object, RangeVar)) {
			relation_effect(analysis, definition->verb, (RangeVar *)object);
			return;
		}
		name_of(analysis, object, &schema, &name);
	}
	effect_add(analysis, definition->verb, definition->kind, schema, name);
}

static const struct definition *definition_of(unsigned tag)
{
	for (size_t i = 0; i < COUNT_OF(DEFINITIONS); i++)
		if ((unsigned)DEFINITIONS[i].tag == tag)
			return &DEFINITIONS[i];
	return NULL;
}

bool definition_knows(unsigned tag)
{
	return definition_of(tag) != NULL;
}

void definition_effects(struct analysis *analysis, Node *node)
{
	define(analysis, definition_of(nodeTag(node)), node);
}

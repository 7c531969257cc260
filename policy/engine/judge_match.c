/* SPDX-License-Identifier: MIT */
/* Holds one effect against one rule: too much matches a restriction, too little a permission. */
#include <errno.h>

#include "policy/engine/judge_private.h"

/* A rule for `delete` also matches `delete-all`, not the other way round. */
static verb_set widen(verb_set verbs)
{
	if (verbs & VERB_BIT(VERB_UPDATE))
		verbs |= VERB_BIT(VERB_UPDATE_ALL);
	if (verbs & VERB_BIT(VERB_DELETE))
		verbs |= VERB_BIT(VERB_DELETE_ALL);
	return verbs;
}

static bool verb_matches(const struct policy_rule *rule, enum verb verb)
{
	return !rule->has_verbs || (widen(rule->verbs) & VERB_BIT(verb)) != 0;
}

/* "schema.table" in two; `ret_schema` has length 0 and `at` NULL for a bare name. */
static void split(const char *pattern, struct slice *ret_schema, struct slice *ret_name)
{
	struct slice rest = slice_of(pattern);
	struct slice first = slice_cut(&rest, '.');

	if (rest.at) {
		*ret_schema = first;
		*ret_name = rest;
	} else {
		*ret_schema = (struct slice){ NULL, 0 };
		*ret_name = first;
	}
}

/* What a pattern is held against. */
struct target {
	bool schema_is_known;
	struct slice schema;
	struct slice name;
	bool is_any_name; /* every object of the schema, or objects that depend on it */
};

static bool pattern_restricts(const char *pattern, const struct target *target)
{
	struct slice schema, name;

	split(pattern, &schema, &name);
	if (!target->is_any_name && !slice_matches(target->name, name))
		return false;
	return !schema.at || !target->schema_is_known || slice_matches(target->schema, schema);
}

static bool globs_restrict(const struct globs *globs, const struct target *target)
{
	for (size_t i = 0; i < globs->count; i++) {
		if (pattern_restricts(globs->items[i], target))
			return true;
	}
	return false;
}

static bool pattern_grants(const char *pattern, const struct target *target,
			   const struct globs *schemas)
{
	struct slice schema, name;

	split(pattern, &schema, &name);
	if (!target->schema_is_known)
		return false;
	if (target->is_any_name)
		return schema.at && slice_is(name, "*") && slice_matches(target->schema, schema);
	if (!slice_matches(target->name, name))
		return false;
	if (schema.at)
		return slice_matches(target->schema, schema);
	return !slice_is(target->schema, "pg_temp") && name_is_in(schemas, target->schema);
}

static bool globs_grant(const struct globs *globs, const struct target *target,
			const struct globs *schemas)
{
	for (size_t i = 0; i < globs->count; i++) {
		if (pattern_grants(globs->items[i], target, schemas))
			return true;
	}
	return false;
}

static bool holds_tables(const struct effect *effect)
{
	return effect->facts->object == OBJECT_SCHEMA || effect->facts->object == OBJECT_DATABASE;
}

static struct target table_target(const struct effect *effect)
{
	struct target target = {
		.schema_is_known = effect->place.is_known,
		.schema = effect->place.schema,
		.name = effect->name,
		.is_any_name = effect->name.length == 0 ||
			       (effect->facts->flags & EFFECT_DESCENDANTS) != 0,
	};

	/* What goes along with a table may lie in another schema. */
	if (effect->facts->flags & EFFECT_DESCENDANTS)
		target.schema_is_known = false;
	if (effect->facts->object == OBJECT_SCHEMA) {
		target.is_any_name = true;
		target.schema_is_known = !(effect->facts->flags & EFFECT_DESCENDANTS);
		target.schema = effect->name;
	} else if (effect->facts->object == OBJECT_DATABASE) {
		target.is_any_name = true;
		target.schema_is_known = false;
	}
	return target;
}

/* Whether a restriction on `globs` meets a relation that this one is a part of, has as a part,
 * or shows. */
static bool reach_restricts(struct judging *judging, const struct effect *effect,
			    const struct globs *globs)
{
	const struct catalogue_relation *relation = effect->place.relation;
	struct reach *reach;

	if (!relation || (relation->base_count == 0 && relation->dependent_count == 0))
		return false;
	reach = arena_get(judging->memory, sizeof(*reach));
	if (!reach) {
		judging->failed = -ENOMEM;
		return true;
	}
	reach_collect(reach, judging->catalogue, relation);
	for (size_t i = 0; i < reach->count; i++) {
		struct target member = { true, reach->relations[i]->schema,
					 reach->relations[i]->name, false };

		if (globs_restrict(globs, &member))
			return true;
	}
	return reach->is_open && reach->count == REACH_MAX;
}

static bool tables_restrict(struct judging *judging, const struct effect *effect,
			    const struct globs *tables)
{
	struct target target = table_target(effect);

	if (effect->facts->object != OBJECT_RELATION && !holds_tables(effect))
		return false;
	return globs_restrict(tables, &target) || reach_restricts(judging, effect, tables);
}

static bool tables_grant(const struct effect *effect, const struct globs *tables,
			 const struct globs *schemas)
{
	struct target target = table_target(effect);

	if (effect->facts->object != OBJECT_RELATION || effect->place.is_doubtful ||
	    (effect->facts->flags & EFFECT_DESCENDANTS))
		return false;
	return globs_grant(tables, &target, schemas);
}

static bool functions_restrict(const struct effect *effect, const struct globs *functions)
{
	struct target target = { effect->schema.length > 0, effect->schema, effect->name,
				 effect->name.length == 0 };

	return effect->facts->object == OBJECT_FUNCTION && globs_restrict(functions, &target);
}

/* Whether everything on the path is declared or the server's own, so that a bare function is one
 * of those. */
static bool path_is_declared(const struct judging *judging, const struct globs *schemas)
{
	const struct catalogue_identity *identity;

	if (!judging->catalogue)
		return session_is_assumed(judging->session);
	identity = catalogue_identity(judging->catalogue);
	for (size_t i = 0; i < identity->path_count; i++) {
		/* Functions are never looked for in temporary schemas (manual, 19.11.1,
		 * search_path). */
		if (!slice_is(identity->path[i], "pg_catalog") &&
		    !slice_starts_with(identity->path[i], "pg_temp_") &&
		    !name_is_in(schemas, identity->path[i]))
			return false;
	}
	return true;
}

static bool function_grants(const struct judging *judging, const struct effect *effect,
			    const char *pattern, const struct globs *schemas)
{
	struct slice schema, name;

	split(pattern, &schema, &name);
	if (!slice_matches(effect->name, name))
		return false;
	if (effect->schema.length > 0 && schema.at)
		return slice_matches(effect->schema, schema);
	if (effect->schema.length > 0)
		return slice_is(effect->schema, "pg_catalog") ||
		       name_is_in(schemas, effect->schema);
	return !schema.at && effect->path_is_known && path_is_declared(judging, schemas);
}

static bool functions_grant(const struct judging *judging, const struct effect *effect,
			    const struct globs *functions, const struct globs *schemas)
{
	if (effect->facts->object != OBJECT_FUNCTION || effect->name.length == 0)
		return false;
	for (size_t i = 0; i < functions->count; i++) {
		if (function_grants(judging, effect, functions->items[i], schemas))
			return true;
	}
	return false;
}

/* `tables` are the objects of every verb but `call`, whose objects are `functions`. */
static bool objects_restrict(struct judging *judging, const struct effect *effect,
			     const struct policy_rule *rule)
{
	bool is_call = effect->verb == VERB_CALL;

	if (rule->tables.count == 0 && rule->functions.count == 0)
		return true;
	if (rule->functions.count > 0 && functions_restrict(effect, &rule->functions))
		return true;
	if (rule->tables.count > 0 && tables_restrict(judging, effect, &rule->tables))
		return true;
	if (!rule->has_verbs)
		return false;
	return is_call ? rule->functions.count == 0 : rule->tables.count == 0;
}

static bool objects_grant(const struct judging *judging, const struct effect *effect,
			  const struct policy_rule *rule, const struct globs *schemas)
{
	if (rule->tables.count == 0 && rule->functions.count == 0)
		return true;
	if (rule->functions.count > 0 && effect->verb == VERB_CALL)
		return functions_grant(judging, effect, &rule->functions, schemas);
	return rule->tables.count > 0 && tables_grant(effect, &rule->tables, schemas);
}

bool effect_is_restricted_by(struct judging *judging, const struct effect *effect,
			     const struct policy_rule *rule)
{
	return verb_matches(rule, effect->verb) && objects_restrict(judging, effect, rule) &&
	       only_where_holds(judging, effect, rule, false);
}

bool effect_is_granted_by(struct judging *judging, const struct effect *effect,
			  const struct policy_rule *rule, uint32_t database)
{
	const struct globs *schemas = NULL;

	if (database != FACTS_NONE)
		schemas = &judging->policy->databases[database].schemas;
	return verb_matches(rule, effect->verb) && objects_grant(judging, effect, rule, schemas) &&
	       only_where_holds(judging, effect, rule, true);
}

bool effect_is_named_by(struct judging *judging, const struct effect *effect,
			const struct policy_rule *rule)
{
	if (!verb_matches(rule, effect->verb))
		return false;
	return functions_restrict(effect, &rule->functions) ||
	       tables_restrict(judging, effect, &rule->tables);
}

/* SPDX-License-Identifier: MIT */
/* Operators and casts: which are used, what applying them tells.
 *
 * PostgreSQL looks operators and types up as it does functions, so that somebody's own may stand in
 * for a built-in one: each is an effect, for the judge to hold against the catalogue. */
#include "policy/engine/analysis.h"
#include "policy/engine/builtins.h"

void operator_used(struct analysis *analysis, const char *name)
{
	syntax_effect(analysis, (struct facts_text){ 0, 0 }, analysis_text(analysis, name));
}

/* BETWEEN and its like stand for two comparisons (transformAExprBetween in
 * src/backend/parser/parse_expr.c). */
static void use_comparisons(struct analysis *analysis, A_Expr_Kind kind)
{
	bool is_negated = kind == AEXPR_NOT_BETWEEN || kind == AEXPR_NOT_BETWEEN_SYM;

	operator_used(analysis, is_negated ? "<" : ">=");
	operator_used(analysis, is_negated ? ">" : "<=");
}

bool operator_named(struct analysis *analysis, List *names, bool *ret_can_raise)
{
	struct facts_text schema, name;

	split_name(analysis, names, &schema, &name);
	bool is_own = (schema.length == 0 || text_is(analysis, schema, "pg_catalog")) &&
		      builtin_operator(analysis_slice(analysis, name), ret_can_raise);

	if (is_own)
		syntax_effect(analysis, schema, name);
	else
		call_effect(analysis, schema, name, false);
	return is_own;
}

void operator_apply(struct analysis *analysis, const A_Expr *operator,
		    const struct value * arguments, struct value *value)
{
	bool can_raise = false;

	if (operator->kind >= AEXPR_BETWEEN) {
		use_comparisons(analysis, operator->kind);
	} else if (!operator_named(analysis, operator->name, &can_raise)) {
		sources_top(&value->sources);
		can_raise = true;
	}
	if (can_raise)
		probe_add(analysis, PROBE_RAISING, &arguments->sources);
	if (operator->kind == AEXPR_NULLIF)
		probe_add(analysis, PROBE_CASE, &arguments->sources);
}

/* Types that take any value's text form as it is. */
static bool is_total_cast(const struct analysis *analysis, struct facts_text type)
{
	static const char *const names[] = {
		"text", "varchar", "bpchar", "char", "name", "unknown"
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_is(analysis, type, names[i]))
			return true;
	return false;
}

static void split_type(struct analysis *analysis, List *names, struct facts_text *ret_schema,
		       struct facts_text *ret_name)
{
	split_name(analysis, names, ret_schema, ret_name);
	if (text_is(analysis, *ret_schema, "pg_catalog"))
		*ret_schema = (struct facts_text){ 0, 0 };
}

/* Casts have no schema: one that somebody made counts for pg_catalog's types too.  An array is cast
 * by its elements. */
static void cast_used(struct analysis *analysis, const char *type)
{
	operator_used(analysis, type[0] == '_' ? type + 1 : type);
}

void type_name_effect(struct analysis *analysis, const TypeName *type)
{
	struct facts_text schema, name;

	if (type == NULL || type->names == NIL)
		return;
	split_type(analysis, type->names, &schema, &name);
	if (schema.length > 0 || !builtin_type(analysis_slice(analysis, name)))
		call_effect(analysis, schema, name, false);
	else
		cast_used(analysis, strVal(llast(type->names)));
	/* 'users'::regclass and its like look their text up. */
	if (slice_starts_with(analysis_slice(analysis, name), "reg"))
		analysis->parts->literal_decides = true;
}

void cast_apply(struct analysis *analysis, const TypeName *type, struct value *value)
{
	struct facts_text schema, name;

	type_name_effect(analysis, type);
	split_type(analysis, type->names, &schema, &name);
	if (!is_total_cast(analysis, name) || schema.length > 0)
		probe_add(analysis, PROBE_RAISING, &value->sources);
}

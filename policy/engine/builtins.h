/* SPDX-License-Identifier: MIT */
/* What is known about PostgreSQL's own functions, operators, types, settings and catalogue
 * relations. */
#ifndef POLICY_ENGINE_BUILTINS_H
#define POLICY_ENGINE_BUILTINS_H

#include <stdbool.h>

#include "common/slice.h"

enum builtin_function {
	BUILTIN_UNKNOWN,  /* not on the list: a `call` */
	BUILTIN_HARMLESS, /* no side effect, shows nothing but what its arguments hold */
	/* harmless, and never raises an error nor returns a set: may touch a protected column */
	BUILTIN_TOTAL,
	BUILTIN_AGGREGATE, /* harmless aggregate or window function */
	BUILTIN_COUNTING,  /* harmless aggregate that only counts: count */
	BUILTIN_SET,       /* harmless, returns a set (generate_series, unnest, …) */
	/* a `call`, whose result shows nothing but what its arguments hold (nextval, …) */
	BUILTIN_EFFECT,
};

static inline bool builtin_is_harmless(enum builtin_function class)
{
	return class != BUILTIN_UNKNOWN && class != BUILTIN_EFFECT;
}

/* What pg_catalog's function(s) of this name are, the strictest of its overloads. */
enum builtin_function builtin_function(struct slice name);

/* Operators of pg_catalog: whether every operator of this name is built in, harmless;
 * `*ret_can_raise` when some of them can raise an error for some arguments (division, arithmetic
 * overflow, …). */
bool builtin_operator(struct slice name, bool *ret_can_raise);

/* Types of pg_catalog, by internal or SQL name (int4, integer is already folded by the grammar). */
bool builtin_type(struct slice name);

/* Settings whose change is harmless (policy/README.md, verb `set`). */
bool builtin_setting_is_harmless(struct slice name);

enum builtin_relation {
	BUILTIN_RELATION_NONE,     /* no such relation in pg_catalog / information_schema */
	BUILTIN_RELATION_HARMLESS, /* reads need no rule */
	/* statistics, query texts, secrets: as a table, and its values come from anywhere */
	BUILTIN_RELATION_REVEALING,
};

/* A relation of pg_catalog or information_schema.  An empty schema means: as found through
 * pg_catalog, which is searched first. */
enum builtin_relation builtin_relation(struct slice schema, struct slice name);

/* What a column of a revealing relation holds. */
enum builtin_column {
	BUILTIN_COLUMN_UNKNOWN,  /* not listed: as VALUES */
	BUILTIN_COLUMN_HARMLESS, /* names, numbers of objects, counters, times */
	BUILTIN_COLUMN_VALUES,   /* values of anybody's columns, or texts that may hold them */
	BUILTIN_COLUMN_SECRET,   /* passwords: shown as NULL, which programs take for none */
	/* a list of `name=value`: secret as well, but which names it has is not */
	BUILTIN_COLUMN_OPTIONS,
};

/* The columns of a relation that reveals, or is harmless but for some: lists with blanks at both ends,
 * and why the latter reveal. */
struct builtin_columns {
	const char *relation;
	const char *harmless;
	const char *revealing;
	enum builtin_column class; /* of the revealing ones */
	const char *reason;
};

/* NULL for a relation of which no column reveals anything. */
const struct builtin_columns *builtin_columns(struct slice schema, struct slice relation);
/* The relations whose columns are told apart, from 0 on; NULL behind the last. */
const struct builtin_columns *builtin_columns_at(size_t index);
enum builtin_column builtin_column(const struct builtin_columns *columns, struct slice name);

#endif

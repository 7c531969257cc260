/* SPDX-License-Identifier: MIT */
/* Finds the overloads and fields of a catalogue among what users made.  A function, operator or
 * cast stands in for the server's own of its name only where it takes the same kinds of values:
 * those whose arguments are of types that somebody made do not count. */
#include "policy/engine/catalogue_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* OIDs that never change (src/include/catalog/pg_proc.h, pg_operator.h, pg_language.dat). */
#define CLASS_FUNCTION    1255u
#define CLASS_OPERATOR    2617u
#define LANGUAGE_INTERNAL 12u
#define LANGUAGE_C        13u

/* A function, operator, type or cast: a name that could be the server's own. */
struct calls_function {
	uint32_t class, oid; /* 0: not known by its extension */
	bool is_in_c, is_cast;
	struct overload overload;
};

struct calls_field {
	struct slice schema;
	struct catalogue_field field;
};

struct calls_member {
	uint32_t class, oid, extension;
};

struct calls_extension {
	uint32_t oid;
	struct slice name;
};

/* What a superuser installed from files that are known to behave as the server's own: members in C
 * of extensions that come with PostgreSQL or are as common.  Who owns an extension can add members
 * to it, but none in C. */
static const char *const KNOWN[] = {
	"btree_gin", "btree_gist", "citext",    "cube",     "earthdistance", "fuzzystrmatch",
	"hstore",    "intarray",   "isn",       "ltree",    "pg_trgm",       "pgcrypto",
	"postgis",   "seg",        "tablefunc", "unaccent", "uuid-ossp",     "vector",
};

/* The types that regtype's output calls otherwise than pg_type does (format_type_extended in
 * src/backend/utils/adt/format_type.c), and the arrays whose names do not tell their elements. */
static const struct {
	const char *shown, *name;
} TYPE_NAMES[] = {
	{ "bigint", "int8" },
	{ "bit varying", "varbit" },
	{ "boolean", "bool" },
	{ "character", "bpchar" },
	{ "character varying", "varchar" },
	{ "double precision", "float8" },
	{ "int2vector", "int2" },
	{ "int2vector[]", "int2vector" },
	{ "integer", "int4" },
	{ "oidvector", "oid" },
	{ "oidvector[]", "oidvector" },
	{ "real", "float4" },
	{ "record[]", "_record" },
	{ "smallint", "int2" },
	{ "time with time zone", "timetz" },
	{ "time without time zone", "time" },
	{ "timestamp with time zone", "timestamptz" },
	{ "timestamp without time zone", "timestamp" },
};

static int add_function(struct calls *calls, struct arena *memory,
			const struct calls_function *function)
{
	struct calls_function *functions =
		arena_grow(memory, calls->functions, calls->function_count, sizeof(*functions));

	if (!functions)
		return -ENOMEM;
	calls->functions = functions;
	functions[calls->function_count++] = *function;
	return 0;
}

static int read_overload(struct arena *memory, struct slice *row, struct overload *overload)
{
	int r = row_name(memory, row, &overload->schema);

	return r == 0 ? row_name(memory, row, &overload->name) : r;
}

static bool is_compiled(uint32_t language)
{
	return language == LANGUAGE_INTERNAL || language == LANGUAGE_C;
}

/* TYPE TYPE…: all that is left of the row. */
static int read_arguments(struct slice *row, uint32_t *count, bool *any_is_made)
{
	uint32_t type;

	while (row->length > 0) {
		int r = row_number(row, &type);

		if (r < 0)
			return r;
		*any_is_made |= type >= FIRST_USER_OID;
		(*count)++;
	}
	return 0;
}

static int add_field(struct calls *calls, struct arena *memory, const struct overload *name,
		     uint32_t relation)
{
	struct calls_field *fields =
		arena_grow(memory, calls->fields, calls->field_count, sizeof(*fields));

	if (!fields)
		return -ENOMEM;
	calls->fields = fields;
	fields[calls->field_count++] =
		(struct calls_field){ name->schema, { name->name, relation } };
	return 0;
}

/* OID LANGUAGE DEFAULTS {RELATION,…} SCHEMA NAME TYPE…
 * A function that can be called with one row is also reached as `row.name`, like a column. */
int calls_read_function(struct calls *calls, struct arena *memory, struct slice *row)
{
	struct calls_function function = { .class = CLASS_FUNCTION };
	uint32_t language, defaults, arguments = 0, *relations;
	size_t relation_count = 0;
	bool any_is_made = false;
	int r = row_number(row, &function.oid);

	if (r == 0)
		r = row_number(row, &language);
	if (r == 0)
		r = row_number(row, &defaults);
	if (r == 0)
		r = row_numbers(memory, row, &relations, &relation_count);
	if (r == 0)
		r = read_overload(memory, row, &function.overload);
	if (r == 0)
		r = read_arguments(row, &arguments, &any_is_made);
	for (size_t i = 0; r == 0 && arguments <= defaults + 1 && i < relation_count; i++)
		r = add_field(calls, memory, &function.overload, relations[i]);
	if (r < 0 || any_is_made)
		return r;
	function.is_in_c = is_compiled(language);
	return add_function(calls, memory, &function);
}

/* OID LEFT RIGHT LANGUAGE SCHEMA NAME */
int calls_read_operator(struct calls *calls, struct arena *memory, struct slice *row)
{
	struct calls_function function = { .class = CLASS_OPERATOR };
	uint32_t left, right, language;
	int r = row_number(row, &function.oid);

	if (r == 0)
		r = row_number(row, &left);
	if (r == 0)
		r = row_number(row, &right);
	if (r == 0)
		r = row_number(row, &language);
	if (r == 0)
		r = read_overload(memory, row, &function.overload);
	if (r < 0 || left >= FIRST_USER_OID || right >= FIRST_USER_OID)
		return r;
	function.is_in_c = is_compiled(language);
	return add_function(calls, memory, &function);
}

/* SCHEMA NAME */
int calls_read_type(struct calls *calls, struct arena *memory, struct slice *row)
{
	struct calls_function function = { .class = 0 };
	int r = read_overload(memory, row, &function.overload);

	return r == 0 ? add_function(calls, memory, &function) : r;
}

static bool find_type_name(struct slice shown, struct slice *ret_name)
{
	for (size_t i = 0; i < COUNT_OF(TYPE_NAMES); i++) {
		if (!slice_is(shown, TYPE_NAMES[i].shown))
			continue;
		*ret_name = slice_of(TYPE_NAMES[i].name);
		return true;
	}
	return false;
}

/* The name in pg_type of one of the server's own types, of an array's members for an array. */
static struct slice type_name(struct slice shown)
{
	struct slice name;

	for (size_t i = shown.length; i > 0; i--) {
		if (shown.at[i - 1] != '.')
			continue;
		shown = slice_part(shown, i, shown.length);
		break;
	}
	if (find_type_name(shown, &name))
		return name;
	if (slice_ends_with(shown, "[]"))
		shown.length -= 2;
	if (shown.length > 2 && shown.at[0] == '"')
		return slice_part(shown, 1, shown.length - 2);
	return find_type_name(shown, &name) ? name : shown;
}

/* CONTEXT FUNCTION TYPE TYPE, both types the server's own.
 * A cast belongs to no schema, and applies as if it lay in pg_catalog; one that is applied unasked
 * has no name. */
int calls_read_cast(struct calls *calls, struct arena *memory, struct slice *row)
{
	struct calls_function cast = { .is_cast = true,
				       .overload = { .schema = SLICE("pg_catalog") } };
	struct slice types[2];
	uint32_t function;
	char context;
	int r = row_character(row, &context);

	if (r == 0)
		r = row_number(row, &function);
	for (size_t i = 0; r == 0 && i < COUNT_OF(types); i++)
		r = row_name(memory, row, &types[i]);
	for (size_t i = 0; r == 0 && i < COUNT_OF(types); i++) {
		bool is_unasked = context == 'i' && function >= FIRST_USER_OID;

		cast.overload.name = is_unasked ? SLICE("") : type_name(types[i]);
		r = add_function(calls, memory, &cast);
	}
	return r;
}

/* CLASS OID EXTENSION */
int calls_read_member(struct calls *calls, struct arena *memory, struct slice *row)
{
	struct calls_member *members =
		arena_grow(memory, calls->members, calls->member_count, sizeof(*members));

	if (!members)
		return -ENOMEM;
	calls->members = members;
	struct calls_member *member = &members[calls->member_count++];
	int r = row_number(row, &member->class);
	if (r == 0)
		r = row_number(row, &member->oid);
	return r == 0 ? row_number(row, &member->extension) : r;
}

/* OID NAME */
int calls_read_extension(struct calls *calls, struct arena *memory, struct slice *row)
{
	struct calls_extension *extensions =
		arena_grow(memory, calls->extensions, calls->extension_count, sizeof(*extensions));

	if (!extensions)
		return -ENOMEM;
	calls->extensions = extensions;
	struct calls_extension *extension = &extensions[calls->extension_count++];
	int r = row_number(row, &extension->oid);
	return r == 0 ? row_name(memory, row, &extension->name) : r;
}

static bool extension_is_known(const struct calls *calls, uint32_t oid)
{
	for (size_t i = 0; i < calls->extension_count; i++) {
		if (calls->extensions[i].oid != oid)
			continue;
		for (size_t k = 0; k < COUNT_OF(KNOWN); k++) {
			if (slice_is(calls->extensions[i].name, KNOWN[k]))
				return true;
		}
	}
	return false;
}

static int compare_members(const void *a, const void *b)
{
	const struct calls_member *left = a, *right = b;

	if (left->class != right->class)
		return left->class < right->class ? -1 : 1;
	return (left->oid > right->oid) - (left->oid < right->oid);
}

/* Keeps the members of known extensions alone, to be searched. */
static void sort_members(struct calls *calls)
{
	size_t kept = 0;

	for (size_t i = 0; i < calls->member_count; i++) {
		if (extension_is_known(calls, calls->members[i].extension))
			calls->members[kept++] = calls->members[i];
	}
	calls->member_count = kept;
	if (kept > 0)
		qsort(calls->members, kept, sizeof(*calls->members), compare_members);
}

static bool is_known(const struct calls *calls, const struct calls_function *function)
{
	struct calls_member key = { function->class, function->oid, 0 };

	return function->is_in_c && calls->member_count > 0 &&
	       bsearch(&key, calls->members, calls->member_count, sizeof(key), compare_members);
}

static bool counts(const struct calls *calls, const struct catalogue *catalogue,
		   const struct calls_function *function)
{
	if (function->is_cast)
		return true;
	return !catalogue_schema_is_system(catalogue, function->overload.schema) &&
	       !is_known(calls, function);
}

int calls_settle(struct calls *calls, struct catalogue *catalogue)
{
	sort_members(calls);
	catalogue->overloads =
		arena_get(catalogue->memory, (calls->function_count + 1) * sizeof(struct overload));
	catalogue->fields = arena_get(catalogue->memory,
				      (calls->field_count + 1) * sizeof(struct catalogue_field));
	if (!catalogue->overloads || !catalogue->fields)
		return -ENOMEM;
	for (size_t i = 0; i < calls->function_count; i++) {
		const struct calls_function *function = &calls->functions[i];

		if (counts(calls, catalogue, function))
			catalogue->overloads[catalogue->overload_count++] = function->overload;
	}
	for (size_t i = 0; i < calls->field_count; i++) {
		if (!catalogue_schema_is_system(catalogue, calls->fields[i].schema))
			catalogue->fields[catalogue->field_count++] = calls->fields[i].field;
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* The inside of a catalogue, for the files that fill it and look things up. */
#ifndef POLICY_ENGINE_CATALOGUE_PRIVATE_H
#define POLICY_ENGINE_CATALOGUE_PRIVATE_H

#include "policy/engine/arena.h"
#include "policy/engine/catalogue.h"

/* A name that somebody's function, operator, type or cast has.  One without a name is a cast that
 * the server applies unasked, to the arguments of whatever is called. */
struct overload {
	struct slice schema, name;
	bool is_on_path;
};

/* A function that can be called as `row.name`. */
struct catalogue_field {
	struct slice name;
	uint32_t relation; /* whose rows it takes; 0: any */
};

struct catalogue {
	struct arena *memory;
	struct catalogue_relation *relations; /* by OID */
	size_t relation_count;
	uint32_t *by_name;          /* indexes into relations, by (name, schema) */
	struct overload *overloads; /* by name, each once; on the path where any of it is */
	size_t overload_count;
	struct catalogue_field *fields; /* by name */
	size_t field_count;
	struct catalogue_relation *builtins; /* catalogue_builtin's */
	size_t builtin_count;
	struct catalogue_identity identity;
	struct slice temporary_schema; /* the session's own; "-" before it has one */
	uint64_t digest;
};

/* Whether the server has the schema for itself, or another session has it for its temporary
 * objects. */
bool catalogue_schema_is_system(const struct catalogue *catalogue, struct slice schema);

/* Sorts the names and relations of a catalogue that was just filled. */
must_use int catalogue_index(struct catalogue *catalogue);

#endif

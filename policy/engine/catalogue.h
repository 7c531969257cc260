/* SPDX-License-Identifier: MIT */
/* What is known of a database's relations and functions: learned by one query on an idle
 * connection, so that names can be resolved and origins recognised (decisions.md 13).  Nothing in
 * it may ever remove protection. */
#ifndef POLICY_ENGINE_CATALOGUE_H
#define POLICY_ENGINE_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/slice.h"
#include "policy/engine/policy.h"

#define CATALOGUE_RELATIONS_MAX 200000

struct catalogue_column {
	struct slice name;
	int32_t attribute;
	uint32_t type;
	int32_t modifier;  /* pg_attribute.atttypmod */
	bool is_generated; /* computed when it is stored; COPY of the table leaves it out */
};

struct catalogue_relation {
	uint32_t oid;
	char kind; /* pg_class.relkind */
	struct slice schema;
	struct slice name;
	/* known for relations that policy columns name, and for those that depend on them */
	const struct catalogue_column *columns;
	size_t column_count;
	/* OIDs of relations it is a view on or inherits from; 0: a view that calls a function
	 * which is not built in, so that it may show anything */
	const uint32_t *bases;
	size_t base_count;
	const uint32_t *dependents; /* OIDs of relations that have it as a base */
	size_t dependent_count;
};

struct catalogue;

/* Whether a policy needs to know the catalogue at all; if not, no query is ever sent. */
bool catalogue_is_needed(const struct policy *policy);

/* Writes the query that learns it: one string, whose result is that of its last statement, a SELECT
 * of one text column; every name and operator qualified with pg_catalog, harmless under any
 * search_path and role, read-only, one round trip, and no setting is left changed: it is one
 * implicit transaction. */
must_use int catalogue_query(const struct policy *policy, struct buf *out);

/* Writes the query that learns the session's own tables: those that nothing but statements of this
 * session can have filled.  It may run in an open transaction: it sets nothing, and takes no
 * snapshot that CREATE had not taken. */
must_use int catalogue_own_query(struct buf *out);

/* Makes a catalogue of the rows that one of the queries gave, one slice each.  -EBADMSG for
 * rows that are not of its making, -E2BIG beyond the maximum. */
must_use int catalogue_read(const struct slice *rows, size_t count,
			    struct catalogue **ret_catalogue);
void catalogue_free(struct catalogue *catalogue);
DEFINE_FREEP(struct catalogue, catalogue_freep, catalogue_free)

/* NULL when unknown. */
const struct catalogue_relation *catalogue_find(const struct catalogue *catalogue,
						struct slice schema, struct slice name);
const struct catalogue_relation *catalogue_by_oid(const struct catalogue *catalogue, uint32_t oid);

/* Whether it has a relation of this name that `old` (NULL: nothing was known) has not, or has
 * elsewhere. */
bool catalogue_has_another(const struct catalogue *catalogue, const struct catalogue *old,
			   struct slice name);

/* A relation of the server's own of which some columns may be shown and others not (builtins.h): its
 * columns in their order, without their types.  NULL when it was not learned. */
const struct catalogue_relation *catalogue_builtin(const struct catalogue *catalogue,
						   struct slice schema, struct slice name);

/* Whether some function, operator, type or cast outside pg_catalog has this name and takes the
 * server's own types (security.md 3): in a schema of the path that was learned, or in any where the
 * path is not known to be that one. */
bool catalogue_overloads(const struct catalogue *catalogue, struct slice name, bool path_is_known);

/* Whether some function outside pg_catalog has this name and takes the relation's rows (NULL: any
 * relation's), so that `row.name` may be a call. */
bool catalogue_has_field(const struct catalogue *catalogue,
			 const struct catalogue_relation *relation, struct slice name);

/* What the query said of the session itself. */
struct catalogue_identity {
	struct slice database; /* current_database() */
	struct slice session_user;
	struct slice current_user;
	struct slice server_id;   /* system_identifier, empty when it may not be read */
	const struct slice *path; /* current_schemas(true), in order */
	size_t path_count;
	int32_t backend_pid;
	bool is_in_recovery;
};
const struct catalogue_identity *catalogue_identity(const struct catalogue *catalogue);

/* A number that changes whenever anything above does: equal contents, equal number.  The backend's
 * pid, which differs for every connection, does not count. */
uint64_t catalogue_digest(const struct catalogue *catalogue);

#endif

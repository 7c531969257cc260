/* SPDX-License-Identifier: MIT */
/* PostgreSQL 15's own parse tree, as its headers declare it. */
#ifndef POLICY_ENGINE_POSTGRES_TREE_H
#define POLICY_ENGINE_POSTGRES_TREE_H

/* nodes/parsenodes.h has enumerators of these names, and policy/engine/facts.h has others. */
#define OBJECT_FUNCTION POSTGRES_OBJECT_FUNCTION
#define OBJECT_SCHEMA   POSTGRES_OBJECT_SCHEMA
#define OBJECT_DATABASE POSTGRES_OBJECT_DATABASE
#define OBJECT_ROLE     POSTGRES_OBJECT_ROLE

#include <postgres.h>

#include <catalog/pg_class.h>
#include <nodes/nodeFuncs.h>
#include <nodes/parsenodes.h>
#include <nodes/pg_list.h>
#include <nodes/primnodes.h>
#include <nodes/value.h>
#include <utils/memutils.h>
#include <utils/palloc.h>

#undef OBJECT_FUNCTION
#undef OBJECT_SCHEMA
#undef OBJECT_DATABASE
#undef OBJECT_ROLE

#include "common/slice.h"
#include "policy/engine/analyse.h"

/* Makes the parser ready; the first call counts.  Must run outside PG_TRY. */
void postgres_parse_init(void);

/* Parses NUL-terminated `text` into a list of RawStmt in the current memory context.  Raises
 * PostgreSQL errors: call it within PG_TRY. */
List *postgres_parse(const char *text, const struct analyse_settings *settings);

/* Inside PG_CATCH: forgets the error and writes its message and place (1-based byte, or 0) as a
 * sentence. */
void postgres_error_text(char *ret_text, size_t size);

/* The text of a String node. */
static inline struct slice string_slice(const void *node)
{
	return slice_of(strVal(node));
}

#endif

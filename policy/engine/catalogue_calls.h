/* SPDX-License-Identifier: MIT */
/* What users made that can be called: of the rows on functions, operators, types, casts and
 * extensions, those that stand in for the server's own become a catalogue's overloads, and those
 * that take rows its fields. */
#ifndef POLICY_ENGINE_CATALOGUE_CALLS_H
#define POLICY_ENGINE_CATALOGUE_CALLS_H

#include "policy/engine/catalogue_private.h"
#include "policy/engine/catalogue_row.h"

/* The first OID that the server gives to what users make (src/include/access/transam.h,
 * FirstNormalObjectId). */
#define FIRST_USER_OID 16384u

struct calls_member;
struct calls_extension;
struct calls_function;
struct calls_field;

/* All of it lies in the catalogue's memory. */
struct calls {
	struct calls_function *functions; /* operators too */
	size_t function_count;
	struct calls_field *fields;
	size_t field_count;
	struct calls_member *members;
	size_t member_count;
	struct calls_extension *extensions;
	size_t extension_count;
};

/* Each reads the rest of a row of its kind. */
must_use int calls_read_function(struct calls *calls, struct arena *memory, struct slice *row);
must_use int calls_read_operator(struct calls *calls, struct arena *memory, struct slice *row);
must_use int calls_read_type(struct calls *calls, struct arena *memory, struct slice *row);
must_use int calls_read_cast(struct calls *calls, struct arena *memory, struct slice *row);
must_use int calls_read_member(struct calls *calls, struct arena *memory, struct slice *row);
must_use int calls_read_extension(struct calls *calls, struct arena *memory, struct slice *row);

/* Gives the catalogue its overloads and fields, once all rows are read, the identity's among
 * them. */
must_use int calls_settle(struct calls *calls, struct catalogue *catalogue);

#endif

/* SPDX-License-Identifier: MIT */
/* Values of the store as PostgreSQL's protocol has them, in binary. */
#ifndef TOOLS_SERVER_POSTGRESQL_VALUE_H
#define TOOLS_SERVER_POSTGRESQL_VALUE_H

#include <libpq-fe.h>

#include "tools/server/store.h"

/* What libpq's calls take; points into the values. */
struct postgresql_values {
	int count;
	const char *at[STORE_VALUES_MAX];
	int lengths[STORE_VALUES_MAX], formats[STORE_VALUES_MAX];
	uint64_t numbers[STORE_VALUES_MAX]; /* big-endian */
};

/* The type of a parameter; 0, which is what its place in the statement says, for a NULL. */
Oid postgresql_type(enum store_kind kind);

/* At most STORE_VALUES_MAX of them. */
void postgresql_pack(struct store_values values, struct postgresql_values *ret_packed);

/* A column of a row, which points into the result.  -EINVAL for a type that the store has not. */
must_use int postgresql_column(const PGresult *result, int row, int column,
			       struct store_value *ret_value);

#endif

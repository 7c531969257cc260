/* SPDX-License-Identifier: MIT */
/* What the store in PostgreSQL needs of libpq that keeps nothing: values in binary, errors, what a server
 * says unasked. */
#ifndef TOOLS_SERVER_STORE_POSTGRESQL_VALUE_H
#define TOOLS_SERVER_STORE_POSTGRESQL_VALUE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "tools/server/store/store.h"

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

/* Whether a statement did what it should. */
bool postgresql_is_good(const PGresult *result);

/* What an error's SQLSTATE (NULL where there is none) is to the store. */
int postgresql_errno(const char *state);

/* Reads what the server said to a connection that waited: that it ends, maybe. */
void postgresql_look(PGconn *connection);

/* Waits until somebody told (NOTIFY) since the last time: 1.  0: `end_fd` can be read; -ENOTCONN, or what
 * poll says. */
must_use int postgresql_wait(PGconn *connection, int end_fd);

/* -EINVAL: it is no URL of a database.  What libpq says of one has the URL in it, and so the password. */
must_use int postgresql_check_url(const char *url, struct error *error);

#endif

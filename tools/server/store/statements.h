/* SPDX-License-Identifier: MIT */
/* Which statements a connection has prepared: a place each.  Where all are taken, the one that was used
 * longest ago makes room, so that no number of them is too many. */
#ifndef TOOLS_SERVER_STORE_STATEMENTS_H
#define TOOLS_SERVER_STORE_STATEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATEMENTS_MAX  256u
#define STATEMENTS_KEPT 3u /* the first ones, which never make room */

struct statements {
	const char *sql[STATEMENTS_MAX]; /* the literals themselves; NULL: the place is free */
	uint64_t used[STATEMENTS_MAX];   /* which use of all it was last */
	uint64_t uses;
};

/* The place of `sql`, which is used now.  False: it has none, and `ret_place` is one that is free or makes
 * room. */
bool statements_find(struct statements *statements, const char *sql, size_t *ret_place);

/* The place is used now: another one makes room. */
void statements_touch(struct statements *statements, size_t place);

/* What is in the place from now on; NULL: nothing. */
void statements_put(struct statements *statements, size_t place, const char *sql);

#endif

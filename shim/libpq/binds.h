/* SPDX-License-Identifier: MIT */
/* The private copy of what a call binds to its parameters: judged and forwarded, whatever another
 * thread does to the program's own (security.md 9). */
#ifndef SHIM_LIBPQ_BINDS_H
#define SHIM_LIBPQ_BINDS_H

#include <libpq-fe.h>

#include "common/cleanup.h"

/* A call's arrays, of which each may be NULL. */
struct binds {
	int count;
	const Oid *types;
	const char *const *values;
	const int *lengths;
	const int *formats;
	const PQArgBlock *arguments; /* of PQfn, which has no other */
};

/* Memory for one call's copy.  Zeroed: none yet. */
struct binds_room {
	struct binds_memory {
		char *at;
		size_t size;
	} arrays, bytes;
};

/* Replaces the arrays by copies in `room`, which live until its next use.  Numbers of parameters that
 * libpq refuses without a look at the arrays leave them as they are.  0 or -ENOMEM. */
must_use int binds_copy(struct binds_room *room, struct binds *binds);

/* Gives memory back that an ordinary call does not need; all of it. */
void binds_shrink(struct binds_room *room);
void binds_done(struct binds_room *room);

#endif

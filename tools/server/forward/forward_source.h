/* SPDX-License-Identifier: MIT */
/* What a receiver is to be sent next: statements in the order in which the log has their outcomes, and
 * those without one when they have waited for it (doc/forwarding.md). */
#ifndef TOOLS_SERVER_FORWARD_FORWARD_SOURCE_H
#define TOOLS_SERVER_FORWARD_FORWARD_SOURCE_H

#include "tools/server/forward/forward_batch.h"
#include "tools/server/record/statement.h"

struct forward_source;

/* Of the log of that number.  `store` and `server`, its name, outlive it. */
must_use int forward_source_new(struct store *store, const char *server, int64_t log,
				struct forward_source **ret_source);
void forward_source_free(struct forward_source *source);
DEFINE_FREEP(struct forward_source, forward_source_freep, forward_source_free)

/* What is filled next is what follows on the forward's progress, as its settings are. */
void forward_source_seek(struct forward_source *source, const struct forward *forward);

/* Fills and ends a batch that was begun, with what there is and in bounded time: it may hold no event
 * and lead further all the same.  -EUCLEAN: what is stored is no record; or the database's trouble;
 * then forward_source_seek is needed. */
must_use int forward_source_fill(struct forward_source *source, struct forward_batch *batch);

#endif

/* SPDX-License-Identifier: MIT */
/* Letting go of what machines delivered long ago: whole deliveries from a log's beginning on, with the rows
 * that were made of them, in transactions that are small, so that others come in between.  The log's tree
 * with the hashes of all leaves stays, and a note that the log's key signs says which leaves have no bytes
 * any more (control/retention.h).  Counts stay (index_count.h): what they count happened. */
#ifndef TOOLS_SERVER_RECORD_RETAIN_H
#define TOOLS_SERVER_RECORD_RETAIN_H

#include <stdbool.h>

#include "control/retention.h"
#include "tools/server/record/ledger.h"

#define RETAIN_FORWARD_SIZE 65u

struct retain {
	const struct ledger_signer *signer; /* whose log */
	uint64_t before_ns;                 /* what the server had earlier goes */
	uint64_t made_ns;   /* now; what is said of this time is told from others by it */
	struct slice by;    /* who: of the note */
	bool is_regardless; /* of forwards */
	/* writes down, in the first transaction that lets something go, that this began; or NULL */
	int (*begun)(struct store *store, const struct retain *retain);

	/* Filled by retain_plan. */
	uint64_t first, end;                /* leaves that go: from `first` on, before `end` */
	uint64_t deliveries, leaves, bytes; /* that is; bytes as they lie in the database */
	char forward
		[RETAIN_FORWARD_SIZE]; /* that holds more up, since it does not have it; or "" */

	/* Filled by retain_some. */
	bool has_begun;
	struct retain_sum {
		uint64_t deliveries, leaves, bytes;
	} gone;
};

/* Looks at what would go. */
must_use int retain_plan(struct store *store, struct retain *retain);

/* Lets some of it go, in a transaction of its own.  1: there is more; 0: that was all, or a forward that
 * came meanwhile holds it up.  -EUCLEAN: what is here is not what the log has, and no note is signed over
 * that. */
must_use int retain_some(struct store *store, struct retain *retain);

/* Where retain_rest stands; zeroed at the beginning. */
struct retain_boots {
	int64_t source, number; /* of the boot that was looked at last */
	uint64_t count;         /* boots of which nothing is left */
};

/* Lets go of who acted and how it was judged in boots of which neither a delivery nor a statement is left,
 * in a transaction of its own; but not in a machine's newest boot while the machine is there, since what
 * runs there goes on referring to it.  1: there may be more; 0: that was all. */
must_use int retain_rest(struct store *store, const struct retain *retain,
			 struct retain_boots *boots);

#endif

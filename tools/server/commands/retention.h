/* SPDX-License-Identifier: MIT */
/* A retention from its beginning to its end: piece after piece, with time between them for what else the
 * server does, and its row in the audit table. */
#ifndef TOOLS_SERVER_COMMANDS_RETENTION_H
#define TOOLS_SERVER_COMMANDS_RETENTION_H

#include "tools/server/people/audit.h"
#include "tools/server/record/retain.h"

/* The first member is what retain_plan fills and its callers set. */
struct retention_run {
	struct retain retain; /* `begun` and `by` apart */
	struct audit_actor actor;
	const char *setting; /* the value of the setting that asked for it; NULL: the actor did */
	/* called between pieces; true ends it there; or NULL */
	bool (*is_over)(void *context, const struct retain *retain);
	void *context;
	uint64_t boots; /* filled: of which nothing is left */
};

/* Plans it, so that what would go can be told. */
must_use int retention_plan(struct store *store, struct retention_run *run);

/* Does what was planned, as far as nothing holds it up.  As retain_some fails. */
must_use int retention_do(struct store *store, struct retention_run *run);

#endif

/* SPDX-License-Identifier: MIT */
/* What waits for the server: the record's own files, less what the server is known to have. */
#ifndef TOOLS_CHAPERONE_SPOOL_H
#define TOOLS_CHAPERONE_SPOOL_H

#include "policy/engine/policy.h"
#include "tools/remote/deliver_parts.h"

struct spool {
	int folder;
	struct deliver_parts parts; /* in the order in which they were written */
	uint64_t waiting;           /* bytes */
};

#define SPOOL_NONE ((struct spool){ .folder = -1 })

/* Looks at the record in the folder `path`. */
must_use int spool_look(const char *path, struct spool *ret_spool);
void spool_done(struct spool *spool);

/* Bytes that may wait by this policy. */
uint64_t spool_bound(const struct policy *policy);

/* What one file lacks. */
uint64_t spool_waiting(const struct deliver_part *part);

/* Takes a file of which no agent writes any more, and no later one of its boot either, so that nobody
 * writes it or takes it away meanwhile.  -EBUSY, or -ENOENT when it is gone. */
must_use int spool_claim(const struct spool *spool, const struct deliver_part *part, int *ret_fd);

#endif

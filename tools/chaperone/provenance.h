/* SPDX-License-Identifier: MIT */
/* Who a process is and where it comes from: facts for the record, and the caller whom rules are
 * matched against. */
#ifndef TOOLS_CHAPERONE_PROVENANCE_H
#define TOOLS_CHAPERONE_PROVENANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "policy/engine/caller.h"
#include "tools/chaperone/fact_list.h"

#define PROVENANCE_PARENTS_MAX 8

struct provenance {
	pid_t pid;
	uint64_t start_ticks;  /* with the pid it names the process until the next boot */
	uid_t uid;             /* real */
	struct fact_list list; /* kernel facts observed, environment facts claimed */
	struct caller caller;  /* user, exe, groups, kind; values live in here */
};

/* Reads what /proc says about `pid` now.
 *
 * The kind: an agent when the environment of the process or of one of its nearest parents claims
 * one (claimed); otherwise, when its own environment could be read whole, a job under CI or a
 * person at a terminal (observed).  A claim of an AI agent takes these two away, because they
 * may grant.
 *
 * What cannot be read is left out and named by the fact "unreadable".  -ESRCH when the process
 * is gone, -EAGAIN when it became another program each time, -E2BIG when it has more groups than
 * a caller can hold.  Asks the name service for user and groups, which may take its time. */
must_use int provenance_read(pid_t pid, struct provenance **ret_provenance);

void provenance_free(struct provenance *provenance);
DEFINE_FREEP(struct provenance, provenance_freep, provenance_free)

#endif

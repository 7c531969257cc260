/* SPDX-License-Identifier: MIT */
/* Who talks to the server for an agent: chaperone-remote, as its children, so that nothing of the network is
 * in the process that judges.  One brings policies, which are on the disk and count when they were
 * read from there; one takes the record away, from the disk as well. */
#ifndef TOOLS_CHAPERONE_AGENT_COURIER_H
#define TOOLS_CHAPERONE_AGENT_COURIER_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/buf.h"

#define COURIER_LINE_MAX 1024u

struct agent;

enum courier_kind { COURIER_OF_POLICY, COURIER_OF_RECORD, COURIER_KINDS };

struct courier {
	struct agent *agent;
	enum courier_kind kind;
	pid_t pid; /* 0: there is none */
	int lines; /* what it says; -1: nothing */
	struct event *reading, *starting;
	struct buf line;
	bool is_failing; /* and that is noted */
};

/* Starts them in a second, so that what is over by then has no need of them, and again whenever one ends.
 * The agent's `word` is then the server's latest, and the agent ends when there is another policy. */
must_use int agent_couriers_start(struct agent *agent);
void agent_couriers_stop(struct agent *agent);

/* Delivers what is on record when its agents have ended, for `patience_ms` at most; what is left is
 * delivered with the next record in that folder. */
void courier_deliver_rest(const char *server_folder, const char *record_folder, int patience_ms);

#endif

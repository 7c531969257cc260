/* SPDX-License-Identifier: MIT */
/* Who talks to the server for an agent: chaperone-remote, as its child, so that nothing of the network is in the
 * process that judges.  What it brings is on the disk, and is believed when it was read from there. */
#ifndef TOOLS_CHAPERONE_AGENT_COURIER_H
#define TOOLS_CHAPERONE_AGENT_COURIER_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/buf.h"

#define COURIER_LINE_MAX 1024u

struct agent;

struct courier {
	pid_t pid; /* 0: there is none */
	int lines; /* what it says; -1: nothing */
	struct event *reading, *starting;
	struct buf line;
	bool is_failing; /* and that is noted */
};

#define COURIER_NONE                                                                               \
	{                                                                                          \
		.lines = -1, .line = BUF_MAX(COURIER_LINE_MAX)                                     \
	}

/* Starts it in a second, so that what is over by then has no need of it, and again whenever it ends.
 * The agent's `word` is then the server's latest, and the agent ends when there is another policy. */
must_use int agent_courier_start(struct agent *agent);
void agent_courier_stop(struct agent *agent);

#endif

/* SPDX-License-Identifier: MIT */
/* The way to the agent: where its socket is, a pool of connections to it, and what it handed to
 * this process. */
#ifndef SHIM_GATE_AGENT_H
#define SHIM_GATE_AGENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"
#include "common/ring.h"
#include "common/socket.h"

/* What one agent handed to this process.  Never freed: other threads may still write into an old
 * ring after the agent was replaced. */
struct attachment {
	struct ring ring;
	uint64_t process;
	uint32_t flags; /* WELCOME_* */
	uint64_t deadline_ns;
	/* of the process that it was made for: a forked child makes its own */
	uint32_t pid;
	char reason[512];            /* not empty: every statement is refused, and this is why */
	_Atomic uint64_t refused_ns; /* when that was said last */
};

/* How long a statement waits for an agent that does not answer, before one has said. */
#define AGENT_DEADLINE_DEFAULT_NS (2 * SECOND_NS)

/* The attachment in force, made when there is none (`client` goes into the record).  Waits at most
 * until `until_ns`.  NULL: no agent answers. */
const struct attachment *agent_attach(struct slice client, uint64_t until_ns);

/* The attachment in force, or NULL; never waits. */
const struct attachment *agent_current(void);

/* Declares the attachment void: its agent is gone.  The next agent_attach makes another. */
void agent_detach(const struct attachment *attachment);

/* Why there is no agent that judges, as far as that is known; else "". */
const char *agent_problem(void);

/* Sends `packet` and receives the answer into it, which must be of `expected` kind.  Negative errno
 * on failure; -ENOTCONN and -EPIPE mean that the agent is gone. */
must_use int agent_ask(struct packet *packet, uint16_t expected, uint64_t until_ns);

/* The same on a connection of its own, for where nothing may be allocated and no lock waited for:
 * signal handlers and children between fork and exec.  `packet` is one over an array (PACKET_OVER);
 * its answer is small. */
must_use int agent_ask_apart(struct packet *packet, uint16_t expected, uint64_t until_ns);

/* Sends `packet` without an answer; best effort. */
void agent_tell(struct packet *packet);

#endif

/* SPDX-License-Identifier: MIT */
/* What becomes of a record that has no room: as much as may waits for a server that is away, or the disk
 * is full.  A policy that goes on then (when-full: allow) lets the oldest go, boot by boot, so that what
 * is left can be read; each file that went has its note (common/record_gap.h) before it goes. */
#ifndef TOOLS_CHAPERONE_AGENT_SPOOL_H
#define TOOLS_CHAPERONE_AGENT_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/sha256.h"

struct agent;
struct judgement;

#define AGENT_SPOOL_EVERY_NS (1 * SECOND_NS)

struct agent_spool {
	uint64_t waiting;                /* bytes, at the last look; 0 without a server */
	unsigned char head[SHA256_SIZE]; /* of the agent's own record, then */
	bool is_over;                    /* as many wait as may */
};

/* Looks, and does what the policy says. */
void agent_spool_look(struct agent *agent);

/* As agent_spool_look, when what is under way is done: the disk has refused the record, and there must
 * be room in memory for the notes of what goes. */
void agent_spool_look_soon(struct agent *agent);

/* Whether each statement asks, and some are refused, until there is room. */
bool agent_spool_holds(const struct agent *agent);

/* Whether a statement that is allowed may not be sent, for want of room for what is recorded of it; and
 * then what its refusal says. */
bool agent_spool_refuses(const struct agent *agent, const struct judgement *judgement);
const struct denial *agent_spool_denial(const struct agent *agent);

#endif

/* SPDX-License-Identifier: MIT */
/* What an earlier agent said and could not write, beside the rings that it left. */
#ifndef TOOLS_CHAPERONE_AGENT_LEFTOVER_H
#define TOOLS_CHAPERONE_AGENT_LEFTOVER_H

#include "common/record_unwritten.h"
#include "tools/chaperone/agent.h"

struct leftover_key;

struct agent_leftover {
	struct record_leftover file;
	struct leftover_key *keys; /* of the agent's own entries, in order */
	size_t count;
	size_t missing; /* that are not on the record */
};

/* Reads the file `name` of the run's folder, and looks on the record for what it holds: an agent may
 * die after it wrote and before it could say so.  -EBADMSG when it is damaged or something else,
 * -EXDEV when the record does not know the agent whose it is. */
must_use int agent_leftover_look(const struct agent *agent, const char *name,
				 struct agent_leftover *ret_leftover);

/* Puts on the record, and on the disk, what is missing there. */
must_use int agent_leftover_put(struct agent *agent, struct agent_leftover *leftover);

/* Accepts zeroed memory. */
void agent_leftover_done(struct agent_leftover *leftover);

/* Takes up what earlier agents of this run left; again at the end, where the record did not take it
 * before. */
void agent_leftovers_adopt(struct agent *agent);

#endif

/* SPDX-License-Identifier: MIT */
/* The text of a call as the agent reads it. */
#ifndef TOOLS_CHAPERONE_AGENT_READING_H
#define TOOLS_CHAPERONE_AGENT_READING_H

#include "tools/chaperone/agent.h"

/* What the server may make of a text.  The facts count until the next call. */
struct readings {
	const struct facts *facts; /* NULL: there is no text */
	const struct facts *other; /* if it may read it otherwise */
	bool is_misreadable;
};

/* Why a text was not read. */
struct unread {
	int code; /* negative errno; 0: any other */
	const char *what, *why, *hint;
};
const struct unread *unread_because(int code);

/* Reads the text of a call, if it has one.  Under a policy that allows everything nothing is refused
 * for not being read; else the negative errno for unread_because.  `first` is the caller's room,
 * which the readings may point into. */
must_use int agent_read(struct agent *agent, const struct agent_connection *connection,
			const struct message_judge *ask, struct buf *first,
			struct readings *ret_readings);

/* The statement as the record shows it, without its literals: at most AGENT_SHAPE_SIZE bytes. */
#define AGENT_SHAPE_SIZE (4 * KIB + 16)
void agent_write_shape(const struct session *session, const struct message_judge *ask,
		       const struct readings *readings, struct buf *out);

#endif

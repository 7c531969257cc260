/* SPDX-License-Identifier: MIT */
/* How far a part of an agent's record has come to the server. */
#ifndef TOOLS_SERVER_RECORD_POSITION_H
#define TOOLS_SERVER_RECORD_POSITION_H

#include "common/record_walk.h"
#include "tools/server/record/sealed.h"

struct position {
	int64_t source;          /* stands for the agent; 0: it delivered nothing yet */
	bool is_begun;           /* something of the part is here */
	struct record_walk walk; /* behind what is here */
	struct sealed sealed;
};

/* That of a part of which nothing is here is its beginning. */
must_use int position_find(struct store *store, const char *agent, const char *part,
			   struct position *ret_position);

/* Gives the agent a number when it has none.  In a transaction. */
must_use int position_name_source(struct store *store, const char *agent,
				  struct position *position);

must_use int position_save(struct store *store, const char *part, const struct position *position);

#endif

/* SPDX-License-Identifier: MIT */
/* A judged connection to a live PostgreSQL: learned, judged, sent, masked, as agent and shim do
 * together. */
#ifndef TESTS_UNIT_LIVE_H
#define TESTS_UNIT_LIVE_H

#include "common/buf.h"
#include "policy/engine/judge.h"

struct pg_conn; /* PGconn */

struct live {
	const struct policy *policy;
	const struct caller *caller;
	struct pg_conn *connection;
	struct session *session;
};

must_use int live_open(struct live *live, const char *folder, const char *user,
		       const struct policy *policy, const struct caller *caller);
void live_close(struct live *live);

/* Learns the catalogue, or in an open transaction its own tables. */
must_use int live_learn(struct live *live);
must_use int live_learn_own(struct live *live);

/* Judges the text, and sends it when it is allowed; appends everything that the program would
 * see to `out`, rows masked by the plan. */
must_use int live_query(struct live *live, const char *sql, struct judgement *ret_judgement,
			struct buf *out);

#endif

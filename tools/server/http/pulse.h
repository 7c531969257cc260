/* SPDX-License-Identifier: MIT */
/* Whether the server can keep what it is sent: a thread writes to the database at intervals, so that
 * those who ask cost nothing and cannot make it write. */
#ifndef TOOLS_SERVER_HTTP_PULSE_H
#define TOOLS_SERVER_HTTP_PULSE_H

#include "common/clock.h"
#include "tools/server/store/data.h"
#include "tools/server/common/journal.h"
#include "tools/server/http/reply.h"
#include "tools/server/common/ticker.h"

#define PULSE_EVERY_NS (5 * SECOND_NS)
#define PULSE_LATE_NS  (30 * SECOND_NS) /* a beat that waits for others' writes takes 10 at most */
#define PULSE_ROOM_MIN (64 * MIB)       /* on the disk: what one delivery may become */

struct pulse {
	struct ticker ticker;
	const struct data *data;
	const char *name; /* the server's log's, which no other server has */
	struct journal *journal;
	struct store *store;
	pthread_mutex_t lock; /* of what follows */
	uint64_t beaten_ns;   /* monotonic */
	char why[REPLY_WHY_SIZE];
};

/* Begins, with a first beat before it returns; the others outlive it. */
must_use int pulse_start(struct pulse *pulse, const struct data *data, const char *name,
			 struct journal *journal, struct error *error);

/* Also of one that was not started, or not all of it. */
void pulse_stop(struct pulse *pulse);

/* Whether the last beat was one, and not long ago.  False: `ret_why` says why not. */
bool pulse_is_there(struct pulse *pulse, char ret_why[REPLY_WHY_SIZE]);

#endif

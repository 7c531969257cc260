/* SPDX-License-Identifier: MIT */
/* The record as people read it: pages, one event, notes, and counts for plots. */
#ifndef TOOLS_SERVER_API_EVENTS_H
#define TOOLS_SERVER_API_EVENTS_H

#include "tools/server/http/route.h"

#define EVENTS_WAIT_S 30u /* at most */

/* GET /v1/events: a page of the events that the arguments ask for, newest first, `next`, with which
 * ?cursor= goes on, and `after`, with which ?after= asks for what comes in from then on, in the order in
 * which it comes.  With Prefer: wait=SECONDS the latter is answered when there is something, or when that
 * time is over. */
int events_list(const struct request *request, struct reply *reply);

/* GET /v1/events/{agent}/{event}: all of one, and its place in the log with what proves it there. */
int events_show(const struct request *request, struct reply *reply);

/* GET /v1/notes */
int events_notes(const struct request *request, struct reply *reply);

/* GET /v1/statistics */
int events_statistics(const struct request *request, struct reply *reply);

#endif

/* SPDX-License-Identifier: MIT */
/* What an agent sent and should not have: remembered, one of each kind for an agent, however often it
 * comes. */
#ifndef TOOLS_SERVER_RECORD_ALARM_H
#define TOOLS_SERVER_RECORD_ALARM_H

#include "control/part.h"
#include "tools/command/report.h"
#include "tools/server/store/store.h"

/* Kinds, as the schema lists them. */
#define ALARM_FORK   "fork"   /* another record than the one that is here, or that it names */
#define ALARM_DAMAGE "damage" /* no record */
#define ALARM_SEAL   "seal"   /* not sealed with the machine's key of then */

struct alarm {
	const char *agent;
	const char *kind;
	struct part_name name;
	uint64_t place; /* in that part */
	const char *detail;
};

must_use int alarm_raise(struct store *store, const struct alarm *alarm);

/* Says each as a problem that nobody acknowledged as often as it has come. */
must_use int alarm_show(struct store *store, struct report *report);

#endif

/* SPDX-License-Identifier: MIT */
/* Which events a command is asked for, and the newest of them in order of time. */
#ifndef TOOLS_CHAPERONE_AUDIT_SELECT_H
#define TOOLS_CHAPERONE_AUDIT_SELECT_H

#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_events.h"

bool audit_is_selected(const struct audit_options *options, const struct audit_event *event);

/* The newest `limit` events that were given to it. */
struct audit_newest {
	struct audit_event *at;
	size_t limit;
	size_t capacity;
	size_t count;
	size_t oldest; /* once count == limit, where the next one goes */
};

must_use int audit_newest_add(struct audit_newest *newest, const struct audit_event *event);

/* Sorts by time; afterwards at[0] to at[count - 1] are in order, and nothing may be added. */
void audit_newest_sort(struct audit_newest *newest);
void audit_newest_done(struct audit_newest *newest);

#endif

/* SPDX-License-Identifier: MIT */
/* Events as OCSF 1.8 Datastore Activity (class 6005). */
#ifndef TOOLS_AUDIT_OCSF_H
#define TOOLS_AUDIT_OCSF_H

#include "common/buf.h"
#include "tools/audit/event.h"

/* What a server says of an event that it hands on. */
struct ocsf_carrier {
	const char *uid;      /* the event's among those of all machines, in place of its own */
	const char *provider; /* the server's name */
	uint64_t logged_ns;   /* when it had the event */
};

/* One JSON object without a line end; `carrier` is NULL for events of this machine.  Notes have no
 * place in the class: they are for the caller to leave out. */
void ocsf_add_event(struct buf *out, const struct audit_event *event,
		    const struct ocsf_carrier *carrier);

#endif

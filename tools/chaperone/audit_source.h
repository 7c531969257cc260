/* SPDX-License-Identifier: MIT */
/* Where the events come from that a command looks at: a local record, or an export of a server's, of which
 * only the chains are checked here (`audit verify` checks the rest). */
#ifndef TOOLS_CHAPERONE_AUDIT_SOURCE_H
#define TOOLS_CHAPERONE_AUDIT_SOURCE_H

#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_delivered.h"

struct audit_source {
	struct audit_events *events; /* one of the two */
	struct audit_delivered *delivered;
};

#define AUDIT_SOURCE_NONE                                                                          \
	{                                                                                          \
		.events = NULL                                                                     \
	}

/* Opens what the options name. */
must_use int audit_source_open(const struct audit_options *options, struct audit_source *ret_source,
			       struct error *error);
void audit_source_close(struct audit_source *source);

/* Gives all events; what they point to lives as long as the source. */
must_use int audit_source_read(struct audit_source *source, const struct audit_options *options,
			       audit_event_seen *seen, audit_complaint_seen *complaint,
			       void *context, struct error *error);

#endif

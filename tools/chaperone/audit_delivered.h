/* SPDX-License-Identifier: MIT */
/* The events of an export: what its machines delivered, joined for each of them. */
#ifndef TOOLS_CHAPERONE_AUDIT_DELIVERED_H
#define TOOLS_CHAPERONE_AUDIT_DELIVERED_H

#include "tools/chaperone/audit_events.h"
#include "tools/evidence/pieces.h"

struct audit_delivered;

/* NULL: out of memory. */
struct audit_delivered *audit_delivered_new(void);
void audit_delivered_free(struct audit_delivered *delivered);
DEFINE_FREEP(struct audit_delivered, audit_delivered_freep, audit_delivered_free)

/* Takes the entries of one piece. */
must_use int audit_delivered_take(struct audit_delivered *delivered,
				  const struct evidence_piece *piece, audit_event_seen *seen,
				  void *context);

/* Gives the events that are still open. */
must_use int audit_delivered_end(struct audit_delivered *delivered, audit_event_seen *seen,
				 void *context);

/* Both, for all of an export.  What `seen` gave, -EBADMSG for what is no export. */
must_use int audit_delivered_read(struct audit_delivered *delivered, const char *path,
				  audit_event_seen *seen, void *context, struct error *error);

/* Where an event's batch is, as its `file` says it: "AGENT/PART". */
must_use int audit_delivered_place(const struct audit_event *event, struct slice *ret_agent,
				   struct part_name *ret_name);

#endif
